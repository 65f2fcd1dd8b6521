use model::leave::{Facts, HomeAccount, Membership, Reason, decide};

const MEMBERSHIPS: [Membership; 5] =
    [Membership::None, Membership::Deleted, Membership::HomedHere, Membership::Pending, Membership::Active];
const HOMES: [HomeAccount; 3] = [HomeAccount::Enabled, HomeAccount::Disabled, HomeAccount::Deleted];
const BOTH: [bool; 2] = [false, true];

fn every_case() -> Vec<Facts> {
    let mut all = Vec::new();
    for membership in MEMBERSHIPS {
        for home in HOMES {
            for account_enabled in BOTH {
                for last_administrator in BOTH {
                    for policy_allows in BOTH {
                        all.push(Facts {
                            membership,
                            account_enabled,
                            home,
                            last_administrator,
                            policy_allows,
                        });
                    }
                }
            }
        }
    }
    all
}

/// The rule a second time: every obstacle on its own, without regard to the others; the first in the list is the answer.
fn obstacles(facts: &Facts) -> Vec<Reason> {
    let in_there = matches!(facts.membership, Membership::Pending | Membership::Active);
    [
        (facts.membership == Membership::None, Reason::NotAMember),
        (facts.membership == Membership::Deleted, Reason::AlreadyLeft),
        (facts.membership == Membership::HomedHere, Reason::HomeOrganization),
        (in_there && facts.home == HomeAccount::Deleted, Reason::HomeAccountDeleted),
        (in_there && facts.home == HomeAccount::Disabled, Reason::HomeAccountDisabled),
        (in_there && !facts.account_enabled, Reason::AccountDisabled),
        (in_there && facts.last_administrator, Reason::LastAdministrator),
        (facts.membership == Membership::Active && !facts.policy_allows, Reason::NotAllowedByOrganization),
    ]
    .into_iter()
    .filter_map(|(applies, reason)| applies.then_some(reason))
    .collect()
}

type Rule = fn(&Facts) -> Result<(), Reason>;

/// The first case in which a rule departs from the table.
fn departure(rule: Rule) -> Option<Facts> {
    every_case().into_iter().find(|facts| {
        let expected = obstacles(facts).first().map_or(Ok(()), |reason| Err(*reason));
        rule(facts) != expected
    })
}

#[test]
fn every_combination_answers_as_the_table_says() {
    assert_eq!(every_case().len(), 120);
    assert_eq!(departure(decide), None);
}

#[test]
fn a_rule_with_one_mistake_departs_from_the_table() {
    let mutants: [(&str, Rule); 5] = [
        ("the policy also holds a pending invitation", |facts| {
            if facts.membership == Membership::Pending && decide(facts).is_ok() && !facts.policy_allows {
                return Err(Reason::NotAllowedByOrganization);
            }
            decide(facts)
        }),
        ("a block in the organisation is overlooked", |facts| {
            decide(&Facts { account_enabled: true, ..*facts })
        }),
        ("a block at home is overlooked", |facts| {
            if facts.home == HomeAccount::Disabled {
                return decide(&Facts { home: HomeAccount::Enabled, ..*facts });
            }
            decide(facts)
        }),
        ("the policy is overlooked", |facts| decide(&Facts { policy_allows: true, ..*facts })),
        ("the policy is named before the block", |facts| match decide(facts) {
            Err(Reason::AccountDisabled) if !facts.policy_allows => Err(Reason::NotAllowedByOrganization),
            answer => answer,
        }),
    ];
    for (mistake, rule) in mutants {
        assert!(departure(rule).is_some(), "not caught: {mistake}");
    }
}

#[test]
fn exactly_the_expected_cases_may_leave() {
    let allowed: Vec<_> = every_case().into_iter().filter(|facts| decide(facts).is_ok()).collect();
    let unhindered = |membership, policy_allows| Facts {
        membership,
        account_enabled: true,
        home: HomeAccount::Enabled,
        last_administrator: false,
        policy_allows,
    };
    assert_eq!(
        allowed,
        [
            unhindered(Membership::Pending, false),
            unhindered(Membership::Pending, true),
            unhindered(Membership::Active, true),
        ]
    );
}

#[test]
fn reasons_are_judged_in_the_order_they_are_listed() {
    for facts in every_case() {
        let found = obstacles(&facts);
        assert!(found.is_sorted(), "{facts:?}");
    }
    assert!(Reason::ALL.is_sorted());
    let reached: std::collections::BTreeSet<_> =
        every_case().iter().filter_map(|facts| decide(facts).err()).collect();
    assert!(reached.into_iter().eq(Reason::ALL), "each reason is the answer to some case");
}

#[test]
fn the_words_are_the_published_ones_and_each_is_explained() {
    let words = [
        "notAMember",
        "alreadyLeft",
        "homeOrganization",
        "homeAccountDeleted",
        "homeAccountDisabled",
        "accountDisabled",
        "lastAdministrator",
        "notAllowedByOrganization",
    ];
    assert_eq!(Reason::ALL.map(Reason::as_str), words);
    assert!(Reason::ALL.iter().all(|reason| reason.explanation().ends_with('.')));
}

#[test]
fn where_an_account_is_homed_counts_and_its_user_type_does_not() {
    use crate::support::{guest, invited, member, object};
    for user_type in [model::UserType::Member, model::UserType::Guest] {
        assert!(!model::User { user_type, ..member(object(1)) }.is_external());
        assert!(model::User { user_type, ..guest(object(1)) }.is_external());
        assert!(model::User { user_type, ..invited(object(1)) }.is_external());
    }
}
