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
    use std::process::Command;

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
