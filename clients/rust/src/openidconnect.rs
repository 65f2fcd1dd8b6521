//! The openidconnect crate: a web app and a device.

use std::{
    collections::HashMap,
    env,
    error::Error,
    process::{Child, Command, ExitCode, Stdio},
};

use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    RedirectUrl, RefreshToken, Scope, TokenResponse,
    core::{
        CoreClient, CoreDeviceAuthorizationResponse, CoreProviderMetadata, CoreResponseType,
        CoreTokenResponse, CoreUserInfoClaims,
    },
    reqwest,
};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A client as discovery leaves it.
type Discovered = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

const CALLBACK: &str = "http://localhost:8400/callback";

fn get(name: &str) -> Fallible<String> {
    env::var(name).map_err(|_| format!("the env file has no {name}").into())
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(acts()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("FAILED\t{error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn acts() -> Fallible<()> {
    // As the crate advises: nothing is followed that a provider says.
    let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;
    let issuer = IssuerUrl::new(format!("{}/{}/v2.0", get("AUTHORITY")?, get("TENANT_ID")?))?;
    let provider = CoreProviderMetadata::discover_async(issuer.clone(), &http).await?;
    println!("ok\tdiscovery");

    let app = CoreClient::from_provider_metadata(
        provider.clone(),
        ClientId::new(get("CLIENT_ID")?),
        Some(ClientSecret::new(get("CLIENT_SECRET")?)),
    );
    let (tokens, subject) = sign_in(&app, &http).await?;
    println!("ok\tauthorization code with PKCE");
    // The crate refuses what is told of anybody else.
    let _: CoreUserInfoClaims =
        app.user_info(tokens.access_token().clone(), Some(subject))?.request_async(&http).await?;
    println!("ok\twho signed in");
    let old = tokens.refresh_token().ok_or("no refresh token")?;
    let fresh =
        app.exchange_refresh_token(&RefreshToken::new(old.secret().clone()))?.request_async(&http).await?;
    if fresh.refresh_token().is_none_or(|new| new.secret() == old.secret()) {
        return Err("the refresh token was not replaced".into());
    }
    println!("ok\trefresh");

    // The crate does not read the address for devices from the document.
    let address = format!("{}/{}/oauth2/v2.0/devicecode", get("AUTHORITY")?, get("TENANT_ID")?);
    let device = CoreClient::from_provider_metadata(provider, ClientId::new(get("PUBLIC_CLIENT_ID")?), None)
        .set_device_authorization_url(DeviceAuthorizationUrl::new(address)?);
    let begun: CoreDeviceAuthorizationResponse = device
        .exchange_device_code()
        .add_scope(Scope::new("openid".into()))
        .add_scope(Scope::new("User.Read".into()))
        .request_async(&http)
        .await?;
    let mut page = person("ADMIN", begun.verification_uri(), "never:", Some(begun.user_code().secret()))?;
    let tokens: CoreTokenResponse =
        device.exchange_device_access_token(&begun)?.request_async(&http, tokio::time::sleep, None).await?;
    page.wait()?;
    tokens.id_token().ok_or("no id_token")?;
    println!("ok\tdevice code");
    Ok(())
}

/// A guest signs in to a web app, and the crate judges the id token.
async fn sign_in(
    app: &Discovered,
    http: &reqwest::Client,
) -> Fallible<(CoreTokenResponse, openidconnect::SubjectIdentifier)> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let app = app.clone().set_redirect_uri(RedirectUrl::new(CALLBACK.into())?);
    let mut request = app.authorize_url(
        AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
        CsrfToken::new_random,
        Nonce::new_random,
    );
    for scope in ["profile", "email", "offline_access", "User.Read"] {
        request = request.add_scope(Scope::new(scope.into()));
    }
    let (address, state, nonce) = request.set_pkce_challenge(challenge).url();
    let output = person("GUEST", address.as_str(), CALLBACK, None)?.wait_with_output()?;
    let end = reqwest::Url::parse(String::from_utf8(output.stdout)?.trim())?;
    let sent: HashMap<String, String> = end.query_pairs().into_owned().collect();
    if sent.get("state") != Some(state.secret()) {
        return Err(format!("another state: {end}").into());
    }
    let code = AuthorizationCode::new(sent.get("code").ok_or("no code")?.clone());
    let tokens = app.exchange_code(code)?.set_pkce_verifier(verifier).request_async(http).await?;
    let id = tokens.id_token().ok_or("no id_token")?;
    let claims = id.claims(&app.id_token_verifier(), &nonce)?;
    let subject = claims.subject().clone();
    Ok((tokens, subject))
}

/// A person at a browser without script opens an address; where that ends is printed.
fn person(who: &str, address: &str, end: &str, code: Option<&str>) -> Fallible<Child> {
    let mut command = Command::new("python3");
    command.args([&get("PERSON")?, address, end]);
    command.args([get(&format!("{who}_USERNAME"))?, get(&format!("{who}_PASSWORD"))?]).args(code);
    Ok(command.stdout(Stdio::piped()).spawn()?)
}
