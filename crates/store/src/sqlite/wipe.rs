//! Taking the remains of erased rows out of the file.
//!
//! `secure_delete` overwrites what is deleted, but not the copies that SQLite leaves in the gap of a page when it moves rows
//! about. After a purge every page is looked at once, a slice of them between commits, and what lies in its gaps is overwritten,
//! by the pager and through the log as any other change, so that a crash in the middle does no harm.

use super::{control, translate};
use model::{Error, Result};
use rusqlite::{Connection as Sqlite, OptionalExtension, params};

/// How many pages one slice looks at: two or three milliseconds.
const SLICE: u32 = 256;
/// A number in the database header that SQLite leaves to its user.
const MARK: &str = "user_version";
/// The files hold no remains.
const CLEAN: i64 = 0;
/// Rows were erased.
const UNCLEAN: i64 = 1;
/// Pages are being wiped, and nothing was erased since that began.
const WIPING: i64 = 2;

/// Pages that a database may have: 128 GiB. The first byte of an overflow page belongs to the number of the next one; with fewer
/// pages than this it is never that of a page of a tree.
pub(super) const MOST_PAGES: u32 = 0x01ff_ffff;

const READ: &str = "select data from sqlite_dbpage where pgno = ?1";

/// Fails where SQLite was built without access to its pages, because then nothing could be erased for good.
pub(super) fn require(connection: &Sqlite) -> Result<()> {
    connection.prepare_cached(READ).map(drop).map_err(|error| {
        Error::internal(format!(
            "SQLite gives no access to its pages ({error}): build innkeeper inside its repository, where .cargo/config.toml says so"
        ))
    })
}

/// Says, in the transaction of an erasure, that the files will hold remains.
pub(super) fn note_erasure(connection: &Sqlite) -> Result<()> {
    set_mark(connection, UNCLEAN)
}

fn set_mark(connection: &Sqlite, mark: i64) -> Result<()> {
    connection.pragma_update(None, MARK, mark).map_err(translate)
}

fn number(connection: &Sqlite, pragma: &str) -> Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(translate)
}

/// Wipes a slice of pages in a transaction of its own, from the first page on; the place to go on at, if there are more.
pub(super) fn slice(connection: &Sqlite, from: u32) -> Result<Option<u32>> {
    if from == 1 && number(connection, MARK)? == CLEAN {
        return Ok(None);
    }
    control(connection, "begin immediate")?;
    let next = wipe_from(connection, from).and_then(|next| control(connection, "commit").map(|()| next));
    if next.is_err() && !connection.is_autocommit() {
        drop(control(connection, "rollback"));
    }
    next
}

fn wipe_from(connection: &Sqlite, from: u32) -> Result<Option<u32>> {
    if from == 1 {
        set_mark(connection, WIPING)?;
    }
    let mut read = connection.prepare_cached(READ).map_err(translate)?;
    let mut write =
        connection.prepare_cached("update sqlite_dbpage set data = ?2 where pgno = ?1").map_err(translate)?;
    for page in from..from.saturating_add(SLICE) {
        let bytes = read.query_row([page], |row| row.get(0)).optional().map_err(translate)?;
        let Some(mut bytes): Option<Vec<u8>> = bytes else {
            // What was erased meanwhile may have left something on pages before this one.
            if number(connection, MARK)? == WIPING {
                set_mark(connection, CLEAN)?;
            }
            return Ok(None);
        };
        if wipe(&mut bytes, page == 1) {
            write.execute(params![page, bytes]).map_err(translate)?;
        }
    }
    Ok(Some(from.saturating_add(SLICE)))
}

