use crate::{Error, ErrorKind, RequestId, Result, Timestamp};
use std::sync::Arc;

/// A source of randomness: the operating system in the binary, a seeded generator in tests.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// What every operation is given: the instant it happens at, randomness, and the id of the request.
#[derive(Clone)]
pub struct Cx {
    /// One instant for the whole operation.
    pub now: Timestamp,
    /// Time that has provably passed; never ahead of `now`. What cannot be undone is judged by this.
    pub trusted: Timestamp,
    /// Where new ids and secrets come from.
    pub random: Arc<dyn Random>,
    /// The id of the request, also the correlation id of its audit records.
    pub request: RequestId,
    /// The version of the object that its caller last saw, where it must not have changed since (`If-Match`).
    pub seen: Option<i64>,
}

impl Cx {
    /// Refuses what was asked of another version of an object.
    ///
    /// # Errors
    /// `PreconditionFailed`
    pub fn check_seen(&self, version: i64) -> Result<()> {
        if self.seen.is_none_or(|seen| seen == version) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PreconditionFailed,
            "The object was changed since it was read. Read it again and repeat the request.",
        ))
    }
}
