//! The token endpoint: what each grant gives, and what it costs to use one twice.

use super::{
    GRAPH_URL, OAuthFault, TOKEN_LIFE, TokenAnswer, TokenRequest,
    client::{Client, Refusal},
    is_any,
    scope::{Asked, Resource},
};
use crate::{
    Directory,
    authn::{delegated_grants, home_generation, is_active, scope},
    border, connections,
    record::Draft,
};
use identity::{AccessClaims, ClientAuth, IdClaims, Secret, Subject};
use model::{
    AppId, Cx, Home, Result, Span, TenantId, Timestamp, User,
    audit::{Activity, Initiator, Record},
    authz::{Permission, Role},
    collaboration::Border,
    mint_uuid,
};
use store::{
    App, Authorization, ChangeSet, Decision, DirectConnection, GrantKind, Reader, RefreshToken, SignInKind,
};
use uuid::Uuid;

/// How long a sign-in to an app lasts at most.
const LONGEST: Span = Span::days(90);
/// How long a refresh token is good for unless it is used.
const IDLE: Span = Span::days(14);
/// How far ahead an authorization may be dated; more, and it was begun under a clock that has been set right since.
const AHEAD: Span = Span::minutes(5);

/// What a person's tokens are made of.
#[derive(Clone)]
pub(super) struct Granted {
    app: App,
    auth: ClientAuth,
    user: User,
    /// How the person got in, where there is no user object.
    connection: Option<DirectConnection>,
    home_generation: Option<i64>,
    authorization: Uuid,
    roles: Vec<Role>,
    asked: Asked,
    permissions: Vec<Permission>,
    authenticated: Timestamp,
    nonce: Option<String>,
    refresh: Option<String>,
}

impl Granted {
    /// Notes that the person signed in.
    fn note(&self, changes: &mut ChangeSet, cx: &Cx, kind: SignInKind) {
        let scope = scope(self.user.tenant);
        match &self.connection {
            None => changes.note_sign_in(scope, self.user.id, kind, (cx.now, cx.request)),
            Some(connection) => {
                changes.connect(scope, &DirectConnection { last: cx.now, ..connection.clone() }, self.app.id)
            }
        };
    }
}

/// What a decision comes to: tokens, or why there are none.
type Outcome = Result<Granted, OAuthFault>;

/// A value that leads to a row of a tenant and is good once: `{tenant}.{secret}`.
pub(super) fn write_handle(tenant: TenantId, secret: &Secret) -> String {
    format!("{tenant}.{}", secret.expose())
}

fn read_handle(text: &str) -> Option<(TenantId, String)> {
    let (tenant, secret) = text.split_once('.')?;
    Some((tenant.parse().ok()?, identity::hash_secret(secret)))
}

fn needed<'r>(value: &'r Option<String>, name: &str) -> Result<&'r str, OAuthFault> {
    value.as_deref().filter(|text| !text.is_empty()).ok_or_else(|| OAuthFault::missing(name))
}

/// A new authorization of a person who is present; `direct`: without a user object.
pub(super) fn begin(
    reader: &Reader<'_>,
    cx: &Cx,
    (app, direct): (AppId, bool),
    user: &User,
    asked: &str,
    authenticated: Timestamp,
) -> Result<Authorization> {
    Ok(Authorization {
        id: mint_uuid(cx.random.as_ref()),
        app,
        user: user.id,
        direct,
        generation: user.generation,
        home_generation: home_generation(reader, user)?,
        scope: asked.to_owned(),
        authenticated,
        created: cx.now,
        expires: cx.now + LONGEST,
        revoked: None,
        by_device: false,
    })
}

/// Adds a refresh token, if the app asked to act while the person is away.
pub(super) fn add_refresh(
    changes: &mut ChangeSet,
    cx: &Cx,
    tenant: TenantId,
    authorization: &Authorization,
) -> String {
    let secret = Secret::generate(cx.random.as_ref());
    changes.insert_refresh_token(
        scope(tenant),
        &RefreshToken {
            hash: secret.hash(),
            authorization: authorization.id,
            user: authorization.user,
            created: cx.now,
            expires: (cx.now + IDLE).min(authorization.expires),
            used: None,
        },
    );
    write_handle(tenant, &secret)
}

/// Who is behind an authorization, and over which connection if there is no account.
type Behind = (User, Option<DirectConnection>);

