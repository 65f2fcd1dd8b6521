use crate::support::{ELSEWHERE, cases, object};
use model::{
    Home, Person, Random, Span, Timestamp, domain_of, fold, is_https_or_mailto, is_plain_address,
    mint_ordered_uuid,
};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU8, Ordering};

#[test]
fn times_are_written_in_the_forms_of_the_contract() {
    let at = Timestamp::from_micros(1_735_293_679_579_674);
    assert_eq!(at.to_graph(), "2024-12-27T10:01:19Z");
    assert_eq!(at.to_graph_audit(), "2024-12-27T10:01:19.5796740Z");
    assert_eq!(at.to_graph_error(), "2024-12-27T10:01:19");
    assert_eq!(at.to_oauth_error(), "2024-12-27 10:01:19Z");
    assert_eq!(at.to_string(), at.to_graph());
    assert_eq!(Timestamp::EPOCH.to_graph_audit(), "1970-01-01T00:00:00.0000000Z");
}

#[test]
fn times_before_the_epoch_and_at_the_ends_of_the_calendar_are_written_too() {
    assert_eq!(Timestamp::from_micros(-1).to_graph_audit(), "1969-12-31T23:59:59.9999990Z");
    assert_eq!(Timestamp::from_micros(-500_000).to_graph(), "1969-12-31T23:59:59Z");
    assert_eq!(Timestamp::from_micros(i64::MAX).to_graph(), "9999-12-30T22:00:00Z");
    assert_eq!(Timestamp::from_micros(i64::MIN).to_graph(), "0000-01-01T00:00:00Z");
    assert_eq!(Timestamp::from_micros(i64::MAX) + Span::days(1), Timestamp::from_micros(i64::MAX));
}

/// Each fill is less than the one before, so that only the time can put an id first.
struct Falling(AtomicU8);

impl Random for Falling {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_sub(1, Ordering::Relaxed));
    }
}

#[test]
fn ids_in_the_order_of_time_sort_by_it_and_are_told_apart_within_a_millisecond() {
    let random = Falling(AtomicU8::new(u8::MAX));
    let at = [-1, 0, 1_000, 1_735_293_679_579_000, 1_735_293_679_580_000].map(Timestamp::from_micros);
    let ids = at.map(|at| mint_ordered_uuid(&random, at));
    assert!(ids[1..].is_sorted(), "{ids:?}");
    assert_ne!(ids[0], ids[1], "the same moment, as far as an id can tell");
    assert!(ids.iter().all(|id| id.get_version_num() == 7), "{ids:?}");
    assert!(ids[3].to_string().starts_with("01940790-37db-7"), "{ids:?}");
}

#[test]
fn addresses_of_pages_are_https_or_mailto_without_tricks() {
    for good in [
        "https://contoso.example/privacy",
        "https://contoso.example/privacy?lang=en#contact",
        "mailto:privacy@contoso.example",
    ] {
        assert!(is_https_or_mailto(good), "{good}");
    }
    for bad in [
        "",
        "https://",
        "mailto:",
        "http://contoso.example",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " https://contoso.example",
        "data:text/html,x",
        "vbscript:x",
        "//contoso.example",
        "/privacy",
        "https://contoso.example/a b",
        "https://contoso.example/\"onclick=x",
        "https://contoso.example/'x",
        "https://contoso.example/<b>",
        "https://contoso.example/`x",
        "https://contoso.example\\@evil.example",
        "https://contoso.example/\u{0}",
        "https://contoso.example/\t",
        "https://contoso.example/\r\nSet-Cookie: a=b",
        "https://contoso.example/\u{7f}",
        "https://cont\u{202e}oso.example",
        "https://contos\u{f6}.example",
    ] {
        assert!(!is_https_or_mailto(bad), "{bad:?}");
    }
    assert!(!is_https_or_mailto(&format!("https://contoso.example/{}", "a".repeat(2048))));
}

