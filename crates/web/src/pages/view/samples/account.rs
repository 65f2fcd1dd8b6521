//! My Account, and invitations.

use super::*;
use model::{
    AppId,
    leave::{Departure, Reason, Standing},
};
use service::{AppAccess, AppPermission, Leaving};

impl Overview {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |home: Option<&str>, others| Self {
            page: inside(texts, paths::MY_ACCOUNT),
            name: "Ana Oliveira".to_owned(),
            user_name: "ana@fabrikam.example".to_owned(),
            home: home.map(str::to_owned),
            others,
            invitations: Vec::new(),
        };
        let invited = Self {
            invitations: vec![(tenant(3), "Tailwind Traders".to_owned()), (tenant(4), HOSTILE.to_owned())],
            ..make(Some(HOSTILE), 1)
        };
        vec![make(Some("Fabrikam"), 3), invited, make(None, 0)]
    }
}

impl Organization {
    fn sample(n: u8, name: &str, standing: Standing) -> Self {
        let gone = matches!(standing, Standing::Gone { .. });
        Self {
            tenant: tenant(n),
            name: name.to_owned(),
            domain: format!("{}.example", name.split(' ').next().unwrap_or_default().to_lowercase()),
            standing,
            connected: None,
            invited_by: Some("Megan Bowen".to_owned()),
            invited_at: Some(at("2026-03-02T09:15:00Z")),
            accepted_at: Some(at("2026-03-03T14:05:00Z")),
            deleted_at: gone.then(now),
            privacy_statement: Some("https://contoso.example/privacy".to_owned()),
            can_accept: false,
        }
    }

    fn bare(n: u8, name: &str, standing: Standing) -> Self {
        Self {
            invited_by: None,
            invited_at: None,
            accepted_at: None,
            privacy_statement: None,
            ..Self::sample(n, name, standing)
        }
    }
}

impl Organizations {
    fn samples(texts: Texts) -> Vec<Self> {
        let page = || inside(texts, paths::ORGANIZATIONS);
        let home = HomeOrganization {
            tenant: tenant(0),
            name: "Fabrikam".to_owned(),
            domain: "fabrikam.example".to_owned(),
            privacy_statement: Some("https://fabrikam.example/privacy".to_owned()),
        };
        let pending = Organization {
            accepted_at: None,
            ..Organization::sample(3, "Tailwind Traders", Standing::Pending)
        };
        let gone = |how, until| Standing::Gone { how, until };
        let hostile = Organization {
            privacy_statement: Some("javascript:alert(1)".to_owned()),
            invited_by: Some(HOSTILE.to_owned()),
            ..Organization::sample(4, HOSTILE, Standing::Blocked)
        };
        let connected = Organization {
            connected: Some((at("2026-03-02T09:15:00Z"), now())),
            ..Organization::bare(7, "Litware", Standing::Active)
        };
        let others = vec![
            Organization::sample(1, "Contoso", Standing::Active),
            Organization::sample(2, "Woodgrove Bank", Standing::LeavingNotAllowed),
            Organization { can_accept: true, ..pending.clone() },
            Organization::sample(5, "Adatum", gone(Departure::Left, Some(later()))),
            connected,
        ];
        let rest = vec![
            hostile,
            Organization::bare(6, "Proseware", gone(Departure::Removed, None)),
            Organization::bare(8, "Wingtip", gone(Departure::Declined, Some(later()))),
            Organization::bare(9, "Northwind", gone(Departure::HomeAccountDeleted, Some(later()))),
            pending,
        ];
        vec![
            Self { page: page(), home: Some(home.clone()), others },
            Self { page: page(), home: None, others: rest },
            Self {
                page: page(),
                home: Some(HomeOrganization { privacy_statement: None, ..home }),
                others: Vec::new(),
            },
        ]
    }
}

