//! graph-rs-sdk with azure_identity.

use std::{
    env,
    error::Error,
    fmt::Display,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::{Secret, TokenCredential},
    http::ClientOptions,
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use graph_rs_sdk::{
    GraphClient, GraphClientConfiguration, ODataQuery,
    error::ErrorMessage,
    header::{HeaderName, HeaderValue},
    http::{ResponseExt, Url},
};
use serde_json::{Value, json};

type Fallible<T> = Result<T, Box<dyn Error>>;

const SCOPE: &str = "https://graph.microsoft.com/.default";
const POLICY: &[&str] = &["externalIdentitiesPolicy"];
const MISSING: &str = "7d0b5b7e-5c8a-4b9e-9d3f-1f2e3d4c5b6a";

/// Fails the act, with what was wrong.
macro_rules! hold {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err(format!($($why)+).into());
        }
    };
}

/// One running server, as the names of its env file behind a prefix say.
#[derive(Clone, Copy)]
struct World(&'static str);

impl World {
    fn get(self, name: &str) -> Fallible<String> {
        let name = format!("{}{name}", self.0);
        env::var(&name).map_err(|_| format!("the env file has no {name}").into())
    }

    async fn token(self, app: &str, secret: Option<&str>) -> Fallible<String> {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.get("AUTHORITY")?;
        let client_options = ClientOptions {
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..ClientOptions::default()
        };
        let secret =
            secret.map_or_else(|| self.get(&format!("{app}_SECRET")), |secret| Ok(secret.to_owned()))?;
        let credential = ClientSecretCredential::new(
            &self.get("TENANT_ID")?,
            self.get(&format!("{app}_ID"))?,
            Secret::new(secret),
            Some(ClientSecretCredentialOptions { client_options }),
        )?;
        Ok(credential.get_token(&[SCOPE], None).await?.token.secret().to_owned())
    }

    /// A client; one that is patient waits as long as it is told when it asked too much.
    fn client(self, token: &str, version: &str, patient: bool) -> Fallible<GraphClient> {
        let configuration =
            GraphClientConfiguration::new().access_token(token).wait_for_retry_after_headers(patient);
        let mut client = GraphClient::from(configuration);
        client.use_test_endpoint(&Url::parse(&format!("{}/{version}", self.get("BASE_URL")?))?);
        Ok(client)
    }
}

/// What was done, and whether all of it went well.
struct Record {
    well: bool,
}

impl Record {
    fn note<T>(&mut self, name: &str, result: Fallible<T>) -> Option<T> {
        match result {
            Ok(value) => {
                println!("ok\t{name}");
                Some(value)
            }
            Err(error) => {
                self.well = false;
                println!("FAILED\t{name}\t{}", error.to_string().replace('\n', " "));
                None
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (world, throttled) = (World(""), World("THROTTLED_"));
    let mut record = Record { well: true };
    let Some(token) = record.note("token", world.token("CLIENT", None).await) else {
        return ExitCode::FAILURE;
    };
    for (version, read, change) in [
        ("v1.0", "read the policy on v1.0", "change the policy on v1.0"),
        ("beta", "read the policy on beta", "change the policy on beta"),
    ] {
        record.note(read, policy(world, &token, version, true).await);
        record.note(change, change_policy(world, &token, version).await);
    }
    record.note("list guests by filter over several pages", guests(world, &token).await);
    if let Some(guest) = record.note("invite a guest", invite(world, &token).await) {
        record.note("delete the guest", delete(world, &token, &guest).await);
        record.note("find the guest among the deleted", find(world, &token, &guest).await);
        record.note("restore the guest", restore(world, &token, &guest).await);
    }
    record.note("error: unknown property", unknown_property(world, &token).await);
    record.note("error: missing permission", missing_permission(world).await);
    record.note("error: missing object", missing_object(world, &token).await);
    record.note("error: wrong secret", wrong_secret(world).await);
    record.note("error: throttled", refused_for_now(throttled).await);
    record.note("a throttled call is tried again by the client", tried_again(throttled).await);
    if record.well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn read(client: &GraphClient) -> Fallible<Value> {
    let answer = client.policies().get_policy_root().extend_path(POLICY).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}

async fn policy(world: World, token: &str, version: &str, leave: bool) -> Fallible<()> {
    let policy = read(&world.client(token, version, false)?).await?;
    hold!(policy["id"] == "externalIdentityPolicy", "{policy}");
    hold!(policy["allowExternalIdentitiesToLeave"] == leave, "{policy}");
    Ok(())
}

async fn change_policy(world: World, token: &str, version: &str) -> Fallible<()> {
    let client = world.client(token, version, false)?;
    for value in [false, true] {
        let body = json!({ "allowExternalIdentitiesToLeave": value });
        let answer = client.policies().update_policy_root(&body).extend_path(POLICY).send().await?;
        hold!(answer.status() == 204, "{}", answer.status());
        for other in ["v1.0", "beta"] {
            policy(world, token, other, value).await?;
        }
    }
    Ok(())
}

async fn guests(world: World, token: &str) -> Fallible<()> {
    let client = world.client(token, "v1.0", false)?;
    let pages = client
        .users()
        .list_user()
        .header(HeaderName::from_static("consistencylevel"), HeaderValue::from_static("eventual"))
        .filter(&["userType eq 'Guest'"])
        .select(&["id", "userType"])
        .count("true")
        .top("4")
        .paging()
        .json::<Value>()
        .await?;
    hold!(pages.len() > 2, "{} pages", pages.len());
    let (mut ids, mut total) = (Vec::new(), None);
    for page in pages {
        let body = page.into_body().map_err(|error| error.to_string())?;
        total = total.or(body["@odata.count"].as_u64());
        for user in body["value"].as_array().ok_or("no value")? {
            hold!(user["userType"] == "Guest", "{user}");
            ids.push(user["id"].as_str().ok_or("no id")?.to_owned());
        }
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    hold!(
        ids.len() == all && total == Some(all as u64),
        "{} of {all} are different, count is {total:?}",
        ids.len()
    );
    Ok(())
}

async fn invite(world: World, token: &str) -> Fallible<String> {
    let client = world.client(token, "v1.0", false)?;
    let body = json!({
        "invitedUserEmailAddress": format!("client-{}@fourthcoffee.example", std::process::id()),
        "invitedUserDisplayName": "A Client",
        "inviteRedirectUrl": "https://localhost/",
    });
    let invitation: Value =
        client.invitations().create_invitation(&body).send().await?.error_for_status()?.json().await?;
    let guest = invitation["invitedUser"]["id"].as_str().ok_or("no guest")?.to_owned();
    let user: Value = client.user(&guest).get_user().send().await?.error_for_status()?.json().await?;
    hold!(user["displayName"] == "A Client", "{user}");
    Ok(guest)
}

async fn delete(world: World, token: &str, guest: &str) -> Fallible<()> {
    let client = world.client(token, "v1.0", false)?;
    let answer = client.user(guest).delete_user().send().await?;
    hold!(answer.status() == 204, "{}", answer.status());
    let answer = client.user(guest).get_user().send().await?;
    hold!(answer.status() == 404, "{}", answer.status());
    Ok(())
}

async fn find(world: World, token: &str, guest: &str) -> Fallible<()> {
    let client = world.client(token, "v1.0", false)?;
    // The crate says `graph.user` for `microsoft.graph.user`.
    let all = client.directory().deleted_items().get_directory_object_items_as_user_type();
    let mut found = false;
    for page in all.select(&["id"]).paging().json::<Value>().await? {
        let body = page.into_body().map_err(|error| error.to_string())?;
        let users = body["value"].as_array().ok_or("no value")?;
        found |= users.iter().any(|user| user["id"] == guest);
    }
    hold!(found, "the guest is not among the deleted users");
    Ok(())
}

async fn restore(world: World, token: &str, guest: &str) -> Fallible<()> {
    let client = world.client(token, "v1.0", false)?;
    let answer = client.directory().deleted_item(guest).restore().send().await?;
    let restored: Value = answer.error_for_status()?.json().await?;
    hold!(restored["id"] == guest, "{restored}");
    let answer = client.user(guest).get_user().send().await?;
    hold!(answer.status() == 200, "{}", answer.status());
    Ok(())
}

/// The error of the crate for an answer of Graph.
async fn typed(answer: impl ResponseExt, code: &str) -> Fallible<()> {
    let error: ErrorMessage = answer.into_graph_error_message().await?;
    hold!(error.code_property().as_deref() == Some(code), "{error}");
    hold!(error.message().is_some() && error.request_id().is_some(), "{error}");
    Ok(())
}

async fn unknown_property(world: World, token: &str) -> Fallible<()> {
    let client = world.client(token, "beta", false)?;
    let body = json!({ "allowEverybodyToLeave": true });
    let answer = client.policies().update_policy_root(&body).extend_path(POLICY).send().await?;
    hold!(answer.status() == 400, "{}", answer.status());
    typed(answer, "RequestBodyRead").await
}

async fn missing_permission(world: World) -> Fallible<()> {
    let client = world.client(&world.token("READER_CLIENT", None).await?, "v1.0", false)?;
    let answer = client.users().list_user().send().await?;
    hold!(answer.status() == 403, "{}", answer.status());
    typed(answer, "Authorization_RequestDenied").await
}

async fn missing_object(world: World, token: &str) -> Fallible<()> {
    let client = world.client(token, "v1.0", false)?;
    let answer = client.user(MISSING).get_user().send().await?;
    hold!(answer.status() == 404, "{}", answer.status());
    typed(answer, "Request_ResourceNotFound").await
}

async fn wrong_secret(world: World) -> Fallible<()> {
    match world.token("CLIENT", Some("wrong")).await {
        Ok(_) => Err("a wrong secret is good for a token".into()),
        Err(error) => said(&error, "AADSTS7000215"),
    }
}

fn said(error: &impl Display, what: &str) -> Fallible<()> {
    let text = error.to_string();
    hold!(text.contains(what), "{text}");
    Ok(())
}

/// Asks until the server refuses to answer more for the moment; the refusal.
async fn exhaust(client: &GraphClient) -> Fallible<impl ResponseExt + use<>> {
    for _ in 0..1000 {
        let answer = client.policies().get_policy_root().extend_path(POLICY).send().await?;
        if answer.status() == 429 {
            return Ok(answer);
        }
        hold!(answer.status() == 200, "{}", answer.status());
    }
    Err("a thousand requests were answered: is there a limit?".into())
}

async fn refused_for_now(world: World) -> Fallible<()> {
    let client = world.client(&world.token("CLIENT", None).await?, "v1.0", false)?;
    typed(exhaust(&client).await?, "TooManyRequests").await
}

async fn tried_again(world: World) -> Fallible<()> {
    let token = world.token("CLIENT", None).await?;
    exhaust(&world.client(&token, "v1.0", false)?).await?;
    let start = Instant::now();
    let policy = read(&world.client(&token, "v1.0", true)?).await?;
    hold!(policy["id"] == "externalIdentityPolicy", "{policy}");
    hold!(
        start.elapsed() >= Duration::from_secs(1),
        "the answer came before the server was ready to give one"
    );
    Ok(())
}
