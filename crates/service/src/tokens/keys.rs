//! The signing keys of a tenant.

use super::{blocking, last_token};
use crate::{Directory, authn::scope, record::Draft};
use identity::{PublicKey, SigningKey, VerifyingKey};
use model::{
    Cx, Error, Result, Span, TenantId, TenantScope, Timestamp,
    audit::{Activity, Initiator, Record, Target},
    mint_uuid,
};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use store::{ChangeSet, Decision};

/// The name under which key making is recorded.
const KEEPER: &str = "keys";

fn label(tenant: TenantId, kid: &str) -> String {
    format!("signing-key:{tenant}:{kid}")
}

/// How long a new key is only shown before it signs, unless it is wanted at once: clients may keep the key document for a day.
const SHOWN: Span = Span::hours(24);

/// Does this key sign? A key that is shown ahead of its time does not yet.
fn signs(key: &store::SigningKey, now: Timestamp) -> bool {
    key.created <= now && key.retired.is_none_or(|retired| now < retired)
}

/// May a token of this key still be good?
fn verifies(key: &store::SigningKey, now: Timestamp) -> bool {
    key.retired.is_none_or(|retired| now < last_token(retired))
}

/// How long a key signs before another one takes over by itself.
const KEY_LIFE: Span = Span::days(90);
/// The name of the lease.
const LEASE: &str = "keys";

/// Is it time to show the key that takes over?
fn is_due(keys: &[store::SigningKey], now: Timestamp) -> bool {
    let old = |key: &store::SigningKey| now.since(key.created) >= KEY_LIFE.since(SHOWN);
    let takes_over = keys.iter().any(|key| key.created > now);
    !takes_over && keys.iter().any(|key| signs(key, now) && old(key))
}

/// How long the document of all tenants' keys is kept.
const KEPT: Span = Span::seconds(10);

fn made(draft: Draft, key: &store::SigningKey) -> Record {
    draft.on(Target::thing("Other", &key.kid, "Signing key")).done()
}

/// Removes keys that prove nothing any more; the others.
fn remove_dead(
    changes: &mut ChangeSet,
    scope: TenantScope,
    stored: Vec<store::SigningKey>,
    now: Timestamp,
) -> Vec<store::SigningKey> {
    let (live, dead): (Vec<_>, Vec<_>) = stored.into_iter().partition(|key| verifies(key, now));
    for key in dead {
        changes.delete_signing_key(scope, &key.kid);
    }
    live
}

/// From when on the fresh key signs, no other does.
fn take_over(
    changes: &mut ChangeSet,
    scope: TenantScope,
    stored: Vec<store::SigningKey>,
    fresh: &store::SigningKey,
    now: Timestamp,
) {
    let from = fresh.created;
    for key in remove_dead(changes, scope, stored, now) {
        if key.retired.is_none_or(|retired| from < retired) {
            changes.retire_signing_key(scope, &key.kid, from);
        }
    }
    changes.insert_signing_key(scope, fresh);
}

impl Directory {
    /// The key that proves tokens of this tenant with this key id, if it still does.
    pub(super) async fn verifying_key(
        &self,
        cx: &Cx,
        tenant: TenantId,
        kid: &str,
    ) -> Result<Option<VerifyingKey>> {
        let stored = self.store().read(scope(tenant), |reader| reader.shared_signing_keys()).await?;
        let Some(stored) = stored.iter().find(|key| key.kid == kid && verifies(key, cx.now)) else {
            return Ok(None);
        };
        let key = self.open_key(tenant, stored).await?;
        Ok(Some(VerifyingKey { tenant, public: key.public().clone() }))
    }

    /// Does this key of the tenant still prove tokens?
    pub(super) async fn key_counts(&self, cx: &Cx, tenant: TenantId, kid: &str) -> Result<bool> {
        let stored = self.store().read(scope(tenant), |reader| reader.shared_signing_keys()).await?;
        Ok(stored.iter().any(|key| key.kid == kid && verifies(key, cx.now)))
    }

    /// The public keys that tokens of this tenant may be signed with.
    pub(super) async fn public_keys(&self, cx: &Cx, tenant: TenantId) -> Result<Vec<PublicKey>> {
        let stored = self.store().read(scope(tenant), |reader| reader.shared_signing_keys()).await?;
        let mut keys = Vec::new();
        for key in stored.iter().filter(|key| verifies(key, cx.now)) {
            keys.push(self.open_key(tenant, key).await?.public().clone());
        }
        Ok(keys)
    }