/// The account behind an authorization, if it is still what it was.
fn account(reader: &Reader<'_>, authorization: &Authorization) -> Result<Result<Behind, OAuthFault>> {
    if authorization.direct {
        return connected(reader, authorization);
    }
    let Some(user) = reader.live_user(authorization.user)? else { return Ok(Err(OAuthFault::user_gone())) };
    if !is_active(reader, &user)? {
        return Ok(Err(OAuthFault::user_disabled()));
    }
    let same = user.generation == authorization.generation
        && home_generation(reader, &user)? == authorization.home_generation;
    Ok(if same { Ok((user, None)) } else { Err(OAuthFault::revoked()) })
}

/// The same where there is a connection only: what both sides allow is judged with it.
fn connected(reader: &Reader<'_>, authorization: &Authorization) -> Result<Result<Behind, OAuthFault>> {
    let Some((connection, user)) = connections::bearer(reader, authorization.user, authorization.app)? else {
        return Ok(Err(OAuthFault::barred()));
    };
    let same = home_generation(reader, &user)? == authorization.home_generation;
    Ok(if same { Ok((user, Some(connection))) } else { Err(OAuthFault::revoked()) })
}

impl Directory {
    /// The token endpoint (RFC 6749, section 3.2). A refusal within a tenant is recorded there, up to 60 a minute.
    pub async fn issue_token(
        &self,
        cx: &Cx,
        origin: &str,
        request: TokenRequest,
    ) -> Result<TokenAnswer, OAuthFault> {
        if let Some(name) = &request.duplicate {
            return Err(OAuthFault::duplicate(name));
        }
        let network = request.network.clone();
        let answer = match request.grant_type.as_deref() {
            None | Some("") => Err(OAuthFault::missing("grant_type")),
            Some("client_credentials") => self.app_token(cx, origin, request).await,
            Some("authorization_code") => self.redeem_code(cx, origin, request).await,
            Some("refresh_token") => self.refresh(cx, origin, request).await,
            Some("urn:ietf:params:oauth:grant-type:device_code" | "device_code") => {
                self.device_token(cx, origin, request).await
            }
            Some(_) => Err(OAuthFault::unsupported_grant()),
        };
        // Counted behind the judgement: an app with the right credentials is never kept waiting for what others of its network do.
        match (answer, network) {
            (Err(fault), Some(network)) if fault.error == "invalid_client" => {
                Err(if self.is_flooding(cx, &network) { OAuthFault::throttled() } else { fault })
            }
            (answer, _) => answer,
        }
    }

    /// The tenant that a handle leads to, if it may be used at this address.
    async fn tenant_of_handle(&self, named: &str, handle: &str) -> Result<(TenantId, String), OAuthFault> {
        let (tenant, hash) = read_handle(handle).ok_or_else(OAuthFault::invalid_grant)?;
        if is_any(named) {
            return Ok((tenant, hash));
        }
        match self.resolve_tenant(named).await? {
            None => Err(OAuthFault::unknown_tenant(named)),
            Some(at) if at == tenant => Ok((tenant, hash)),
            Some(_) => Err(OAuthFault::invalid_grant()),
        }
    }

    pub(super) fn read_scope(&self, text: &str) -> Result<Asked, OAuthFault> {
        Asked::read(text, &|name| self.resource_of(name))
    }

    /// What a request asks for: `scope`, or `resource` on the v1 endpoint; else what the authorization was for.
    fn asked(&self, request: &TokenRequest, authorization: &Authorization) -> Result<Asked, OAuthFault> {
        let named = request.scope.as_deref().map(str::trim).filter(|scope| !scope.is_empty());
        let resource = request.resource.as_deref().filter(|resource| !resource.is_empty());
        let mut asked = match (named, resource) {
            (Some(scope), _) => self.read_scope(scope)?,
            (None, Some(resource)) => self.read_scope(&format!("{}/.default", resource.trim()))?,
            (None, None) => self.read_scope(&authorization.scope)?,
        };
        if named.is_none() {
            asked.openid = self.read_scope(&authorization.scope)?.openid;
        }
        Ok(asked)
    }

