//! Where an answer may be sent: exact addresses, with the one exception for programs on the person's own machine.

/// The longest redirect address that is looked at.
const MAX_REDIRECT: usize = 2048;

/// The host of an address on the person's own machine, and what stands behind the port; nothing for any other address.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"))?;
    let host = ["localhost", "127.0.0.1", "[::1]"].into_iter().find(|host| rest.starts_with(host))?;
    let rest = &rest[host.len()..];
    let rest = match rest.strip_prefix(':') {
        Some(port) => {
            let end = port.find(['/', '?']).unwrap_or(port.len());
            let digits = &port[..end];
            let port_is_one =
                digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok();
            if !port_is_one {
                return None;
            }
            &port[end..]
        }
        None => rest,
    };
    let rest = if rest.is_empty() { "/" } else { rest };
    rest.starts_with(['/', '?']).then_some((host, rest))
}

/// May an answer go to `asked`? It must be one of the registered addresses to the letter; of a loopback address over plain
/// HTTP, which programs open where a port is free, the port does not count (RFC 8252, section 7.3). `any_loopback` admits
/// every address on the person's own machine. Fragments and user names are never admitted.
pub(super) fn admits(registered: &[String], any_loopback: bool, asked: &str) -> bool {
    let plain = asked.len() <= MAX_REDIRECT
        && asked.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '#' | '\\' | '"' | '<' | '>' | '`'));
    if !plain || has_user(asked) {
        return false;
    }
    if registered.iter().any(|known| known == asked) {
        return true;
    }
    let Some(here) = loopback(asked) else { return false };
    let plain_http = |uri: &str| uri.starts_with("http://");
    let same = |known: &String| plain_http(known) && plain_http(asked) && loopback(known) == Some(here);
    any_loopback || registered.iter().any(same)
}

/// Does the authority of an address contain a user name?
fn has_user(uri: &str) -> bool {
    let Some((_, rest)) = uri.split_once("://") else { return false };
    rest.split(['/', '?']).next().is_some_and(|authority| authority.contains('@'))
}

/// Percent-encodes one part of a query or fragment.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// `name=value&…`, percent-encoded.
pub(super) fn query(parameters: &[(&'static str, String)]) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(list: &[&str]) -> Vec<String> {
        list.iter().map(|uri| (*uri).to_owned()).collect()
    }

    #[test]
    fn an_address_must_be_registered_to_the_letter() {
        let registered = known(&["https://app.example/cb", "https://app.example/cb?x=1"]);
        assert!(admits(&registered, false, "https://app.example/cb"));
        assert!(admits(&registered, false, "https://app.example/cb?x=1"));
        for bad in [
            "",
            "https://app.example",
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://app.example/cb?x=2",
            "https://app.example/cb#",
            "https://app.example/cb#x",
            "https://app.example:443/cb",
            "HTTPS://app.example/cb",
            "http://app.example/cb",
            "https://app.example.evil.example/cb",
            "https://app.example@evil.example/cb",
            "https://app.example/cb/../evil",
            "https://app.example\\@evil.example/cb",
            "https://app.example/cb ",
            "https://app.example/\r\ncb",
            "javascript:alert(1)",
            "//app.example/cb",
        ] {
            assert!(!admits(&registered, false, bad), "{bad:?}");
            assert!(!admits(&registered, true, bad), "{bad:?}");
        }
        let long = format!("https://app.example/{}", "a".repeat(2048));
        assert!(!admits(&known(&[&long]), false, &long));
    }

    #[test]
    fn only_the_port_of_a_loopback_address_is_free() {
        let registered = known(&["http://localhost", "http://127.0.0.1/cb", "http://[::1]:1/x?y"]);
        for good in [
            "http://localhost",
            "http://localhost/",
            "http://localhost:8400",
            "http://localhost:8400/",
            "http://127.0.0.1:65535/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:2/x?y",
        ] {
            assert!(admits(&registered, false, good), "{good}");
        }
        for bad in [
            "http://localhost:8400/cb",
            "http://localhost:65536/",
            "http://localhost:/",
            "http://localhost:80a/",
            "http://localhost:+80/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "http://localhost:1@evil.example/",
            "http://127.0.0.1:8400/",
            "http://127.0.0.2/cb",
            "http://[::1]:2/x",
            "https://localhost:8400/",
            "http://localhost:8400/#",
            "http://user@localhost/",
        ] {
            assert!(!admits(&registered, false, bad), "{bad}");
        }
    }

    #[test]
    fn a_demonstration_app_may_use_any_address_on_the_same_machine_and_no_other() {
        for good in ["http://localhost:3000/cb", "https://127.0.0.1:8/a?b=c", "http://[::1]/"] {
            assert!(admits(&[], true, good), "{good}");
            assert!(!admits(&[], false, good), "{good}");
        }
        for bad in [
            "https://evil.example/",
            "http://localhost.evil.example",
            "http://localhost:x/",
            "http://localhost:1@evil.example/",
            "http://[::1].evil.example/",
        ] {
            assert!(!admits(&[], true, bad), "{bad}");
        }
    }
}
