//! What mails say, in English and in Simplified Chinese. One source for both forms: paragraphs, the HTML is made of them.

use super::{Mail, Message};
use crate::outside::Letter;

enum Part {
    /// A paragraph.
    Text(String),
    /// What the inviter wrote.
    Quote(String),
    /// A link on a line of its own, and what it is called.
    Link { url: String, name: &'static str },
    /// A passcode.
    Code(String),
}

pub(super) fn write(mail: &Mail) -> Letter {
    let chinese = mail.language.to_ascii_lowercase().starts_with("zh");
    let (subject, parts) = if chinese { chinese_parts(&mail.message) } else { english(&mail.message) };
    let subject: String = subject.chars().filter(|c| !c.is_control()).take(200).collect();
    let tag = if chinese { "zh-CN" } else { "en" };
    Letter { to: mail.to.clone(), html: html(tag, &subject, &parts), text: text(&parts), subject }
}

fn english(message: &Message) -> (String, Vec<Part>) {
    match message {
        Message::Invitation { organization, invited_by, message, link } => {
            let who = match invited_by {
                Some(person) => format!("{person} invites you to work with {organization} as a guest."),
                None => format!("{organization} invites you to work with it as a guest."),
            };
            let mut parts = vec![Part::Text(who)];
            parts.extend(message.clone().map(Part::Quote));
            parts.push(Part::Text(
                "Accept only if you know the organization and expected this invitation. You see what it asks for before you accept."
                    .to_owned(),
            ));
            parts.push(Part::Link { url: link.clone(), name: "Review the invitation" });
            parts.push(Part::Text(
                "The link is for you alone: do not pass it on. If you ignore this message, you hear no more of it."
                    .to_owned(),
            ));
            (format!("{organization} invites you"), parts)
        }
        Message::Passcode { code, minutes } => (
            "Your passcode".to_owned(),
            vec![
                Part::Text("This is the passcode to sign in with:".to_owned()),
                Part::Code(code.clone()),
                Part::Text(format!("It can be used once, within {minutes} minutes.")),
                Part::Text(
                    "Nobody who is in the right asks you for it. If you did not want to sign in, ignore this message."
                        .to_owned(),
                ),
            ],
        ),
    }
}

fn chinese_parts(message: &Message) -> (String, Vec<Part>) {
    match message {
        Message::Invitation { organization, invited_by, message, link } => {
            let who = match invited_by {
                Some(person) => format!("{person} 邀请你以来宾身份与 {organization} 协作。"),
                None => format!("{organization} 邀请你以来宾身份与其协作。"),
            };
            let mut parts = vec![Part::Text(who)];
            parts.extend(message.clone().map(Part::Quote));
            parts.push(Part::Text(
                "请仅在你了解该组织且预期会收到此邀请时才接受。接受之前，你会看到它请求的内容。".to_owned(),
            ));
            parts.push(Part::Link { url: link.clone(), name: "查看邀请" });
            parts.push(Part::Text(
                "此链接仅供你本人使用，请勿转发。如果忽略此邮件，你不会再收到相关消息。".to_owned(),
            ));
            (format!("{organization} 邀请你"), parts)
        }
        Message::Passcode { code, minutes } => (
            "你的一次性密码".to_owned(),
            vec![
                Part::Text("请使用以下一次性密码登录：".to_owned()),
                Part::Code(code.clone()),
                Part::Text(format!("它只能使用一次，并在 {minutes} 分钟内有效。")),
                Part::Text("任何合法人员都不会向你索要它。如果你没有尝试登录，请忽略此邮件。".to_owned()),
            ],
        ),
    }
}

fn text(parts: &[Part]) -> String {
    let paragraphs: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Quote(text) => text.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n"),
            Part::Link { url, name } => format!("{name}:\n{url}"),
            Part::Code(code) => format!("    {code}"),
        })
        .collect();
    format!("{}\n", paragraphs.join("\n\n"))
}

fn html(tag: &str, subject: &str, parts: &[Part]) -> String {
    let body: String = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => format!("<p>{}</p>\n", escaped(text)),
            Part::Quote(text) => format!(
                "<blockquote>{}</blockquote>\n",
                text.lines().map(escaped).collect::<Vec<_>>().join("<br>")
            ),
            Part::Link { url, name } => {
                format!("<p><a href=\"{}\">{}</a></p>\n", escaped(url), escaped(name))
            }
            Part::Code(code) => format!("<p><strong>{}</strong></p>\n", escaped(code)),
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{body}</body>\n</html>\n",
        escaped(subject)
    )
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(language: &str, organization: &str) -> Letter {
        write(&Mail {
            to: "ana@fabrikam.example".to_owned(),
            language: language.to_owned(),
            message: Message::Invitation {
                organization: organization.to_owned(),
                invited_by: Some("Megan".to_owned()),
                message: Some("Hello\n<b>Ana</b>".to_owned()),
                link: "https://localhost:8443/invitations/redeem?ticket=a.b".to_owned(),
            },
        })
    }

    #[test]
    fn each_language_says_everything_in_both_forms() {
        for language in ["en", "zh-CN", "zh", "de"] {
            let letter = invitation(language, "Contoso");
            for part in ["Contoso", "Megan", "ticket=a.b"] {
                assert!(letter.text.contains(part) && letter.html.contains(part), "{language}: {part}");
            }
        }
        assert!(invitation("zh-CN", "Contoso").html.contains("lang=\"zh-CN\""));
        assert!(invitation("de", "Contoso").html.contains("lang=\"en\""));
    }

    #[test]
    fn names_and_messages_are_text_and_cannot_make_a_header() {
        let letter = invitation("en", "<img src=x>\r\nBcc: all@evil.example");
        assert!(!letter.html.contains("<img") && !letter.html.contains("<b>Ana"));
        assert!(!letter.subject.contains(['\r', '\n']));
    }
}
