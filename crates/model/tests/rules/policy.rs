use model::policy::{Change, ExternalIdentitiesPolicyPatch as Patch, Outcome, decide, may_set_privacy};
use model::{ErrorKind, ExternalIdentitiesPolicy as Policy, PrivacyProfile, Result};

type Rule = fn(&Policy, &PrivacyProfile, &Patch) -> Result<Outcome>;

fn privacy(contact: Option<&str>, statement: Option<&str>) -> PrivacyProfile {
    PrivacyProfile { contact_email: contact.map(str::to_owned), statement_url: statement.map(str::to_owned) }
}

const CONTACT: Option<&str> = Some("privacy@contoso.example");
const STATEMENT: Option<&str> = Some("https://contoso.example/privacy");

/// Every profile with a note whether it is complete.
fn profiles() -> [(PrivacyProfile, bool); 7] {
    [
        (privacy(None, None), false),
        (privacy(CONTACT, None), false),
        (privacy(None, STATEMENT), false),
        (privacy(CONTACT, STATEMENT), true),
        (privacy(Some(""), STATEMENT), false),
        (privacy(CONTACT, Some("")), false),
        (privacy(CONTACT, Some("  ")), false),
    ]
}

/// What the first wrong answer of a rule is, over every state, profile and patch.
fn fault(rule: Rule) -> Option<String> {
    const SETTINGS: [Option<bool>; 3] = [None, Some(false), Some(true)];
    for (allow_leave, allow_removal) in [(false, false), (false, true), (true, false), (true, true)] {
        let policy = Policy { allow_leave, allow_removal, version: 41 };
        for (privacy, complete) in profiles() {
            for leave in SETTINGS {
                for removal in SETTINGS {
                    let patch = Patch { allow_leave: leave, allow_removal: removal };
                    let answer = rule(&policy, &privacy, &patch);
                    if let Err(why) = check(&policy, complete, &patch, answer) {
                        return Some(format!("{why}: {policy:?} {privacy:?} {patch:?}"));
                    }
                }
            }
        }
    }
    None
}

fn check(
    policy: &Policy,
    complete: bool,
    patch: &Patch,
    answer: Result<Outcome>,
) -> std::result::Result<(), &'static str> {
    if patch.allow_leave == Some(false) && !complete {
        return match answer {
            Err(error) if error.kind() == ErrorKind::BadRequest => Ok(()),
            _ => Err("leaving may be switched off only with both privacy fields"),
        };
    }
    let wanted = (
        patch.allow_leave.unwrap_or(policy.allow_leave),
        patch.allow_removal.unwrap_or(policy.allow_removal),
    );
    let same = wanted == (policy.allow_leave, policy.allow_removal);
    match answer {
        Err(_) => Err("nothing else is refused"),
        Ok(Outcome::Unchanged) if same => Ok(()),
        Ok(Outcome::Unchanged) => Err("a change was lost"),
        Ok(Outcome::Changed(..)) if same => Err("a change of nothing is no change"),
        Ok(Outcome::Changed(next, _)) if next.version != policy.version + 1 => {
            Err("the version grows by exactly one")
        }
        Ok(Outcome::Changed(next, _)) if (next.allow_leave, next.allow_removal) != wanted => {
            Err("only the named properties change, and they do")
        }
        Ok(Outcome::Changed(_, changes)) => {
            let expected: Vec<Change> = [
                ("allowExternalIdentitiesToLeave", policy.allow_leave, wanted.0),
                ("allowDeletedIdentitiesDataRemoval", policy.allow_removal, wanted.1),
            ]
            .into_iter()
            .filter(|(_, old, new)| old != new)
            .map(|(property, old, new)| Change { property, old, new })
            .collect();
            if changes == expected { Ok(()) } else { Err("the list of changes is exact") }
        }
    }
}

#[test]
fn every_patch_of_every_state_comes_to_what_the_contract_says() {
    assert_eq!(fault(decide), None);
}

#[test]
fn a_rule_with_one_mistake_is_caught() {
    let mutants: [(&str, Rule); 5] = [
        ("one privacy field is enough", |policy, privacy, patch| {
            let mut filled = privacy.clone();
            if privacy.contact_email.is_some() {
                filled.statement_url.get_or_insert_with(|| "https://x".to_owned());
            }
            decide(policy, &filled, patch)
        }),
        ("what is absent falls back to the default", |policy, privacy, patch| {
            let patch = Patch { allow_leave: patch.allow_leave.or(Some(true)), ..patch.clone() };
            decide(policy, privacy, &patch)
        }),
        ("a change of nothing grows the version", |policy, privacy, patch| {
            Ok(match decide(policy, privacy, patch)? {
                Outcome::Unchanged => {
                    Outcome::Changed(Policy { version: policy.version + 1, ..*policy }, Vec::new())
                }
                changed => changed,
            })
        }),
        ("true needs a privacy profile too", |policy, privacy, patch| {
            let stricter = patch.allow_leave.map(|_| false);
            decide(policy, privacy, &Patch { allow_leave: stricter, ..patch.clone() })?;
            decide(policy, privacy, patch)
        }),
        ("the version stays", |policy, privacy, patch| {
            Ok(match decide(policy, privacy, patch)? {
                Outcome::Changed(next, changes) => {
                    Outcome::Changed(Policy { version: policy.version, ..next }, changes)
                }
                Outcome::Unchanged => Outcome::Unchanged,
            })
        }),
    ];
    for (mistake, rule) in mutants {
        assert!(fault(rule).is_some(), "not caught: {mistake}");
    }
}

#[test]
fn an_untouched_tenant_lets_people_leave_and_removes_nobody() {
    let policy = Policy::default();
    assert!(policy.allow_leave);
    assert!(!policy.allow_removal);
}

#[test]
fn the_refusal_is_the_text_of_the_live_service() {
    let patch = Patch { allow_leave: Some(false), allow_removal: None };
    let refusal = decide(&Policy::default(), &PrivacyProfile::default(), &patch).unwrap_err();
    assert_eq!(
        refusal.external(),
        "Cannot disable AllowExternalIdentitiesToLeave since PrivacyProfile on the organization resource has not been \
         specified. Please update the PrivacyContact and PrivacyStatementUrl on your organization's PrivacyProfileusing \
         the Update organization API."
    );
}

#[test]
fn the_privacy_profile_stays_complete_while_leaving_is_off() {
    for (privacy, complete) in profiles() {
        let off = Policy { allow_leave: false, ..Policy::default() };
        let on = Policy::default();
        assert_eq!(may_set_privacy(&off, &privacy).is_ok(), complete, "{privacy:?}");
        assert!(may_set_privacy(&on, &privacy).is_ok(), "{privacy:?}");
    }
}
