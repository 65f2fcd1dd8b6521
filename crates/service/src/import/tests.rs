//! What becomes of lines: the rules, the keys that a second run knows them by, and what is left in the audit trail.

use crate::{Caller, Directory, Imported, Outside, Parts, Portion};
use model::{
    Clock, Cx, DeletionCause, HomeState, Random, Span, TenantId, Timestamp, User, UserType, authz::Role,
    lifecycle::RETENTION,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{AuditQuery, DataDir, Store};

/// The same bytes for the same seed.
struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// 2026-09-21T14:13:20Z, for ever.
struct Still;

impl Clock for Still {
    fn wall(&self) -> Timestamp {
        Timestamp::from_seconds(1_790_000_000)
    }
    fn uptime(&self) -> Span {
        Span::ZERO
    }
}

struct Stage {
    directory: Directory,
    cx: Cx,
    _place: tempfile::TempDir,
}

const TWO: Portion = Portion { accounts: 2, within: None };

const FOUNDED: [&str; 2] = [
    r#"{"organization":{"domain":"contoso.example","displayName":"Contoso","allowDeletedIdentitiesDataRemoval":true}}"#,
    r#"{"organization":{"domain":"fabrikam.example","displayName":"Fabrikam"}}"#,
];

impl Stage {
    async fn set() -> Self {
        let place = tempfile::tempdir().unwrap();
        let held = DataDir::open(&place.path().join("data")).unwrap();
        let parts = Parts {
            store: Store::open(&held, identity::digest).unwrap(),
            clock: Arc::new(Still),
            random: Arc::new(Seeded(AtomicU64::new(1))),
            master: identity::MasterKey::generate(&Seeded(AtomicU64::new(2))),
            origins: Vec::new(),
            passcodes: None,
            outside: Outside::default(),
        };
        let directory = Directory::new(parts).await.unwrap();
        let cx = directory.own_cx();
        let stage = Self { directory, cx, _place: place };
        assert_eq!(stage.import(&FOUNDED).await.created, 2);
        stage
    }

    /// Imports in slices of two, so that there are several.
    async fn import(&self, lines: &[&str]) -> Imported {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        self.directory.import(&self.cx, &lines, TWO).await.unwrap()
    }

    /// The reason why a line is refused.
    async fn refused(&self, line: &str) -> String {
        let done = self.import(&[line]).await;
        assert_eq!((done.created, done.known, done.refused.len()), (0, 0, 1), "{line}: {done:?}");
        done.refused[0].1.clone()
    }

    async fn tenant(&self, domain: &str) -> TenantId {
        let found = self.directory.store().read_across(|across| across.tenant_of_domain(domain)).await;
        found.unwrap().unwrap()
    }

    async fn user(&self, domain: &str, id: &str) -> (User, Vec<Role>) {
        let (tenant, id) = (self.tenant(domain).await, id.parse().unwrap());
        let scope = crate::authn::scope(tenant);
        let read =
            self.directory.store().read(scope, |reader| Ok((reader.user(id)?, reader.roles(id)?))).await;
        let (user, roles) = read.unwrap();
        (user.unwrap(), roles)
    }
}

const ANA: &str = r#"{"member":{"organization":"fabrikam.example","id":"00000000-0000-4000-8000-00000000000a","userPrincipalName":"ana@fabrikam.example","displayName":"Ana Silva","roles":["User Administrator"],"profile":{"jobTitle":"Baker"}}}"#;
const ANA_AS_GUEST: &str = r#"{"guest":{"organization":"contoso.example","id":"00000000-0000-4000-8000-00000000000b","home":"Ana@Fabrikam.example","displayName":"Ana Silva"}}"#;
const LEFT: &str = r#"{"guest":{"organization":"contoso.example","id":"00000000-0000-4000-8000-00000000000c","mail":"bo@mail.example","displayName":"Bo","createdDateTime":"2026-01-01T00:00:00Z","deletedDateTime":"2026-09-01T00:00:00Z","deletionCause":"left"}}"#;

#[tokio::test]
async fn members_guests_and_deleted_ones_become_what_the_product_makes_of_them() {
    let stage = Stage::set().await;
    // The guest comes before its home, which is in the same piece all the same.
    assert_eq!(
        stage.import(&[ANA_AS_GUEST, LEFT, ANA]).await,
        Imported { created: 3, ..Imported::default() }
    );
    let (ana, roles) = stage.user("fabrikam.example", "00000000-0000-4000-8000-00000000000a").await;
    assert_eq!((ana.mail.as_deref(), ana.user_type), (Some("ana@fabrikam.example"), UserType::Member));
    assert_eq!((ana.profile.0["jobTitle"].as_str(), roles), (Some("Baker"), vec![Role::UserAdministrator]));
    let (guest, _) = stage.user("contoso.example", "00000000-0000-4000-8000-00000000000b").await;
    assert_eq!(guest.home, model::Home::Tenant { tenant: ana.tenant, object: ana.id });
    assert_eq!((guest.home_state, guest.user_type), (HomeState::Present, UserType::Guest));
    assert_eq!(guest.upn, "ana_fabrikam.example#EXT#@contoso.example");
    let (left, _) = stage.user("contoso.example", "00000000-0000-4000-8000-00000000000c").await;
    let deletion = left.deletion.unwrap();
    assert_eq!((deletion.cause, deletion.purge_after), (DeletionCause::Left, deletion.at + RETENTION));
    assert!(left.upn.starts_with("0000000000004000800000000000000c"), "{}", left.upn);
    let policy = stage
        .directory
        .get_policy(&stage.cx, &Caller::operator(stage.tenant("contoso.example").await))
        .await
        .unwrap();
    assert!(policy.allow_removal);
}

#[tokio::test]
async fn a_second_run_finds_everything_there_with_an_id_and_without() {
    let stage = Stage::set().await;
    let without = r#"{"member":{"organization":"contoso.example","userPrincipalName":"Eve@contoso.example","displayName":"Eve"}}"#;
    let by_mail =
        r#"{"guest":{"organization":"contoso.example","mail":"kim@mail.example","displayName":"Kim"}}"#;
    let pending = r#"{"guest":{"organization":"contoso.example","mail":"lee@mail.example","displayName":"Lee","externalUserState":"PendingAcceptance"}}"#;
    let lines = [FOUNDED[0], ANA, ANA_AS_GUEST, LEFT, without, by_mail, pending];
    assert_eq!(stage.import(&lines).await.created, 6);
    assert_eq!(stage.import(&lines).await, Imported { known: 7, ..Imported::default() });
}

#[tokio::test]
async fn the_same_twice_in_one_slice_is_made_once() {
    let stage = Stage::set().await;
    let eve = r#"{"member":{"organization":"contoso.example","userPrincipalName":"eve@contoso.example","displayName":"Eve"}}"#;
    assert_eq!(stage.import(&[eve, eve]).await, Imported { created: 1, known: 1, refused: vec![] });
}

#[test]
fn commits_are_shared_up_to_so_many_accounts_and_hold_no_organisation_twice() {
    let tenant = |n| TenantId::from_uuid(uuid::Uuid::from_u128(n));
    let mut groups =
        BTreeMap::from([(tenant(1), vec![1]), (tenant(2), (2..9).collect()), (tenant(3), vec![9])]);
    let mut next = || -> Vec<Vec<i32>> {
        super::take(&mut groups, 3).into_iter().map(|(_, accounts)| accounts).collect()
    };
    assert_eq!(next(), [vec![1], vec![2, 3]]);
    assert_eq!(next(), [vec![4, 5, 6]]);
    assert_eq!(next(), [vec![7, 8], vec![9]]);
    assert!(next().is_empty());
}

#[tokio::test]
async fn a_slice_leaves_one_record_with_counts_and_without_names() {
    let stage = Stage::set().await;
    stage.import(&[ANA, ANA_AS_GUEST, LEFT]).await;
    let scope = crate::authn::scope(stage.tenant("contoso.example").await);
    let query = AuditQuery { activity: Some("Add user".to_owned()), limit: 10, ..AuditQuery::default() };
    let records = stage.directory.store().read(scope, |reader| reader.audit(&query)).await.unwrap();
    assert_eq!(records.len(), 1);
    let details: Vec<(&str, &str)> =
        records[0].record.details.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(details, [("imported", "2"), ("importedGuests", "2"), ("importedDeleted", "1")]);
    assert!(records[0].record.personal.is_empty());
}

#[tokio::test]
async fn what_could_not_be_made_by_hand_is_refused_with_the_reason() {
    let stage = Stage::set().await;
    stage.import(&[ANA]).await;
    for (line, reason) in [
        ("nonsense", "cannot be read"),
        (r#"{"member":{"organization":"contoso.example","displayName":"X","shoeSize":1}}"#, "shoeSize"),
        (r#"{"organization":{"domain":"nodots","displayName":"X"}}"#, "full domain name"),
        (r#"{"member":{"organization":"nobody.example","displayName":"X"}}"#, "no organisation"),
        (
            r#"{"member":{"organization":"contoso.example","displayName":"X","userPrincipalName":"x@fabrikam.example"}}"#,
            "domain of the organisation",
        ),
        (
            r#"{"member":{"organization":"contoso.example","displayName":" ","userPrincipalName":"x@contoso.example"}}"#,
            "displayName",
        ),
        (
            r#"{"member":{"organization":"contoso.example","displayName":"X","userPrincipalName":"x@contoso.example","roles":["King"]}}"#,
            "King",
        ),
        (
            r#"{"member":{"organization":"contoso.example","displayName":"X","userPrincipalName":"x@contoso.example","profile":{"salary":"1"}}}"#,
            "salary",
        ),
        (
            r#"{"member":{"organization":"contoso.example","displayName":"X","userPrincipalName":"x@contoso.example","createdDateTime":"2030-01-01T00:00:00Z"}}"#,
            "future",
        ),
        (
            r#"{"member":{"organization":"contoso.example","displayName":"X","userPrincipalName":"x@contoso.example","deletedDateTime":"2026-09-01T00:00:00Z"}}"#,
            "needs an id",
        ),
        (
            r#"{"guest":{"organization":"contoso.example","displayName":"X","home":"nobody@fabrikam.example"}}"#,
            "user name of home",
        ),
        (
            r#"{"guest":{"organization":"fabrikam.example","displayName":"X","home":"ana@fabrikam.example"}}"#,
            "very organisation",
        ),
        (
            r#"{"guest":{"organization":"contoso.example","displayName":"X","mail":"x@contoso.example"}}"#,
            "domain of this organisation",
        ),
        (r#"{"guest":{"organization":"contoso.example","displayName":"X"}}"#, "home or a mail"),
        (
            r#"{"member":{"organization":"fabrikam.example","id":"00000000-0000-4000-8000-0000000000ff","displayName":"X","userPrincipalName":"ana@fabrikam.example"}}"#,
            "Another account",
        ),
    ] {
        let said = stage.refused(line).await;
        assert!(said.contains(reason), "{line}: {said}");
    }
}