#[test]
fn mail_addresses_are_plain() {
    for good in ["ana@fabrikam.com", "a.b+c@sub.fabrikam.com", "o-k_1@x.y"] {
        assert!(is_plain_address(good), "{good}");
    }
    for bad in [
        "",
        "ana",
        "@fabrikam.com",
        "ana@",
        "ana@fabrikam",
        "ana@fabrikam.",
        "ana@.com",
        "ana@fabri..kam",
        "ana@b@fabrikam.com",
        "ana b@fabrikam.com",
        "ana@fabri kam.com",
        "ana@fabrikam.com\r\nBcc: x@y.z",
        "\"ana\"@fabrikam.com",
        "<ana@fabrikam.com>",
        "ana,bob@fabrikam.com",
        "ana;bob@fabrikam.com",
        "ana@[127.0.0.1]",
        "ana\u{0}@fabrikam.com",
    ] {
        assert!(!is_plain_address(bad), "{bad:?}");
    }
    assert!(!is_plain_address(&format!("{}@fabrikam.com", "a".repeat(250))));
    assert!(!is_plain_address(&format!("a@{}.com", "a".repeat(64))));
}

#[test]
fn an_account_at_home_has_no_key_and_nonsense_is_no_key() {
    assert_eq!(Home::Here.key(), None);
    assert_eq!(Home::from_key(None), Some(Home::Here));
    for nonsense in ["", "member", "member:", "member:a:b", "here:", "other:x", "MAILBOX:x"] {
        assert_eq!(Home::from_key(Some(nonsense)), None, "{nonsense}");
        assert_eq!(Person::from_key(nonsense), None, "{nonsense}");
    }
    assert_eq!(
        Person::from_key("invited:ana@fabrikam.com"),
        None,
        "nobody has proved to be the invited person"
    );
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_time_is_read_back_from_rfc_3339(micros in -62_167_219_200_000_000_i64..=253_402_207_200_000_000) {
        let at = Timestamp::from_micros(micros);
        prop_assert_eq!(at.to_graph_audit().parse::<Timestamp>().unwrap(), at);
        prop_assert_eq!(at.to_graph().parse::<Timestamp>().unwrap(), Timestamp::from_seconds(at.as_seconds()));
        prop_assert_eq!(at.to_graph().len(), 20);
        prop_assert_eq!(at.to_graph_audit().len(), 28);
    }

    #[test]
    fn time_arithmetic_never_overflows(a in any::<i64>(), b in any::<i64>(), span in any::<i64>()) {
        let (a, b) = (Timestamp::from_micros(a), Timestamp::from_micros(b));
        prop_assert!(a.since(b) >= Span::ZERO);
        prop_assert!(Span::micros(span).since(a.since(b)) >= Span::ZERO);
        prop_assert_eq!((a + Span::micros(span)).to_graph().len(), 20);
        prop_assert_eq!((a - Span::micros(span)).to_graph().len(), 20);
    }

    #[test]
    fn folding_ends_after_one_step_and_ignores_letter_case(text in any::<String>(), ascii in "[ -~]{0,40}") {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
        prop_assert_eq!(fold(&ascii.to_uppercase()), fold(&ascii));
        prop_assert_eq!(fold(&format!(" \t{ascii}\n")), fold(&ascii));
    }

    #[test]
    fn a_page_address_never_holds_what_breaks_out_of_markup(url in "(https://|mailto:|javascript:|data:)?.{0,20}") {
        if is_https_or_mailto(&url) {
            prop_assert!(url.starts_with("https://") || url.starts_with("mailto:"));
            prop_assert!(url.bytes().all(|b| (0x21..0x7f).contains(&b) && !b"\"'<>`\\".contains(&b)));
        }
    }

    #[test]
    fn a_plain_address_has_one_at_sign_and_a_domain(address in "[a-zA-Z@. \"<>,;:\u{0}-\u{1f}]{0,20}") {
        if is_plain_address(&address) {
            prop_assert_eq!(address.matches('@').count(), 1);
            prop_assert!(!address.chars().any(|c| c.is_control() || c.is_whitespace()));
            prop_assert!(domain_of(&address).is_some_and(|domain| domain.contains('.')));
        }
    }

    #[test]
    fn homes_and_people_are_read_back_from_their_keys(id in any::<u128>(), address in "\\PC{0,30}") {
        let tenant = Home::Tenant { tenant: ELSEWHERE, object: object(id) };
        let mailbox = Home::Mailbox { address: address.clone() };
        let invited = Home::Invited { address: address.clone() };
        for home in [Home::Here, tenant, mailbox, invited] {
            prop_assert_eq!(Home::from_key(home.key().as_deref()), Some(home));
        }
        for person in [Person::Member { tenant: ELSEWHERE, object: object(id) }, Person::Mailbox { address }] {
            prop_assert_eq!(Some(person.key()), person.home().key());
            prop_assert_eq!(Person::from_key(&person.key()), Some(person));
        }
    }
}
