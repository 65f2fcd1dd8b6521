//! Signing a device in by a code that a person enters elsewhere (RFC 8628).

use super::{
    OAuthFault, TokenAnswer, TokenRequest,
    authorize::{account_of, allow, is_app_administrator, may_consent},
    client::Refusal,
    grant::{Form, begin},
    is_any,
};
use crate::{
    Directory, SignedIn,
    authn::{delegated_grants, directory_scope, scope},
    record::Draft,
    second_factor,
};
use identity::Secret;
use model::{
    AppId, Cx, Error, Result, Span, TenantId, User,
    audit::{Activity, Initiator, Target},
    authz::Permission,
};
use serde::Serialize;
use store::{App, Authorization, ChangeSet, Decision, DeviceCode, DeviceState, Reader};
use uuid::Uuid;

/// How long a device may wait for its person.
const LIFE: Span = Span::minutes(15);
/// Seconds that a device must leave between two questions, to begin with.
const PAUSE: i64 = 5;
/// So much of a pause is forgiven: networks are not punctual.
const FORGIVEN: Span = Span::seconds(1);
/// So many wrong codes may a person enter within [`LIFE`].
const GUESSES: i64 = 10;
/// The path of the page where a person enters the code.
pub const DEVICE_PAGE: &str = "/devicelogin";

/// What the device authorization endpoint answers.
#[derive(Clone, Serialize)]
pub struct DeviceAnswer {
    /// What the person enters.
    pub user_code: String,
    /// What the device asks with.
    pub device_code: String,
    /// Where the person enters it.
    pub verification_uri: String,
    /// Seconds.
    pub expires_in: i64,
    /// Seconds between two questions.
    pub interval: i64,
    /// What to tell the person.
    pub message: String,
}

/// What the page says about a device that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceView {
    /// The name of the organisation.
    pub organization: String,
    /// The name of the app.
    pub app: String,
    /// What it would get in addition to what it has.
    pub missing: Vec<Permission>,
    /// It wants to act also while the person is away.
    pub offline: bool,
}

/// What became of a code that a person entered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeviceStep {
    /// There is no such code, or not any more.
    Unknown,
    /// Too many wrong codes.
    Throttled,
    /// The organisation does not allow it, or the account cannot use it there.
    NotAllowed,
    /// The app needs what only an administrator can allow.
    Administrator(Box<DeviceView>),
    /// The person is asked.
    Ask(Box<DeviceView>),
    /// The device was let in.
    Approved,
    /// The device was refused.
    Declined,
}

/// A device that may be let in: its app, its person, and what the app would get in addition.
struct Allowed {
    app: App,
    user: User,
    missing: Vec<Permission>,
}

