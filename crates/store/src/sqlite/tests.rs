//! A full disk, played by a limit on the pages of the writer's own connection, which no test from outside can reach.

use super::*;
use crate::ChangeSet;
use model::{ErrorKind, TenantId, Timestamp};
use uuid::Uuid;

fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0u8; 32];
    bytes.iter().zip((0..32usize).cycle()).for_each(|(byte, at)| out[at] = out[at].wrapping_mul(31) ^ byte);
    out
}

#[expect(clippy::disallowed_methods, reason = "the test stands in for whoever verified the caller")]
fn scope() -> TenantScope {
    TenantScope::mint(TenantId::from_uuid(Uuid::from_u128(1)))
}

type Answer = batch::Committed<()>;

/// A change set that puts a text of this length into the outbox.
fn job(n: u128, length: usize) -> (Box<dyn Job>, Answer) {
    let decide = move |_: &Reader<'_>| {
        let mut changes = ChangeSet::new();
        if n == 0 {
            changes.insert_tenant(&model::Tenant {
                id: scope().tenant(),
                name: "Contoso".to_owned(),
                domain: "contoso.example".to_owned(),
                privacy: model::PrivacyProfile::default(),
                technical_contact: None,
                created: Timestamp::EPOCH,
                version: 1,
            });
        } else {
            changes.send(scope(), Uuid::from_u128(n), "kind", &"x".repeat(length), Timestamp::EPOCH);
        }
        Decision::done(changes, ())
    };
    batch::job(scope(), decide)
}

fn batch(writer: &Sqlite, sizes: &[(u128, usize)]) -> (bool, Vec<Result<()>>) {
    let (jobs, answers): (Vec<_>, Vec<_>) = sizes.iter().map(|(n, length)| job(*n, *length)).unzip();
    let writing = Writing { connection: writer, kept: &KeptRows::default() };
    let broken = write_batch(&writing, digest, &Faults::default(), jobs);
    (
        broken,
        answers.into_iter().map(|answer| answer.blocking_recv().unwrap().and_then(|inner| inner)).collect(),
    )
}

#[test]
fn a_full_disk_takes_back_the_whole_batch_and_writing_goes_on_when_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    let directory = DataDir::open(&home.path().join("data")).unwrap();
    drop(Engine::open(&directory, digest, Faults::default()).unwrap());
    let writer = connect(&directory.path().join("innkeeper.db")).unwrap();
    assert!(batch(&writer, &[(0, 0)]).1[0].is_ok());
    let pages: i64 = writer.query_row("pragma page_count", [], |row| row.get(0)).unwrap();
    let limit = |pages: i64| {
        let set: i64 =
            writer.query_row(&format!("pragma max_page_count = {pages}"), [], |row| row.get(0)).unwrap();
        assert_eq!(set, pages);
    };
    limit(pages + 2);
    let count = || -> i64 { writer.query_row("select count(*) from outbox", [], |row| row.get(0)).unwrap() };
    for _ in 0..3 {
        let (broken, answers) = batch(&writer, &[(1, 10), (2, 100_000), (3, 10)]);
        assert!(!broken, "a full disk is no broken disk");
        assert!(writer.is_autocommit(), "the transaction is over");
        assert_eq!(count(), 0, "{answers:?}");
        for answer in answers {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable(30), "{error:?}");
            assert!(
                error
                    .external()
                    .starts_with("The disk of the server is full: nothing was changed. Free some space")
            );
        }
    }
    limit(pages + 1_000);
    let (broken, answers) = batch(&writer, &[(1, 10), (2, 100_000), (3, 10)]);
    assert!(!broken && answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(count(), 3);
}
