//! Mails in words: paragraphs in the language of their reader, from the files that hold the texts of the pages. One source for
//! both forms: the HTML is made of the same paragraphs.

use crate::pages::i18n::Texts;
use service::{Letter, Mail, Message};

enum Part {
    /// A paragraph.
    Text(String),
    /// What the inviter wrote.
    Quote(String),
    /// A link on a line of its own, and what it is called.
    Link { url: String, name: String },
    /// A passcode.
    Code(String),
}

/// Words a mail.
pub fn letter(mail: &Mail) -> Letter {
    worded(mail, Texts::nearest(&mail.language))
}

/// The same in one language.
pub(crate) fn worded(mail: &Mail, texts: Texts) -> Letter {
    let (subject, parts) = match &mail.message {
        Message::Invitation { organization, invited_by, message, link } => {
            let invited = match invited_by {
                Some(person) => {
                    texts.t2("mail-invitation-by-person", ("person", person), ("organization", organization))
                }
                None => texts.t1("mail-invitation-by-organization", "organization", organization),
            };
            let mut parts = vec![Part::Text(invited)];
            parts.extend(message.clone().map(Part::Quote));
            parts.push(Part::Text(texts.t("mail-invitation-caution")));
            parts.push(Part::Link { url: link.clone(), name: texts.t("mail-invitation-link") });
            parts.push(Part::Text(texts.t("mail-invitation-private")));
            (texts.t1("mail-invitation-subject", "organization", organization), parts)
        }
        Message::InvitationCopy { organization, address, message } => {
            let about = [("organization", organization), ("address", address)];
            let mut parts = vec![Part::Text(texts.t2("mail-copy-invited", about[0], about[1]))];
            parts.extend(message.clone().map(Part::Quote));
            parts.push(Part::Text(texts.t1("mail-copy-nothing-to-do", "address", address)));
            (texts.t2("mail-copy-subject", about[0], about[1]), parts)
        }
        Message::Passcode { code, minutes } => {
            let minutes = u64::try_from(*minutes).unwrap_or_default();
            let parts = vec![
                Part::Text(texts.t("mail-passcode-intro")),
                Part::Code(code.clone()),
                Part::Text(texts.t1("mail-passcode-life", "minutes", minutes)),
                Part::Text(texts.t("mail-passcode-caution")),
            ];
            (texts.t("mail-passcode-subject"), parts)
        }
    };
    let subject: String = subject.chars().filter(|c| !c.is_control()).take(200).collect();
    let html = html(texts.tag(), &subject, &parts);
    Letter { to: mail.to.clone(), html, text: text(&parts), subject }
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
        letter(&Mail {
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
        for language in Texts::all().map(Texts::tag).chain(["zh", "de", ""]) {
            let letter = invitation(language, "Contoso");
            for part in ["Contoso", "Megan", "ticket=a.b"] {
                assert!(letter.text.contains(part) && letter.html.contains(part), "{language}: {part}");
            }
            let tag = Texts::nearest(language).tag();
            assert!(letter.html.contains(&format!("lang=\"{tag}\"")), "{language}");
        }
    }

    #[test]
    fn a_copy_has_no_link() {
        for language in Texts::all().map(Texts::tag) {
            let copy = letter(&Mail {
                to: "boss@fabrikam.example".to_owned(),
                language: language.to_owned(),
                message: Message::InvitationCopy {
                    organization: "Contoso".to_owned(),
                    address: "ana@fabrikam.example".to_owned(),
                    message: Some("Hello".to_owned()),
                },
            });
            assert!(
                copy.text.contains("ana@fabrikam.example") && copy.text.contains("> Hello"),
                "{language}"
            );
            assert!(!copy.text.contains("http") && !copy.html.contains("href"), "{language}");
        }
    }

    #[test]
    fn names_and_messages_are_text_and_cannot_make_a_header() {
        let letter = invitation("en", "<img src=x>\r\nBcc: all@evil.example");
        assert!(!letter.html.contains("<img") && !letter.html.contains("<b>Ana"));
        assert!(!letter.subject.contains(['\r', '\n']));
    }
}