/// Overwrites what a page of a tree does not use (SQLite file format, section 1.6): the gap between its list of cells and the
/// cells, and its free blocks. True if there was anything. Pages of any other kind are left alone: they were overwritten when
/// they were freed.
fn wipe(page: &mut [u8], first: bool) -> bool {
    /// The database header, on the first page only.
    const HEADER: usize = 100;
    let head = if first { HEADER } else { 0 };
    let two = |page: &[u8], at: usize| {
        page.get(at..at + 2).map(|bytes| usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
    };
    let header = match page.get(head) {
        Some(2 | 5) => 12,
        Some(10 | 13) => 8,
        _ => return false,
    };
    let (Some(mut free), Some(cells), Some(content)) =
        (two(page, head + 1), two(page, head + 3), two(page, head + 5))
    else {
        return false;
    };
    let mut found = false;
    let mut clear = |part: Option<&mut [u8]>| {
        if let Some(part) = part.filter(|part| part.iter().any(|byte| *byte != 0)) {
            part.fill(0);
            found = true;
        }
    };
    // 65,536 does not fit into its two bytes, and stands there as 0.
    let content = if content == 0 { 65_536 } else { content };
    clear(page.get_mut(head + header + 2 * cells..content));
    // A list in the order of the page; the first four bytes of each block are its own.
    while free != 0 {
        let (Some(next), Some(size)) = (two(page, free), two(page, free + 2)) else { break };
        clear(page.get_mut(free + 4..free + size));
        free = if next > free { next } else { 0 };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leaf with two cells of content from 3000 on, a free block of 20 bytes at 3500, and this byte wherever nothing is used.
    fn leaf(first: bool, rest: u8) -> Vec<u8> {
        let head = if first { 100 } else { 0 };
        let mut page = vec![rest; 4096];
        page[..head].fill(b'h');
        page[head..head + 12].copy_from_slice(&[13, 0x0d, 0xac, 0, 2, 0x0b, 0xb8, 0, 0x0e, 0x10, 0x0f, 0x00]);
        page[3000..].fill(b'c');
        page[3500..3504].copy_from_slice(&[0, 0, 0, 20]);
        page[3504..3520].fill(rest);
        page
    }

    #[test]
    fn gaps_and_free_blocks_are_overwritten_and_nothing_else() {
        for first in [false, true] {
            let mut page = leaf(first, b'x');
            assert!(wipe(&mut page, first));
            assert_eq!(page, leaf(first, 0));
            assert!(!wipe(&mut page, first), "a clean page is not written again");
        }
    }

    fn pass(connection: &Sqlite, mut meanwhile: impl FnMut()) -> usize {
        let (mut slices, mut next) = (0, Some(1));
        while let Some(from) = next {
            next = slice(connection, from).unwrap();
            assert!(connection.is_autocommit(), "others commit between slices");
            slices += 1;
            meanwhile();
        }
        slices
    }

    #[test]
    fn what_is_erased_while_pages_are_wiped_waits_for_the_next_pass() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("test.db");
        super::super::private().create_new(true).open(&path).unwrap();
        let connection = super::super::connect(&path).unwrap();
        connection.execute_batch("create table t (text text)").unwrap();
        for _ in 0..600 {
            connection.execute("insert into t values (?1)", ["x".repeat(3000)]).unwrap();
        }
        let mark = || number(&connection, MARK).unwrap();
        assert_eq!(pass(&connection, || {}), 1, "clean files are not looked at");
        note_erasure(&connection).unwrap();
        let mut erasures = 0;
        let slices = pass(&connection, || {
            if erasures == 0 {
                note_erasure(&connection).unwrap();
            }
            erasures += 1;
        });
        assert!(slices > 2, "the file is too small for the test");
        assert_eq!(mark(), UNCLEAN);
        assert_eq!(pass(&connection, || {}), slices);
        assert_eq!(mark(), CLEAN);
    }

    #[test]
    fn a_page_that_belongs_to_no_tree_or_makes_no_sense_is_left_alone() {
        let mut overflow = vec![b'x'; 4096];
        overflow[..4].copy_from_slice(&MOST_PAGES.to_be_bytes());
        let mut odd = leaf(false, b'x');
        odd[3..5].fill(0xff);
        odd[1..3].fill(0xff);
        for mut page in [overflow, odd, vec![13], Vec::new()] {
            let before = page.clone();
            assert!(!wipe(&mut page, false));
            assert_eq!(page, before);
        }
    }
}