impl LeaveConfirm {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |organization: &str, leaving, (groups, roles, apps)| Self {
            page: inside(texts, &paths::leave(&tenant(1))),
            tenant: tenant(1),
            organization: organization.to_owned(),
            domain: "contoso.example".to_owned(),
            leaving,
            groups,
            roles,
            apps,
            purge_after: later(),
            confirmation: "0nce".to_owned(),
        };
        vec![
            make("Contoso", Leaving::Account, (3, 0, 1)),
            make("Litware", Leaving::Connection, (0, 0, 2)),
            make(HOSTILE, Leaving::Account, (1, 1, 0)),
            make("Contoso", Leaving::Account, (0, 2, 0)),
        ]
    }
}

impl DeclineConfirm {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |organization: &str| Self {
            page: inside(texts, &paths::leave(&tenant(3))),
            tenant: tenant(3),
            organization: organization.to_owned(),
            domain: "tailwind.example".to_owned(),
            purge_after: later(),
            confirmation: "0nce".to_owned(),
        };
        vec![make("Tailwind Traders"), make(HOSTILE)]
    }
}

impl Receipt {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |organization: &str, contact: Option<&str>, leaving| Self {
            page: inside(texts, &paths::leave(&tenant(1))),
            organization: organization.to_owned(),
            domain: "contoso.example".to_owned(),
            leaving,
            user_name: "ana@fabrikam.example".to_owned(),
            left_at: now(),
            purge_after: later(),
            contact: contact.map(str::to_owned),
            privacy_statement: contact.map(|_| "https://contoso.example/privacy".to_owned()),
            request_id: "7b6f0b9e-0c68-4bb2-9a1c-0f6a0f2f6a11".to_owned(),
        };
        vec![
            make("Contoso", Some("privacy@contoso.example"), Leaving::Account),
            make(HOSTILE, None, Leaving::Invitation),
            make("Litware", None, Leaving::Connection),
        ]
    }
}

impl Refused {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |reason, organization: &str, contact: Option<&str>| Self {
            page: inside(texts, &paths::leave(&tenant(2))),
            tenant: tenant(2),
            organization: organization.to_owned(),
            reason,
            contact: contact.map(str::to_owned),
            privacy_statement: contact.map(|_| "https://woodgrove.example/privacy".to_owned()),
            gone: None,
        };
        let contact = Some("privacy@woodgrove.example");
        let gone = |how, until| Self {
            gone: Some((how, until)),
            ..make(Reason::AlreadyLeft, "Woodgrove Bank", contact)
        };
        let mut samples = vec![
            make(Reason::NotAllowedByOrganization, "Woodgrove Bank", contact),
            make(Reason::AccountDisabled, HOSTILE, Some("a\"&b?c@woodgrove.example")),
            make(Reason::NotAllowedByOrganization, "Woodgrove Bank", None),
            gone(Departure::Left, Some(later())),
            gone(Departure::Declined, Some(later())),
            gone(Departure::Removed, None),
            gone(Departure::HomeAccountDeleted, Some(later())),
        ];
        samples.extend(Reason::ALL.map(|reason| make(reason, "Woodgrove Bank", contact)));
        samples
    }
}

impl Stale {
    fn samples(texts: Texts) -> Vec<Self> {
        let again = paths::leave(&tenant(1));
        vec![Self { page: inside(texts, &again), organization: HOSTILE.to_owned(), again }]
    }
}

impl Redeem {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |state, statement: Option<&str>| Self {
            page: inside(texts, paths::REDEEM),
            tenant: None,
            organization: "Contoso".to_owned(),
            domain: "contoso.example".to_owned(),
            privacy_statement: statement.map(str::to_owned),
            invited_by: None,
            address: String::new(),
            user_name: "ana@fabrikam.example".to_owned(),
            state,
        };
        let review = |by: Option<&str>, statement| Self {
            tenant: Some(tenant(1)),
            invited_by: by.map(str::to_owned),
            address: "ana@fabrikam.example".to_owned(),
            ..make(RedeemState::Review, statement)
        };
        vec![
            review(Some("Megan Bowen"), Some("https://contoso.example/privacy")),
            review(Some(HOSTILE), None),
            review(None, Some("javascript:alert(1)")),
            make(RedeemState::Used, None),
            make(RedeemState::Revoked, None),
            make(RedeemState::OtherAccount, None),
            make(RedeemState::Blocked, None),
            make(RedeemState::Barred, None),
        ]
    }
}