    /// Everything about a person's tokens but the new refresh token.
    fn prepare(
        &self,
        reader: &Reader<'_>,
        client: &Client,
        request: &TokenRequest,
        authorization: &Authorization,
    ) -> Result<Outcome> {
        let (user, connection) = match account(reader, authorization)? {
            Ok(behind) => behind,
            Err(fault) => return Ok(Err(fault)),
        };
        let asked = match self.asked(request, authorization) {
            Ok(asked) => asked,
            Err(fault) => return Ok(Err(fault)),
        };
        let granted = if connection.is_some() {
            // A connection opens the app and nothing of the directory: what else was asked for is left out of the answer.
            Vec::new()
        } else {
            if border::check(reader, &user.home, Border::Collaboration, Some(client.app.id))?.is_err() {
                return Ok(Err(OAuthFault::barred()));
            }
            let granted = delegated_grants(reader, client.app.id, user.id)?;
            if !asked.missing(&granted).is_empty() {
                return Ok(Err(OAuthFault::no_consent(client.app.id)));
            }
            granted
        };
        Ok(Ok(Granted {
            app: client.app.clone(),
            connection,
            auth: client.auth,
            home_generation: authorization.home_generation,
            authorization: authorization.id,
            roles: reader.roles(user.id)?,
            permissions: asked.of(&granted),
            asked,
            authenticated: authorization.authenticated,
            nonce: None,
            refresh: None,
            user,
        }))
    }

    async fn redeem_code(
        &self,
        cx: &Cx,
        origin: &str,
        request: TokenRequest,
    ) -> Result<TokenAnswer, OAuthFault> {
        let code = needed(&request.code, "code")?;
        needed(&request.redirect_uri, "redirect_uri")?;
        let (tenant, hash) = self.tenant_of_handle(&request.tenant, code).await?;
        let (own, at) = (self.clone(), cx.clone());
        let form = Form::of(&request);
        let granted = self
            .store()
            .commit(scope(tenant), move |reader| own.decide_code(reader, &at, &request, &hash))
            .await??;
        self.answer(cx, origin, form, granted).await
    }

    fn decide_code(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        request: &TokenRequest,
        hash: &str,
    ) -> Result<Decision<Outcome>> {
        let client = match self.prove_client(reader, cx, request, false)? {
            Ok(client) => client,
            Err(refusal) => return self.refused(reader, cx, ChangeSet::new(), request, refusal),
        };
        let mut changes = ChangeSet::new();
        client.note(&mut changes, reader);
        let app = Some(client.app.clone());
        let refuse =
            |changes, fault| self.refused(reader, cx, changes, request, Refusal { fault, app: app.clone() });
        let tenant = scope(reader.tenant_id());
        let Some(code) = reader.authorization_code(hash)? else {
            return refuse(changes, OAuthFault::invalid_grant());
        };
        let begun = reader.authorization(code.authorization)?.filter(|begun| begun.app == client.app.id);
        let Some(begun) = begun else { return refuse(changes, OAuthFault::invalid_grant()) };
        if code.used.is_some() {
            changes.revoke_authorization(tenant, begun.id, cx.now);
            return refuse(changes, OAuthFault::code_used());
        }
        if cx.now >= code.expires || begun.created.since(cx.now) > AHEAD {
            return refuse(changes, OAuthFault::code_expired());
        }
        if request.redirect_uri.as_deref() != Some(code.redirect_uri.as_str()) {
            return refuse(changes, OAuthFault::invalid_grant());
        }
        let verifier = request.code_verifier.as_deref().filter(|verifier| !verifier.is_empty());
        let proved = match (&code.challenge, verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => {
                let own = identity::code_challenge(verifier);
                identity::equal(own.as_bytes(), challenge.as_bytes())
            }
            // A verifier without a challenge: somebody took the challenge out of the request.
            _ => false,
        };
        if !proved {
            return refuse(changes, OAuthFault::wrong_verifier());
        }
        if begun.revoked.is_some() {
            return refuse(changes, OAuthFault::revoked());
        }
        let mut granted = match self.prepare(reader, &client, request, &begun)? {
            Ok(granted) => granted,
            Err(fault) => return refuse(changes, fault),
        };
        changes.use_authorization_code(tenant, hash, cx.now).guard_authorization(tenant, &begun);
        granted.nonce = code.nonce;
        self.settle(&mut changes, cx, &mut granted, &begun);
        Decision::done(changes, Ok(granted))
    }

    /// The first tokens of an authorization: the sign-in is recorded, and the app may get a refresh token.
    fn settle(&self, changes: &mut ChangeSet, cx: &Cx, granted: &mut Granted, begun: &Authorization) {
        let user = &granted.user;
        let offline = self.read_scope(&begun.scope).is_ok_and(|asked| asked.openid.offline_access);
        if offline {
            granted.refresh = Some(add_refresh(changes, cx, user.tenant, begun));
        }
        let record = Draft::by_user(cx, Activity::SignIn, user, Some(granted.app.id)).on_user(cx, user);
        changes.record(record.detail("app", granted.app.id).done());
        granted.note(changes, cx, SignInKind::Interactive);
    }