    /// The key that signs for this tenant now; the first is made at first use.
    pub(super) async fn signing_key(&self, cx: &Cx, tenant: TenantId) -> Result<Arc<SigningKey>> {
        if let Some(key) = self.current_key(cx, tenant).await? {
            return Ok(key);
        }
        // One maker at a time: whoever waited here mostly finds the key made.
        let _permit = self.hashing_permit().await?;
        if let Some(key) = self.current_key(cx, tenant).await? {
            return Ok(key);
        }
        let fresh = self.new_key(cx, tenant, cx.now).await?;
        let record = made(Draft::by_system(cx, Activity::AddSigningKey, KEEPER), &fresh);
        let now = cx.now;
        let winner = self
            .store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                reader.tenant()?;
                if let Some(other) = reader.signing_keys()?.into_iter().find(|key| signs(key, now)) {
                    return Decision::done(changes, other);
                }
                changes.insert_signing_key(scope(tenant), &fresh).record(record.clone());
                Decision::done(changes, fresh.clone())
            })
            .await?;
        self.forget_common_keys();
        self.open_key(tenant, &winner).await
    }

    /// A new key that signs from then on.
    async fn new_key(&self, cx: &Cx, tenant: TenantId, from: Timestamp) -> Result<store::SigningKey> {
        let fresh = blocking(SigningKey::generate).await?;
        let kid = fresh.public().kid().to_owned();
        let sealed = self.master().seal(&label(tenant, &kid), &fresh.to_pkcs8()?, cx.random.as_ref())?;
        Ok(store::SigningKey { kid, sealed: hex::encode(sealed), created: from, retired: None })
    }

    /// Gives a tenant a new signing key: at once, or shown for a day before it signs. The keys before it go on proving what
    /// they signed until the last of that is over; keys of which nothing is left are removed. When the new key signs first.
    pub async fn rotate_key(&self, cx: &Cx, tenant: TenantId, at_once: bool) -> Result<Timestamp> {
        // Where nothing signs yet, nobody keeps a document without the new key.
        let at_once = at_once || self.current_key(cx, tenant).await?.is_none();
        let from = if at_once { cx.now } else { cx.now + SHOWN };
        let fresh = self.new_key(cx, tenant, from).await?;
        let record = made(Draft::new(cx, Activity::AddSigningKey, Initiator::Operator), &fresh);
        let (now, scope) = (cx.now, scope(tenant));
        self.store()
            .commit(scope, move |reader| {
                reader.tenant()?;
                let mut changes = ChangeSet::new();
                take_over(&mut changes, scope, reader.signing_keys()?, &fresh, now);
                changes.record(record.clone());
                Decision::done(changes, ())
            })
            .await?;
        self.forget_common_keys();
        Ok(from)
    }

    /// Shows a new key for each tenant whose key has signed for long enough, a day before that takes over, and removes keys of
    /// which nothing is left. Safe to run at any time and on several servers. How many keys were made.
    pub async fn key_pass(&self) -> Result<u64> {
        let holder = mint_uuid(self.own_cx().random.as_ref());
        let mut made = 0;
        for tenant in self.list_tenants().await? {
            let cx = self.own_cx();
            let stored = self.store().read(scope(tenant.id), |reader| reader.signing_keys()).await?;
            let due = is_due(&stored, cx.now);
            if !due && stored.iter().all(|key| verifies(key, cx.now)) {
                continue;
            }
            // Taken anew for each, because making a key takes a while.
            if !self.take_lease(LEASE, holder).await? {
                return Ok(made);
            }
            made += u64::from(self.tend_keys(&cx, tenant.id, due).await?);
        }
        self.release_lease(LEASE, holder).await?;
        Ok(made)
    }

    /// Removes dead keys of one tenant, and makes the one that is due; says whether it was made.
    async fn tend_keys(&self, cx: &Cx, tenant: TenantId, due: bool) -> Result<bool> {
        let fresh = if due { Some(self.new_key(cx, tenant, cx.now + SHOWN).await?) } else { None };
        let (cx, scope) = (cx.clone(), scope(tenant));
        let made = self
            .store()
            .commit(scope, move |reader| {
                let stored = reader.signing_keys()?;
                let mut changes = ChangeSet::new();
                let fresh = fresh.as_ref().filter(|_| is_due(&stored, cx.now));
                match fresh {
                    Some(fresh) => {
                        take_over(&mut changes, scope, stored, fresh, cx.now);
                        changes.record(made(Draft::by_system(&cx, Activity::AddSigningKey, KEEPER), fresh));
                    }
                    None => drop(remove_dead(&mut changes, scope, stored, cx.now)),
                }
                Decision::done(changes, fresh.is_some())
            })
            .await?;
        self.forget_common_keys();
        Ok(made)
    }

    /// The document of all tenants' keys, made anew after a few seconds, and at once when this server makes a key: strangers
    /// may ask for it as often as they like.
    pub(super) async fn common_keys(&self, cx: &Cx) -> Result<Arc<Value>> {
        let kept = self.inner.common_keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, document)) = kept
            && cx.now >= at
            && cx.now.since(at) < KEPT
        {
            return Ok(document);
        }
        let issuer = format!("{}/{{tenantid}}/v2.0", self.origin());
        let mut keys = Vec::new();
        for tenant in self.list_tenants().await? {
            keys.extend(self.public_keys(cx, tenant.id).await?.iter().map(|key| key.jwk(&issuer)));
        }
        let document = Arc::new(json!({ "keys": keys }));
        let kept = Some((cx.now, Arc::clone(&document)));
        *self.inner.common_keys.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(document)
    }

    fn forget_common_keys(&self) {
        *self.inner.common_keys.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn current_key(&self, cx: &Cx, tenant: TenantId) -> Result<Option<Arc<SigningKey>>> {
        let stored = self.store().read(scope(tenant), |reader| reader.shared_signing_keys()).await?;
        match stored.iter().find(|key| signs(key, cx.now)) {
            Some(stored) => self.open_key(tenant, stored).await.map(Some),
            None => Ok(None),
        }
    }

    /// Opens a stored key once; what is kept is a pure function of what is stored under its id.
    async fn open_key(&self, tenant: TenantId, stored: &store::SigningKey) -> Result<Arc<SigningKey>> {
        let opened = || self.inner.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let known = opened().get(&tenant).and_then(|keys| keys.get(&stored.kid)).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let sealed = hex::decode(&stored.sealed)
            .map_err(|_| Error::internal("a stored signing key is not hexadecimal"))?;
        let plain = self.master().open(&label(tenant, &stored.kid), &sealed)?;
        let key = Arc::new(blocking(move || SigningKey::from_pkcs8(&plain)).await?);
        opened().entry(tenant).or_default().insert(stored.kid.clone(), Arc::clone(&key));
        Ok(key)
    }

    /// A place among the few that may work hard at once.
    pub(crate) async fn hashing_permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        let permit = self.inner.hashing.acquire().await;
        permit.map_err(|_| Error::internal("the limit of hard work was closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_key_proves_its_last_token_and_no_later_one() {
        let retired = Timestamp::from_seconds(1_000_000);
        let key = store::SigningKey {
            kid: "k".into(),
            sealed: String::new(),
            created: Timestamp::EPOCH,
            retired: Some(retired),
        };
        assert!(signs(&key, retired - model::Span::seconds(1)) && !signs(&key, retired));
        assert!(verifies(&key, retired + model::Span::minutes(64)));
        assert!(!verifies(&key, retired + model::Span::minutes(65)));
    }

    #[test]
    fn a_key_is_replaced_when_it_has_signed_for_long_and_nothing_else_waits_to() {
        let now = Timestamp::from_seconds(100_000_000);
        let key = |created: Timestamp, retired| store::SigningKey {
            kid: "k".into(),
            sealed: String::new(),
            created,
            retired,
        };
        let old = now - Span::days(89);
        assert!(is_due(&[key(old, None)], now));
        assert!(!is_due(&[key(old + Span::seconds(1), None)], now));
        assert!(!is_due(&[], now), "the first is made at first use");
        assert!(!is_due(&[key(old, Some(now + SHOWN)), key(now + SHOWN, None)], now));
        assert!(!is_due(&[key(old, Some(now)), key(now, None)], now));
    }

    #[test]
    fn a_key_that_is_shown_ahead_of_its_time_proves_and_does_not_sign_yet() {
        let from = Timestamp::from_seconds(1_000_000);
        let key = store::SigningKey { kid: "k".into(), sealed: String::new(), created: from, retired: None };
        let before = from - Span::seconds(1);
        assert!(!signs(&key, before) && verifies(&key, before) && signs(&key, from));
    }
}