impl Redeemed {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |organization: &str, onward: Option<&str>| Self {
            page: inside(texts, paths::REDEEM),
            organization: organization.to_owned(),
            onward: onward.map(str::to_owned),
        };
        vec![
            make("Contoso", Some("https://contoso.example/welcome")),
            make(HOSTILE, Some("javascript:alert(1)")),
        ]
    }
}

fn app(n: u8, (at_tenant, organization): (u8, &str), name: &str) -> AppAccess {
    let of = |(n, permission): (usize, &Permission)| AppPermission {
        permission: *permission,
        for_everybody: n % 2 == 0,
    };
    AppAccess {
        tenant: tenant(at_tenant),
        organization: organization.to_owned(),
        app: AppId::from_uuid(object(n).uuid()),
        name: name.to_owned(),
        enabled: true,
        signed_in: true,
        while_away: true,
        by_device: false,
        permissions: Permission::ALL.iter().skip(22).take(2).enumerate().map(of).collect(),
        since: at("2026-03-02T09:15:00Z"),
        last: Some(now()),
    }
}

impl MyApps {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |apps, removed: Option<&str>| Self {
            page: inside(texts, paths::MY_APPS),
            apps,
            removed: removed.map(str::to_owned),
        };
        let (home, contoso) = ((0, "Fabrikam"), (1, "Contoso"));
        let apps = vec![
            AppAccess { by_device: true, ..app(1, home, "Command line") },
            AppAccess { permissions: Vec::new(), while_away: false, ..app(2, home, "Wiki") },
            app(3, contoso, "Graph Explorer"),
            AppAccess { signed_in: false, while_away: false, last: None, ..app(4, contoso, HOSTILE) },
            AppAccess { enabled: false, ..app(5, (4, HOSTILE), "Scanner") },
        ];
        vec![
            make(apps, None),
            make(vec![app(1, home, "Tool")], Some(HOSTILE)),
            make(Vec::new(), Some("Tool")),
        ]
    }
}

impl RemoveApp {
    fn samples(texts: Texts) -> Vec<Self> {
        let own = AppPermission { permission: Permission::UserRead, for_everybody: false };
        let apps = [
            app(1, (1, "Contoso"), "Graph Explorer"),
            AppAccess { permissions: vec![own], ..app(1, (4, HOSTILE), HOSTILE) },
            AppAccess { permissions: Vec::new(), ..app(2, (1, "Contoso"), "Wiki") },
        ];
        apps.map(|app| Self { page: inside(texts, &paths::remove_app(&app.tenant, &app.app)), app }).into()
    }
}

/// Every sample of these pages.
pub(super) fn pages(texts: Texts) -> Vec<(&'static str, usize, String)> {
    [
        rendered("overview.html", Overview::samples(texts)),
        rendered("organizations.html", Organizations::samples(texts)),
        rendered("leave_confirm.html", LeaveConfirm::samples(texts)),
        rendered("decline_confirm.html", DeclineConfirm::samples(texts)),
        rendered("receipt.html", Receipt::samples(texts)),
        rendered("refused.html", Refused::samples(texts)),
        rendered("stale.html", Stale::samples(texts)),
        rendered("redeem.html", Redeem::samples(texts)),
        rendered("redeemed.html", Redeemed::samples(texts)),
        rendered("my_apps.html", MyApps::samples(texts)),
        rendered("remove_app.html", RemoveApp::samples(texts)),
    ]
    .concat()
}