    async fn refresh(&self, cx: &Cx, origin: &str, request: TokenRequest) -> Result<TokenAnswer, OAuthFault> {
        let token = needed(&request.refresh_token, "refresh_token")?;
        let (tenant, hash) = self.tenant_of_handle(&request.tenant, token).await?;
        let (own, at) = (self.clone(), cx.clone());
        let form = Form::of(&request);
        let granted = self
            .store()
            .commit(scope(tenant), move |reader| own.decide_refresh(reader, &at, &request, &hash))
            .await??;
        self.answer(cx, origin, form, granted).await
    }

    fn decide_refresh(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        request: &TokenRequest,
        hash: &str,
    ) -> Result<Decision<Outcome>> {
        let client = match self.prove_client(reader, cx, request, false)? {
            Ok(client) => client,
            Err(refusal) => return self.refused(reader, cx, ChangeSet::new(), request, refusal),
        };
        let mut changes = ChangeSet::new();
        client.note(&mut changes, reader);
        let app = Some(client.app.clone());
        let refuse =
            |changes, fault| self.refused(reader, cx, changes, request, Refusal { fault, app: app.clone() });
        let tenant = scope(reader.tenant_id());
        let Some(token) = reader.refresh_token(hash)? else {
            return refuse(changes, OAuthFault::invalid_grant());
        };
        let begun = reader.authorization(token.authorization)?.filter(|begun| begun.app == client.app.id);
        let Some(begun) = begun else { return refuse(changes, OAuthFault::invalid_grant()) };
        if begun.revoked.is_some() {
            return refuse(changes, OAuthFault::revoked());
        }
        if token.used.is_some() {
            // Somebody has a copy; who of the two is the thief, nobody can tell.
            changes.revoke_authorization(tenant, begun.id, cx.now);
            return refuse(changes, OAuthFault::token_used());
        }
        if cx.now >= begun.expires || begun.created.since(cx.now) > AHEAD {
            return refuse(changes, OAuthFault::code_expired());
        }
        if cx.now >= token.expires {
            return refuse(changes, OAuthFault::token_idle());
        }
        let mut granted = match self.prepare(reader, &client, request, &begun)? {
            Ok(granted) => granted,
            Err(fault) => return refuse(changes, fault),
        };
        changes.use_refresh_token(tenant, hash, cx.now).guard_authorization(tenant, &begun);
        granted.note(&mut changes, cx, SignInKind::Silent);
        granted.refresh = Some(add_refresh(&mut changes, cx, reader.tenant_id(), &begun));
        Decision::done(changes, Ok(granted))
    }

    /// The tokens of a person who let a device act, unless they have thought better of it since.
    pub(super) fn grant_device(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        request: &TokenRequest,
        authorization: Uuid,
    ) -> Result<Decision<Outcome>> {
        let client = match self.prove_client(reader, cx, request, false)? {
            Ok(client) => client,
            Err(refusal) => return self.refused(reader, cx, ChangeSet::new(), request, refusal),
        };
        let mut changes = ChangeSet::new();
        client.note(&mut changes, reader);
        let app = Some(client.app.clone());
        let refuse =
            |changes, fault| self.refused(reader, cx, changes, request, Refusal { fault, app: app.clone() });
        let begun = reader.authorization(authorization)?.filter(|begun| begun.app == client.app.id);
        let Some(begun) = begun else { return refuse(changes, OAuthFault::invalid_grant()) };
        if begun.revoked.is_some() {
            return refuse(changes, OAuthFault::revoked());
        }
        // What the person saw and approved is what the device gets.
        let request = TokenRequest { scope: None, resource: None, ..request.clone() };
        let mut granted = match self.prepare(reader, &client, &request, &begun)? {
            Ok(granted) => granted,
            Err(fault) => return refuse(changes, fault),
        };
        changes.guard_authorization(scope(reader.tenant_id()), &begun);
        self.settle(&mut changes, cx, &mut granted, &begun);
        Decision::done(changes, Ok(granted))
    }

