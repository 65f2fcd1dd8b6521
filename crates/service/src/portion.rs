//! How many accounts share a commit, which is how long another writer waits.

use crate::Directory;
use model::{Result, Span, TenantScope};
use store::{Decision, Reader};

/// Fewer are not worth a commit, however long it takes.
const LEAST: usize = 10;
/// As many as are sure not to fill the memory.
const MOST: usize = 5_000;
/// What a pass of a reconciler begins with. Whoever writes beside it waits for one of its commits, and it may go on for minutes.
pub(crate) const RECONCILED: Portion = Portion { accounts: 16, within: Some(Span::millis(8)) };

/// How many accounts share a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Portion {
    /// So many, at first.
    pub accounts: usize,
    /// How long a commit may take where other writers wait for it. How many accounts that is depends on the machine, the
    /// engine and the size of the directory, and is found out on the way.
    pub within: Option<Span>,
}

impl Portion {
    /// The next one, after a commit of so many accounts that took so long.
    pub(crate) fn after(self, accounts: usize, took: Span) -> Self {
        let Some(limit) = self.within else { return self };
        // A small rest says little about a whole portion, unless it took too long all the same.
        if accounts < self.accounts / 2 && took <= limit {
            return self;
        }
        let micros = |span: Span| usize::try_from(span.as_micros()).unwrap_or(usize::MAX).max(1);
        let fitting = accounts.saturating_mul(micros(limit)) / micros(took);
        // Upwards in steps: one quick commit promises nothing.
        let accounts = fitting.min(self.accounts.saturating_mul(2)).clamp(LEAST, MOST);
        Self { accounts, ..self }
    }
}

impl Directory {
    /// Commits what a reconciler decides for each of many accounts, in their order and several at a time; what each came to.
    pub(crate) async fn commit_in_portions<T: Send + 'static>(
        &self,
        portion: &mut Portion,
        decisions: Vec<(TenantScope, impl FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static)>,
    ) -> Vec<Result<T>> {
        let (mut left, mut done) = (decisions.into_iter(), Vec::new());
        loop {
            let some: Vec<_> = left.by_ref().take(portion.accounts).collect();
            if some.is_empty() {
                return done;
            }
            let (accounts, began) = (some.len(), self.uptime());
            done.extend(self.store().commit_each(some).await);
            *portion = portion.after(accounts, self.uptime().since(began));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portion_becomes_as_large_as_the_time_allows() {
        let portion = Portion { accounts: 200, within: Some(Span::millis(20)) };
        let after = |accounts, took| portion.after(accounts, Span::millis(took)).accounts;
        assert_eq!(after(200, 16), 250);
        assert_eq!(after(200, 40), 100);
        assert_eq!(after(200, 0), 400, "no more than double");
        assert_eq!(after(200, 10_000), LEAST);
        assert_eq!(after(10, 15), 200, "a rest says nothing");
        assert_eq!(after(80, 40), 40, "unless it took too long");
        let alone = Portion { within: None, ..portion };
        assert_eq!(alone.after(200, Span::millis(10_000)), alone, "where nobody waits");
    }
}
