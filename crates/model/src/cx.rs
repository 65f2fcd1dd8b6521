use crate::{RequestId, Timestamp};
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
}
