//! Users, one user, and what is done to them.

use super::{HOSTILE, Role, admin, as_role, later, now, object, rendered};
use crate::pages::{
    paths,
    view::{
        AccountState, AuditLine, AuditParty, Choice, Field, HomeLine, InvitationSent, Invite, InviteError,
        Pages, Problem, RemovalCandidate, RemoveUsers, RemovedUsers, Reset, Show, SignInTimes, Somebody,
        Texts, UserLine, UserNotice, UserPage, Users,
    },
};
use model::{DeletionCause, InvitationState, UserType, audit::Activity};
use service::Obstacle;

const STATES: [AccountState; 5] = [
    AccountState::Active,
    AccountState::Pending,
    AccountState::Blocked,
    AccountState::WithoutHome,
    AccountState::Deleted,
];

fn line(n: u8, name: &str, state: AccountState) -> UserLine {
    UserLine {
        id: object(n),
        name: name.to_owned(),
        user_name: format!("guest{n}_fabrikam.example#EXT#@contoso.example"),
        kind: if n.is_multiple_of(2) { UserType::Member } else { UserType::Guest },
        state,
    }
}

fn lists(texts: Texts) -> Vec<Users> {
    let address = || Some(format!("{}?show=guests&after=x", paths::USERS));
    let make = |role| Users {
        page: as_role(texts, paths::USERS, role),
        show: Show::Guests,
        search: String::new(),
        shows: Show::ALL.into(),
        lines: (1..)
            .zip(STATES)
            .map(|(n, state)| line(n, if n == 2 { HOSTILE } else { "陈晓" }, state))
            .collect(),
        pages: Pages { first: address(), next: address() },
        may_invite: true,
        nothing_chosen: false,
    };
    vec![
        make(Role::GlobalAdministrator),
        Users { nothing_chosen: true, search: HOSTILE.to_owned(), ..make(Role::UserAdministrator) },
        Users { may_invite: false, ..make(Role::GlobalReader) },
        Users { lines: Vec::new(), pages: Pages::default(), ..make(Role::GuestInviter) },
    ]
}

fn somebody(n: u8) -> Somebody {
    Somebody { id: object(n), name: if n == 9 { HOSTILE.to_owned() } else { "Bo Lindqvist".to_owned() } }
}

fn history() -> Vec<AuditLine> {
    let line = |activity, success| AuditLine {
        id: "Directory_x_1".to_owned(),
        at: now(),
        activity,
        who: AuditParty::Named { name: HOSTILE.to_owned(), user_name: None, id: None },
        whom: Vec::new(),
        success,
    };
    vec![line(Activity::RedeemInvitation, true), line(Activity::LeaveOrganization, false)]
}

/// Somebody of whom everything is known.
fn whole(texts: Texts, state: AccountState, home: HomeLine) -> UserPage {
    UserPage {
        page: admin(texts, &paths::user(&object(1))),
        line: line(1, "Ana Oliveira", state),
        mail: Some("ana@fabrikam.example".to_owned()),
        home,
        home_gone: None,
        created: now(),
        invitation_changed: Some((InvitationState::Accepted, later())),
        invited_by: Some(somebody(8)),
        sponsors: vec![somebody(8), somebody(9)],
        groups: vec!["Project Otter".to_owned(), HOSTILE.to_owned()],
        roles: vec![Role::GuestInviter, Role::ReportsReader],
        sign_ins: Some(SignInTimes { interactive: Some(now()), silent: Some(later()) }),
        deletion: None,
        may_block: true,
        removal: Some(Ok(())),
        may_invite_again: false,
        may_reset: true,
        history: Some(history()),
        notice: None,
    }
}

fn pages(texts: Texts) -> Vec<UserPage> {
    let make = |state, home| whole(texts, state, home);
    let organization = || HomeLine::Organization("fabrikam.example".to_owned());
    let bare = UserPage {
        line: line(2, HOSTILE, AccountState::Active),
        mail: None,
        invitation_changed: None,
        invited_by: None,
        sponsors: Vec::new(),
        groups: Vec::new(),
        roles: Vec::new(),
        sign_ins: None,
        history: None,
        may_block: false,
        removal: None,
        may_reset: false,
        ..make(AccountState::Active, HomeLine::Here)
    };
    let in_the_way = |obstacle| UserPage { removal: Some(Err(obstacle)), ..bare.clone() };
    vec![
        make(AccountState::Active, organization()),
        UserPage {
            invitation_changed: Some((InvitationState::PendingAcceptance, now())),
            may_invite_again: true,
            may_reset: false,
            sign_ins: Some(SignInTimes::default()),
            history: Some(Vec::new()),
            ..make(AccountState::Pending, HomeLine::Invited("ana@fabrikam.example".to_owned()))
        },
        UserPage {
            notice: Some(UserNotice::Blocked),
            ..make(AccountState::Blocked, HomeLine::Mailbox("sam@mail.example".to_owned()))
        },
        UserPage { home_gone: Some(now()), ..make(AccountState::WithoutHome, organization()) },
        UserPage {
            notice: Some(UserNotice::Unblocked),
            ..make(AccountState::Active, HomeLine::Provider(Some(HOSTILE.to_owned())))
        },
        UserPage {
            notice: Some(UserNotice::LastAdministrator),
            ..make(AccountState::Active, HomeLine::Provider(None))
        },
        UserPage {
            deletion: Some((DeletionCause::Left, now(), later())),
            may_block: false,
            removal: None,
            may_reset: false,
            ..make(AccountState::Deleted, organization())
        },
        in_the_way(Obstacle::HoldsRole),
        in_the_way(Obstacle::Yourself),
        in_the_way(Obstacle::LastAdministrator),
        bare,
    ]
}

