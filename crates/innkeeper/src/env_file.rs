//! What the demonstration writes down for scripts: shell assignments.

use service::DemoWorld;
use std::path::Path;

/// Quotes a value so that a shell takes it as it is.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word for a shell, quoted only where it has to be: for people to read.
pub fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:@+".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { quote(text) }
}

/// The whole file, one assignment per line.
pub fn render(world: &DemoWorld, base_url: &str, ca: &Path) -> String {
    let secret = |secret: &Option<String>| secret.clone().unwrap_or_default();
    let assignments: [(&str, String); 23] = [
        ("BASE_URL", base_url.to_owned()),
        ("AUTHORITY", base_url.to_owned()),
        ("CA_FILE", ca.display().to_string()),
        ("METRICS_URL", String::new()),
        ("TENANT_ID", world.tenant_id.to_string()),
        ("TENANT_DOMAIN", world.tenant_domain.clone()),
        ("CLIENT_ID", world.client.id.to_string()),
        ("CLIENT_SECRET", secret(&world.client.secret)),
        ("READER_CLIENT_ID", world.reader.id.to_string()),
        ("READER_CLIENT_SECRET", secret(&world.reader.secret)),
        ("PUBLIC_CLIENT_ID", world.public.id.to_string()),
        ("ADMIN_USERNAME", world.admin.user_name.clone()),
        ("ADMIN_PASSWORD", world.admin.password.clone()),
        ("GUEST_USERNAME", world.guest.user_name.clone()),
        ("GUEST_PASSWORD", world.guest.password.clone()),
        ("GUEST_ID", world.guest_id.to_string()),
        ("HOME_TENANT_ID", world.home_tenant_id.to_string()),
        ("HOME_ADMIN_USERNAME", world.home_admin.user_name.clone()),
        ("HOME_ADMIN_PASSWORD", world.home_admin.password.clone()),
        ("LOCKED_TENANT_ID", world.locked_tenant_id.to_string()),
        ("LOCKED_TENANT_NAME", world.locked_tenant_name.clone()),
        ("LOCKED_PRIVACY_CONTACT", world.locked_privacy_contact.clone()),
        ("PERSONAL_USERNAME", world.personal_user_name.clone()),
    ];
    assignments.iter().map(|(name, value)| format!("{name}={}\n", quote(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::process::Command;

    fn world() -> DemoWorld {
        let id = |n: u8| format!("00000000-0000-4000-8000-0000000000{n:02}");
        let app = |n, secret: Value| json!({ "id": id(n), "secret": secret });
        let person = |name: &str| json!({ "user_name": name, "password": format!("{name}'s $ecret") });
        serde_json::from_value(json!({
            "tenant_id": id(1),
            "tenant_domain": "contoso.example",
            "client": app(2, json!("one")),
            "reader": app(3, json!("two")),
            "public": app(4, Value::Null),
            "admin": person("admin"),
            "guest": person("guest"),
            "guest_id": id(5),
            "home_tenant_id": id(6),
            "home_admin": person("home"),
            "locked_tenant_id": id(7),
            "locked_tenant_name": "Wood & Grove",
            "locked_privacy_contact": "privacy@woodgrove.example",
            "personal_user_name": "pat@mailbox.example",
            "administrators": [],
        }))
        .unwrap()
    }

    #[test]
    fn the_file_has_every_name_once_in_order_and_a_shell_takes_it() {
        let file = render(&world(), "https://localhost:8443", Path::new("/tmp/it's/ca.pem"));
        let names: Vec<&str> =
            file.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        let wanted = "BASE_URL AUTHORITY CA_FILE METRICS_URL TENANT_ID TENANT_DOMAIN CLIENT_ID CLIENT_SECRET \
                      READER_CLIENT_ID READER_CLIENT_SECRET PUBLIC_CLIENT_ID ADMIN_USERNAME ADMIN_PASSWORD \
                      GUEST_USERNAME GUEST_PASSWORD GUEST_ID HOME_TENANT_ID HOME_ADMIN_USERNAME HOME_ADMIN_PASSWORD \
                      LOCKED_TENANT_ID LOCKED_TENANT_NAME LOCKED_PRIVACY_CONTACT PERSONAL_USERNAME";
        assert_eq!(names, wanted.split_whitespace().collect::<Vec<_>>());
        let script = format!(
            "set -eu\n{file}printf '%s|' \"$CA_FILE\" \"$METRICS_URL\" \"$ADMIN_PASSWORD\" \"$LOCKED_TENANT_NAME\""
        );
        let answer = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(
            String::from_utf8(answer.stdout).unwrap(),
            "/tmp/it's/ca.pem||admin's $ecret|Wood & Grove|"
        );
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in [
            "",
            "plain",
            "it's",
            "''",
            "a b\tc\nd",
            "$HOME `id` $(id) \\ \" ! * ? ~ #;&|<>",
            "\\'",
            "ünïcode",
            "-n",
        ] {
            for quoted in [quote(text), word(text)] {
                let script = format!("VALUE={quoted}; printf %s \"$VALUE\"");
                let answer = Command::new("sh").arg("-c").arg(script).output().unwrap();
                assert_eq!(String::from_utf8(answer.stdout).unwrap(), text);
            }
        }
    }
}
