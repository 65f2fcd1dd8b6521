//! Tokens that were proved before. That a signature holds follows from the bytes of the token and the key alone, so it is not
//! worked out again for each request that carries the same token. Nothing is decided by it: whether the key still counts,
//! whether the token is over, and what its bearer may do is judged each time.

use crate::Caller;
use identity::VerifiedAccess;
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many tokens of each generation are kept; a token takes about a kilobyte.
const GENERATION: usize = 4096;
/// The end of the signature, by which tokens are told apart quickly: nobody can choose it.
const TAIL: usize = 32;

/// A token for Graph whose signature, issuer, audience and form hold.
pub(crate) struct ProvedToken {
    token: Box<str>,
    /// The key that it was signed with.
    pub(super) kid: String,
    /// What it says.
    pub(super) access: VerifiedAccess,
    /// Who bears it.
    pub(super) caller: Caller,
}

type Generation = HashMap<u64, Arc<ProvedToken>>;

/// Those of late. When a generation is full, the one before is forgotten; what is used meanwhile moves on.
#[derive(Default)]
pub(crate) struct ProvedTokens {
    seed: RandomState,
    generations: Mutex<(Generation, Generation)>,
}

impl ProvedTokens {
    fn lock(&self) -> MutexGuard<'_, (Generation, Generation)> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, token: &str) -> u64 {
        self.seed.hash_one(&token.as_bytes()[token.len().saturating_sub(TAIL)..])
    }

    /// What was proved of this very token.
    pub(super) fn find(&self, token: &str) -> Option<Arc<ProvedToken>> {
        let place = self.place(token);
        let mut generations = self.lock();
        let (young, old) = &mut *generations;
        if let Some(found) = young.get(&place) {
            return (*found.token == *token).then(|| Arc::clone(found));
        }
        if old.get(&place).is_none_or(|found| *found.token != *token) {
            return None;
        }
        let found = old.remove(&place)?;
        insert(&mut generations, place, Arc::clone(&found));
        Some(found)
    }

    /// Keeps what was proved of a token.
    pub(super) fn keep(&self, token: &str, kid: String, access: VerifiedAccess) -> Caller {
        let caller = Caller::from_token(&access);
        let proved = ProvedToken { token: token.into(), kid, access, caller: caller.clone() };
        let place = self.place(token);
        insert(&mut self.lock(), place, Arc::new(proved));
        caller
    }

    /// Forgets a token that is over.
    pub(super) fn forget(&self, token: &str) {
        let place = self.place(token);
        let (young, old) = &mut *self.lock();
        for generation in [young, old] {
            generation.remove(&place);
        }
    }
}

fn insert((young, old): &mut (Generation, Generation), place: u64, proved: Arc<ProvedToken>) {
    if young.len() >= GENERATION {
        *old = mem::take(young);
    }
    young.insert(place, proved);
}

#[cfg(test)]
mod tests {
    use super::*;
    use identity::{AccessClaims, ClientAuth, Expect, SigningKey, Subject, VerifyingKey};
    use model::{AppId, ObjectId, Span, TenantId, Timestamp};
    use uuid::Uuid;

    fn access() -> VerifiedAccess {
        let (key, tenant) = (SigningKey::generate().unwrap(), TenantId::from_uuid(Uuid::from_u128(1)));
        let now = Timestamp::from_seconds(1_000_000);
        let claims = AccessClaims {
            audience: "us".to_owned(),
            origin: "https://localhost".to_owned(),
            tenant,
            oid: ObjectId::from_uuid(Uuid::from_u128(2)),
            app: AppId::from_uuid(Uuid::from_u128(3)),
            app_name: "App".to_owned(),
            client_auth: ClientAuth::Secret,
            roles: Vec::new(),
            issued_at: now,
            expires: now + Span::minutes(60),
            uti: "uti".to_owned(),
            subject: Subject::App { permissions: Vec::new() },
        };
        let token = identity::mint(&key, &claims).unwrap();
        let key = VerifyingKey { tenant, public: key.public().clone() };
        let expect =
            Expect { audiences: &["us".to_owned()], origins: &["https://localhost".to_owned()], now };
        identity::verify(&identity::parse(&token).unwrap(), &key, &expect).unwrap()
    }

    #[test]
    fn only_the_very_token_is_found_and_not_one_that_ends_like_it() {
        let (proved, access) = (ProvedTokens::default(), access());
        let tail = "x".repeat(TAIL);
        proved.keep(&format!("good{tail}"), "kid".to_owned(), access.clone());
        assert!(proved.find(&format!("good{tail}")).is_some_and(|found| found.access == access));
        for other in [format!("food{tail}"), format!("good{tail}x"), tail.clone(), String::new()] {
            assert!(proved.find(&other).is_none(), "{other}");
        }
        proved.forget(&format!("good{tail}"));
        assert!(proved.find(&format!("good{tail}")).is_none());
    }

    #[test]
    fn what_is_used_stays_and_the_rest_has_an_end() {
        let (proved, access) = (ProvedTokens::default(), access());
        for n in 0..5 * GENERATION {
            proved.keep(&n.to_string(), "kid".to_owned(), access.clone());
            assert!(proved.find("0").is_some(), "after {n}");
        }
        assert!(proved.find("1").is_none());
        let (young, old) = &*proved.lock();
        assert!(young.len() <= GENERATION && old.len() <= GENERATION);
    }
}