fn candidate(n: u8, obstacle: Option<Obstacle>) -> RemovalCandidate {
    RemovalCandidate {
        line: line(n, if n == 3 { HOSTILE } else { "Bo Lindqvist" }, AccountState::Active),
        groups: u64::from(n) - 1,
        roles: if n == 2 { vec![Role::GuestInviter, Role::GlobalReader] } else { Vec::new() },
        obstacle,
    }
}

fn in_the_way() -> Vec<RemovalCandidate> {
    let obstacles = [Obstacle::HoldsRole, Obstacle::Yourself, Obstacle::LastAdministrator];
    (2..).zip(obstacles).map(|(n, obstacle)| candidate(n, Some(obstacle))).collect()
}

fn removals(texts: Texts) -> Vec<RemoveUsers> {
    let make = |removable, left| RemoveUsers {
        page: admin(texts, paths::REMOVE_USERS),
        removable,
        left,
        purge_after: later(),
    };
    vec![
        make((1..4).map(|n| candidate(n, None)).collect(), in_the_way()),
        make(vec![candidate(1, None)], Vec::new()),
        make(Vec::new(), vec![candidate(2, Some(Obstacle::HoldsRole))]),
    ]
}

fn removed(texts: Texts) -> Vec<RemovedUsers> {
    let make = |removed, gone, left| RemovedUsers {
        page: as_role(texts, paths::REMOVE_USERS, Role::UserAdministrator),
        removed,
        gone,
        left,
    };
    vec![
        make(97, 2, in_the_way()),
        make(1, 0, Vec::new()),
        make(0, 1, vec![candidate(3, Some(Obstacle::HoldsRole))]),
    ]
}

fn invitations(texts: Texts) -> Vec<Invite> {
    let choice = |texts: Texts| Choice {
        value: texts.tag().to_owned(),
        text: texts.t("language-name"),
        chosen: texts.tag() == "en",
    };
    let make = || Invite {
        page: admin(texts, paths::INVITE),
        address: Field::default(),
        name: Field::default(),
        member: false,
        may_invite_members: true,
        sends_mail: true,
        languages: Texts::all().map(choice).collect(),
        message: Field::of(HOSTILE),
        error: None,
    };
    let mut samples = vec![
        make(),
        Invite { sends_mail: false, may_invite_members: false, ..make() },
        Invite {
            address: Field::wrong(HOSTILE, Problem::NotAnAddress),
            name: Field::wrong("x", Problem::TooLong),
            message: Field::wrong("x", Problem::TooLong),
            member: true,
            ..make()
        },
    ];
    let errors = [
        InviteError::OwnDomain,
        InviteError::DomainNotAllowed,
        InviteError::BorderClosed,
        InviteError::NotAGuest,
        InviteError::Blocked,
    ];
    samples.extend(errors.map(|error| Invite {
        address: Field::of("ana@fabrikam.example"),
        error: Some(error),
        ..make()
    }));
    samples
}

fn sent(texts: Texts) -> Vec<InvitationSent> {
    [true, false]
        .map(|mailed| InvitationSent {
            page: admin(texts, paths::INVITE),
            guest: somebody(9),
            address: "ana@fabrikam.example".to_owned(),
            mailed,
            link: "https://localhost:8443/invitations/redeem?ticket=x.y".to_owned(),
        })
        .into()
}

fn resets(texts: Texts) -> Vec<Reset> {
    [HomeLine::Organization("fabrikam.example".to_owned()), HomeLine::Provider(None)]
        .map(|home| Reset {
            page: admin(texts, paths::USERS),
            guest: somebody(9),
            address: "ana@fabrikam.example".to_owned(),
            home,
        })
        .into()
}

pub(super) fn all(texts: Texts) -> Vec<(&'static str, usize, String)> {
    [
        rendered("users.html", lists(texts)),
        rendered("user.html", pages(texts)),
        rendered("users_remove.html", removals(texts)),
        rendered("users_removed.html", removed(texts)),
        rendered("invite.html", invitations(texts)),
        rendered("invitation_sent.html", sent(texts)),
        rendered("reset.html", resets(texts)),
    ]
    .concat()
}