    /// Refuses, and records it as long as it is one of the first of its minute.
    pub(super) fn refused<T>(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        mut changes: ChangeSet,
        request: &TokenRequest,
        refusal: Refusal,
    ) -> Result<Decision<Result<T, OAuthFault>>> {
        if self.may_record(cx, reader.tenant_id()) {
            changes.record(refusal_record(cx, request, &refusal));
        }
        Decision::done(changes, Err(refusal.fault))
    }

    /// Gives an app a token of its own (RFC 6749, section 4.4).
    async fn app_token(
        &self,
        cx: &Cx,
        origin: &str,
        request: TokenRequest,
    ) -> Result<TokenAnswer, OAuthFault> {
        if is_any(&request.tenant) || request.tenant.eq_ignore_ascii_case("consumers") {
            return Err(OAuthFault::no_tenant());
        }
        let unknown = || OAuthFault::unknown_tenant(&request.tenant);
        let tenant = match request.tenant.parse::<TenantId>() {
            Ok(id) => id,
            Err(_) => self.resolve_tenant(&request.tenant).await?.ok_or_else(unknown)?,
        };
        let form = Form::of(&request);
        let judged = self
            .store()
            .read(scope(tenant), |reader| match self.judge_app(reader, cx, &request)? {
                // Where an app is, an organisation is; only without one it has to be looked for.
                Err(_) if reader.find_tenant()?.is_none() => Ok(None),
                judged => Ok(Some(judged)),
            })
            .await?;
        let proved = match judged.ok_or_else(unknown)? {
            Err(refusal) => return Err(self.record_refusal(cx, tenant, &request, refusal).await?),
            // A secret is used up by nothing, so reading is enough.
            Ok(proved) if proved.client.auth == ClientAuth::Secret => proved,
            Ok(_) => {
                let (own, at) = (self.clone(), cx.clone());
                let decide = move |reader: &Reader<'_>| match own.judge_app(reader, &at, &request)? {
                    Ok(proved) => {
                        let mut changes = ChangeSet::new();
                        proved.client.note(&mut changes, reader);
                        Decision::done(changes, Ok(proved))
                    }
                    Err(refusal) => own.refused(reader, &at, ChangeSet::new(), &request, refusal),
                };
                self.store().commit(scope(tenant), decide).await??
            }
        };
        let Proved { client, permissions, resource } = proved;
        let claims = AccessClaims {
            audience: resource.audience().to_owned(),
            origin: origin.to_owned(),
            tenant,
            oid: client.app.object,
            app: client.app.id,
            app_name: client.app.name,
            client_auth: client.auth,
            roles: Vec::new(),
            issued_at: cx.now,
            expires: cx.now + TOKEN_LIFE,
            uti: identity::token_id(cx.random.as_ref()),
            subject: Subject::App { permissions },
        };
        let access_token = self.sign(cx, tenant, claims).await?;
        Ok(TokenAnswer::new(access_token, form.resource.map(|name| (name, cx.now))))
    }

    async fn record_refusal(
        &self,
        cx: &Cx,
        tenant: TenantId,
        request: &TokenRequest,
        refusal: Refusal,
    ) -> Result<OAuthFault> {
        if self.may_record(cx, tenant) {
            let record = refusal_record(cx, request, &refusal);
            let decide = move |_: &Reader<'_>| {
                let mut changes = ChangeSet::new();
                changes.record(record.clone());
                Decision::done(changes, ())
            };
            self.store().commit(scope(tenant), decide).await?;
        }
        Ok(refusal.fault)
    }

    fn judge_app(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        request: &TokenRequest,
    ) -> Result<Result<Proved, Refusal>> {
        let client = match self.prove_client(reader, cx, request, true)? {
            Ok(client) => client,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let resource = match self.requested_resource(request) {
            Ok(resource) => resource,
            Err(fault) => return Ok(Err(Refusal { fault, app: Some(client.app) })),
        };
        let permissions = match resource {
            Resource::Graph(_) => reader.grants(client.app.id, GrantKind::Application)?,
            Resource::Management => Vec::new(),
        };
        Ok(Ok(Proved { client, permissions, resource }))
    }

    /// The resource of a client credentials request: exactly one `{resource}/.default`, or `resource` on the v1 endpoint.
    fn requested_resource(&self, request: &TokenRequest) -> Result<Resource, OAuthFault> {
        let resource = match (request.scope.as_deref().map(str::trim), request.resource.as_deref()) {
            (Some(scope), _) if !scope.is_empty() => {
                let one =
                    if scope.contains(char::is_whitespace) { None } else { scope.strip_suffix("/.default") };
                one.ok_or_else(|| OAuthFault::wrong_scope(scope))?
            }
            (_, Some(resource)) if !resource.is_empty() => resource,
            _ => return Err(OAuthFault::missing("scope")),
        };
        self.resource_of(resource).ok_or_else(|| OAuthFault::unknown_resource(resource))
    }

    /// Signs what was decided.
    pub(super) async fn answer(
        &self,
        cx: &Cx,
        origin: &str,
        form: Form,
        granted: Granted,
    ) -> Result<TokenAnswer, OAuthFault> {
        let Granted { app, user, asked, permissions, .. } = &granted;
        let tenant = user.tenant;
        let claims = AccessClaims {
            audience: asked.resource.audience().to_owned(),
            origin: origin.to_owned(),
            tenant,
            oid: user.id,
            app: app.id,
            app_name: app.name.clone(),
            client_auth: granted.auth,
            roles: granted.roles.clone(),
            issued_at: cx.now,
            expires: cx.now + TOKEN_LIFE,
            uti: identity::token_id(cx.random.as_ref()),
            subject: self.subject(
                origin,
                user,
                app.id,
                asked.claim(permissions),
                (granted.home_generation, granted.authorization),
            ),
        };
        let access_token = self.sign(cx, tenant, claims).await?;
        let mut answer = TokenAnswer::new(access_token, form.resource.map(|name| (name, cx.now)));
        answer.scope = Some(asked.answer(permissions));
        if asked.openid.openid {
            let claims = self.id_claims(cx, origin, &granted);
            let key = self.signing_key(cx, tenant).await?;
            answer.id_token = Some(super::signers::signed(move || identity::mint_id(&key, &claims)).await?);
        }
        if form.client_info {
            answer.client_info = Some(client_info(user));
        }
        answer.refresh_token = granted.refresh;
        Ok(answer)
    }

    fn id_claims(&self, cx: &Cx, origin: &str, granted: &Granted) -> IdClaims {
        let Granted { app, user, asked, .. } = granted;
        IdClaims {
            app: app.id,
            origin: origin.to_owned(),
            tenant: user.tenant,
            oid: user.id,
            pairwise: self.pairwise(user, app.id),
            name: asked.openid.profile.then(|| user.display_name.clone()),
            username: asked.openid.profile.then(|| user.upn.clone()),
            email: user.mail.clone().filter(|_| asked.openid.email),
            home_issuer: super::home_issuer(origin, user),
            nonce: granted.nonce.clone(),
            authenticated_at: Some(granted.authenticated),
            issued_at: cx.now,
            expires: cx.now + TOKEN_LIFE,
            uti: identity::token_id(cx.random.as_ref()),
        }
    }
}