/// A code as a person may write it: in any letter case, with or without the hyphen.
fn normal(user_code: &str) -> String {
    user_code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The app of a device in the tenant that a reader sees.
fn app_of(reader: &Reader<'_>, code: &DeviceCode) -> Result<Option<App>> {
    Ok(reader.app(code.app)?.filter(|app| app.enabled))
}

impl Directory {
    /// The device authorization endpoint: makes a pair of codes.
    pub async fn start_device(
        &self,
        cx: &Cx,
        origin: &str,
        request: &TokenRequest,
    ) -> Result<DeviceAnswer, OAuthFault> {
        if let Some(name) = &request.duplicate {
            return Err(OAuthFault::duplicate(name));
        }
        // Each start is a row that anybody can cause.
        if let Some(network) = request.network.as_deref().map(|network| format!("device:{network}"))
            && self.is_flooding(cx, &network)
        {
            return Err(OAuthFault::throttled());
        }
        let id = request.client_id.as_deref().unwrap_or_default();
        if id.is_empty() {
            return Err(OAuthFault::missing("client_id"));
        }
        let app: AppId = id.parse().map_err(|_| OAuthFault::unknown_app(id, &request.tenant))?;
        let asked = match (request.scope.as_deref().map(str::trim), request.resource.as_deref()) {
            (Some(scope), _) if !scope.is_empty() => scope.to_owned(),
            (_, Some(resource)) if !resource.is_empty() => {
                format!("{}/.default openid profile offline_access", resource.trim())
            }
            _ => return Err(OAuthFault::missing("scope")),
        };
        self.read_scope(&asked)?;
        let target = self.device_target(request, app).await?;
        let (device, user_code) =
            (Secret::generate(cx.random.as_ref()), identity::user_code(cx.random.as_ref()));
        let code = DeviceCode {
            hash: device.hash(),
            user_code: self.user_code_key(&user_code),
            target,
            app,
            scope: asked,
            expires: cx.now + LIFE,
            pause: PAUSE,
            polled: None,
            state: DeviceState::Pending,
        };
        self.store()
            .commit(directory_scope(), move |_| {
                let mut changes = ChangeSet::new();
                changes.insert_device_code(directory_scope(), &code);
                Decision::done(changes, ())
            })
            .await?;
        let page = format!("{origin}{DEVICE_PAGE}");
        Ok(DeviceAnswer {
            message: format!(
                "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
            ),
            user_code,
            device_code: device.expose().to_owned(),
            verification_uri: page,
            expires_in: LIFE.as_seconds(),
            interval: PAUSE,
        })
    }

    /// The tenant that a device names, where it names one; it must know the app and allow devices.
    async fn device_target(
        &self,
        request: &TokenRequest,
        app: AppId,
    ) -> Result<Option<TenantId>, OAuthFault> {
        if is_any(&request.tenant) {
            return Ok(None);
        }
        let found = self.resolve_tenant(&request.tenant).await?;
        let tenant = found.ok_or_else(|| OAuthFault::unknown_tenant(&request.tenant))?;
        let (known, allowed) = self
            .store()
            .read(scope(tenant), |reader| Ok((reader.app(app)?, reader.device_code_allowed()?)))
            .await?;
        match known {
            None => Err(OAuthFault::unknown_app(&app.to_string(), &request.tenant)),
            Some(known) if !known.enabled => Err(OAuthFault::disabled_app(app)),
            Some(_) if !allowed => Err(OAuthFault::device_off()),
            Some(_) => Ok(Some(tenant)),
        }
    }

    fn user_code_key(&self, user_code: &str) -> String {
        hex::encode(self.master().mac("device-user-code", normal(user_code).as_bytes()))
    }

    /// Finds the device that a person means. Wrong codes are counted by person, so that nobody can try them all.
    async fn device_of(
        &self,
        cx: &Cx,
        who: &SignedIn,
        user_code: &str,
    ) -> Result<Result<DeviceCode, DeviceStep>> {
        let key = self.user_code_key(user_code);
        let counter = hex::encode(self.master().mac("device-guesses", who.person.key().as_bytes()));
        let now = cx.now;
        self.store()
            .commit(directory_scope(), move |reader| {
                let mut changes = ChangeSet::new();
                let counted = reader.throttle(&counter)?.filter(|counted| now.since(counted.last) < LIFE);
                let guesses = counted.map_or(0, |counted| counted.failures);
                if guesses >= GUESSES {
                    return Decision::done(changes, Err(DeviceStep::Throttled));
                }
                let found = reader.device_code_by_user_code(&key)?;
                let waiting = found.filter(|code| now < code.expires && code.state == DeviceState::Pending);
                if waiting.is_none() {
                    changes.set_throttle(directory_scope(), &counter, guesses + 1, now);
                }
                Decision::done(changes, waiting.ok_or(DeviceStep::Unknown))
            })
            .await
    }

    /// What the page asks a person who entered a code.
    pub async fn view_device(&self, cx: &Cx, who: &SignedIn, user_code: &str) -> Result<DeviceStep> {
        let code = match self.device_of(cx, who, user_code).await? {
            Ok(code) => code,
            Err(step) => return Ok(step),
        };
        let Some(tenant) = code.target.or_else(|| who.home_tenant()) else {
            return Ok(DeviceStep::NotAllowed);
        };
        self.store()
            .read(scope(tenant), |reader| self.judge_device(reader, who, &code).map(|(step, _)| step))
            .await
    }

    /// The question to the person, and the app where it may be asked at all. Guests sign devices in at home only.
    fn judge_device(
        &self,
        reader: &Reader<'_>,
        who: &SignedIn,
        code: &DeviceCode,
    ) -> Result<(DeviceStep, Option<Allowed>)> {
        let user = account_of(reader, &who.person)?.filter(|user| !user.is_external());
        let (Some(app), Some(user), true) = (app_of(reader, code)?, user, reader.device_code_allowed()?)
        else {
            return Ok((DeviceStep::NotAllowed, None));
        };
        if second_factor::is_missing(reader, self, who, &user)? {
            return Ok((DeviceStep::NotAllowed, None));
        }
        let asked =
            self.read_scope(&code.scope).map_err(|_| Error::internal("a stored scope does not parse"))?;
        let missing = asked.missing(&delegated_grants(reader, app.id, user.id)?);
        let view = Box::new(DeviceView {
            organization: reader.tenant()?.name,
            app: app.name.clone(),
            missing: missing.clone(),
            offline: asked.openid.offline_access,
        });
        if may_consent(is_app_administrator(reader, &user)?, &missing) {
            Ok((DeviceStep::Ask(view), Some(Allowed { app, user, missing })))
        } else {
            Ok((DeviceStep::Administrator(view), None))
        }
    }

    /// The person lets the device in, or not.
    pub async fn decide_device(
        &self,
        cx: &Cx,
        who: &SignedIn,
        user_code: &str,
        approve: bool,
    ) -> Result<DeviceStep> {
        let code = match self.device_of(cx, who, user_code).await? {
            Ok(code) => code,
            Err(step) => return Ok(step),
        };
        if !approve {
            return self.move_device(cx, &code, DeviceState::Declined, DeviceStep::Declined).await;
        }
        let Some(tenant) = code.target.or_else(|| who.home_tenant()) else {
            return Ok(DeviceStep::NotAllowed);
        };
        let (own, at, person, waiting) = (self.clone(), cx.clone(), who.clone(), code.clone());
        let (step, begun) = self
            .store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let (step, may) = own.judge_device(reader, &person, &waiting)?;
                let Some(Allowed { app, user, missing }) = may else {
                    return Decision::done(changes, (step, None));
                };
                // Begun here and not when the device asks: whatever voids sign-ins from now on voids this one.
                let begun = Authorization {
                    by_device: true,
                    ..begin(reader, &at, (app.id, false), &user, &waiting.scope, person.authenticated)?
                };
                changes.guard_user(&user).insert_authorization(scope(tenant), &begun);
                allow(&mut changes, &at, &app, &user, &missing, false);
                Decision::done(changes, (step, Some(begun)))
            })
            .await?;
        match begun {
            None => Ok(step),
            Some(begun) => {
                let state = DeviceState::Approved {
                    tenant,
                    user: begun.user,
                    authenticated: begun.authenticated,
                    authorization: begun.id,
                };
                self.move_device(cx, &code, state, DeviceStep::Approved).await
            }
        }
    }

    async fn move_device(
        &self,
        cx: &Cx,
        code: &DeviceCode,
        state: DeviceState,
        done: DeviceStep,
    ) -> Result<DeviceStep> {
        let (code, now) = (code.clone(), cx.now);
        self.store()
            .commit(directory_scope(), move |reader| {
                let mut changes = ChangeSet::new();
                let stored = reader.device_code(&code.hash)?;
                let Some(stored) =
                    stored.filter(|code| now < code.expires && code.state == DeviceState::Pending)
                else {
                    return Decision::done(changes, DeviceStep::Unknown);
                };
                changes.move_device_code(directory_scope(), &stored, state);
                Decision::done(changes, done.clone())
            })
            .await
    }

    /// A device asks whether its person has decided; after a yes, exactly one answer holds tokens.
    pub(super) async fn device_token(
        &self,
        cx: &Cx,
        origin: &str,
        request: TokenRequest,
    ) -> Result<TokenAnswer, OAuthFault> {
        let text = request.device_code.as_deref().or(request.code.as_deref()).filter(|text| !text.is_empty());
        let hash = identity::hash_secret(text.ok_or_else(|| OAuthFault::missing("device_code"))?);
        let named = if is_any(&request.tenant) {
            None
        } else {
            let found = self.resolve_tenant(&request.tenant).await?;
            Some(found.ok_or_else(|| OAuthFault::unknown_tenant(&request.tenant))?)
        };
        let client = request.credentials().0.and_then(|id| id.parse::<AppId>().ok());
        let at = cx.clone();
        let (tenant, authorization) = self
            .store()
            .commit(directory_scope(), move |reader| poll(reader, &at, &hash, named, client))
            .await??;
        let (own, at) = (self.clone(), cx.clone());
        let form = Form::of(&request);
        let granted = self
            .store()
            .commit(scope(tenant), move |reader| {
                if !reader.device_code_allowed()? {
                    let refusal = Refusal { fault: OAuthFault::device_off(), app: None };
                    return own.refused(reader, &at, ChangeSet::new(), &request, refusal);
                }
                own.grant_device(reader, &at, &request, authorization)
            })
            .await??;
        self.answer(cx, origin, form, granted).await
    }

    /// Decides whether people of a tenant may sign devices in by a code. Doing it twice changes nothing.
    pub async fn allow_device_code(&self, cx: &Cx, tenant: TenantId, allowed: bool) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let found = reader.tenant()?;
                let mut changes = ChangeSet::new();
                let before = reader.device_code_allowed()?;
                if before != allowed {
                    let target = Target::thing("Directory", found.id, &found.name);
                    let record = Draft::new(&cx, Activity::SetCompanyInformation, Initiator::Operator)
                        .on(target)
                        .with("deviceCodeSignIn", Some(before.into()), Some(allowed.into()))
                        .done();
                    changes.set_device_code_allowed(scope(tenant), allowed).record(record);
                }
                Decision::done(changes, ())
            })
            .await
    }
}