/// The home account by which MSAL keeps accounts apart: base64url of `{"uid","utid"}`.
fn client_info(user: &User) -> String {
    let (uid, utid) = match user.home {
        Home::Tenant { tenant, object } => (object, tenant),
        _ => (user.id, user.tenant),
    };
    identity::base64url(serde_json::json!({ "uid": uid, "utid": utid }).to_string().as_bytes())
}

/// How the answer is to look.
pub(super) struct Form {
    client_info: bool,
    /// The resource of a v1 request, which its answer repeats.
    resource: Option<String>,
}

impl Form {
    pub(super) fn of(request: &TokenRequest) -> Self {
        let resource = request.v1.then(|| {
            request.resource.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| GRAPH_URL.to_owned())
        });
        Self { client_info: request.client_info.as_deref() == Some("1"), resource }
    }
}

/// An app that proved itself, and what it may have.
#[derive(Clone)]
struct Proved {
    client: Client,
    permissions: Vec<Permission>,
    resource: Resource,
}

fn refusal_record(cx: &Cx, request: &TokenRequest, refusal: &Refusal) -> Record {
    let initiator = match &refusal.app {
        None => Initiator::Anonymous,
        Some(app) => Initiator::App { app: app.id, name: app.name.clone() },
    };
    let draft = Draft::new(cx, Activity::TokenRefused, initiator)
        .refused(&format!("AADSTS{}", refusal.fault.code))
        .detail("error", refusal.fault.error);
    // Only an id goes into the record: anything else might be somebody's name, or a secret in the wrong field.
    match request.credentials().0.map(|id| id.parse::<AppId>()) {
        Some(Ok(id)) => draft.detail("clientId", id).done(),
        _ => draft.done(),
    }
}