type Approval = (TenantId, Uuid);

/// Judges one question of a device, and uses its approval up.
fn poll(
    reader: &Reader<'_>,
    cx: &Cx,
    hash: &str,
    named: Option<TenantId>,
    client: Option<AppId>,
) -> Result<Decision<Result<Approval, OAuthFault>>> {
    let mut changes = ChangeSet::new();
    let known = reader.device_code(hash)?.filter(|code| Some(code.app) == client);
    let Some(code) = known.filter(|code| named.is_none() || code.target.is_none() || code.target == named)
    else {
        return Decision::done(changes, Err(OAuthFault::device_unknown()));
    };
    if cx.now >= code.expires {
        return Decision::done(changes, Err(OAuthFault::device_expired()));
    }
    let refused = match code.state {
        DeviceState::Used => OAuthFault::device_unknown(),
        DeviceState::Declined => OAuthFault::device_declined(),
        DeviceState::Approved { tenant, authorization, .. } => {
            changes.move_device_code(directory_scope(), &code, DeviceState::Used);
            return Decision::done(changes, Ok((tenant, authorization)));
        }
        DeviceState::Pending => {
            let least = Span::seconds(code.pause).since(FORGIVEN);
            let early = code.polled.is_some_and(|polled| cx.now.since(polled) < least);
            let pause = if early { code.pause + PAUSE } else { code.pause };
            changes.touch_device_code(directory_scope(), &DeviceCode { polled: Some(cx.now), pause, ..code });
            if early { OAuthFault::device_too_fast(pause) } else { OAuthFault::device_pending() }
        }
    };
    Decision::done(changes, Err(refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_may_write_the_code_in_any_way() {
        for written in ["BCDF-GHJK", "bcdf-ghjk", " bcdf ghjk ", "BCDFGHJK"] {
            assert_eq!(normal(written), "BCDFGHJK");
        }
    }
}
