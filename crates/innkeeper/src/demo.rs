//! `innkeeper demo`: a seeded world, announced once it can be used.

use crate::{
    cli::Demo,
    edge::Signals,
    env_file, files, outside,
    problem::{Problem, Result},
    scratch::Scratch,
    server::{Announced, Server},
    terminal::{heading, say},
};
use model::Span;
use service::{DemoWorld, Directory, PasscodeSink};
use std::{
    path::{Path, PathBuf, absolute},
    sync::Arc,
};
use store::DataDir;

/// What the directory does not keep in plain: the secrets of the seeded world.
pub const WORLD: &str = "world.json";
/// When the first permanent deletion can be watched.
const DUE_IN: Span = Span::minutes(1);

/// Runs the demonstration until a signal comes.
pub async fn run(demo: Demo) -> Result<()> {
    let mut signals = Signals::catch()?;
    // Declared first, so that it is removed last, on whatever way out.
    let (scratch, path);
    match &demo.data_dir {
        Some(kept) => {
            scratch = None;
            path = kept.clone();
        }
        None => {
            let parent = std::env::temp_dir();
            let made = Scratch::new(&parent)
                .map_err(|error| Problem::file("make a directory in", &parent, &error))?;
            path = made.path().to_owned();
            scratch = Some(made);
        }
    }
    let path = absolute(&path).map_err(|error| Problem::file("find", &path, &error))?;
    let env_file = env_file_path(&demo, &path)?;
    let prepared = tokio::select! {
        prepared = prepare(&demo, &path, &env_file) => prepared?,
        () = signals.next() => return Ok(()),
    };
    let Prepared { server, world, fresh } = prepared;
    let kept = scratch.is_none();
    let options = web::Options { demo: true, limits: demo.place.throttle.flatten() };
    server
        .run(options, &mut signals, async |at: &Announced<'_>| {
            let ca = at.ca.unwrap_or_else(|| Path::new(""));
            let base_url = at.public.to_string();
            files::replace(&env_file, files::PRIVATE, &env_file::render(&world, &base_url, ca))
                .map_err(|error| Problem::file("write", &env_file, &error))?;
            let announcement =
                Announcement { base_url, ca, env_file: &env_file, data: at.data.path(), kept, fresh };
            say(&announcement.text(&world));
            Ok(())
        })
        .await
}

struct Prepared {
    server: Server,
    world: DemoWorld,
    /// It was built just now.
    fresh: bool,
}

async fn prepare(demo: &Demo, path: &Path, env_file: &Path) -> Result<Prepared> {
    let data = DataDir::open(path)?;
    let sink: PasscodeSink = Arc::new(|address, code| say(&format!("Passcode for {address}: {code}\n")));
    let server =
        Server::open(data, &demo.database, &demo.place, None, Some(sink), outside::of_demo()?).await?;
    // Whoever waits for the file must not find that of an earlier run.
    files::remove(env_file).map_err(|error| Problem::file("replace", env_file, &error))?;
    let (world, fresh) = world(&server.data, &server.directory).await?;
    Ok(Prepared { server, world, fresh })
}

/// The world of this directory; built if the directory is new.
async fn world(data: &DataDir, directory: &Directory) -> Result<(DemoWorld, bool)> {
    let file = data.path().join(WORLD);
    if let Some(text) = files::read(&file).map_err(|error| Problem::file("read", &file, &error))? {
        let world = serde_json::from_str(&text).map_err(|error| {
            Problem::new(format!(
                "{} does not hold a world of this version of innkeeper ({error}). Choose a new directory with --data-dir.",
                file.display()
            ))
        })?;
        return Ok((world, false));
    }
    if !directory.list_tenants().await?.is_empty() {
        return Err(Problem::new(format!(
            "The database holds organisations already, and {} does not hold their secrets. Start with the data directory of \
             the demonstration that filled the database, or choose an empty one.",
            data.path().display()
        )));
    }
    let world = directory.build_demo(&directory.own_cx(), DUE_IN).await?;
    let text = serde_json::to_string_pretty(&world)
        .map_err(|error| Problem::new(format!("The world cannot be written down: {error}.")))?;
    files::replace(&file, files::PRIVATE, &text).map_err(|error| Problem::file("write", &file, &error))?;
    Ok((world, true))
}

fn env_file_path(demo: &Demo, data: &Path) -> Result<PathBuf> {
    let Some(given) = &demo.env_file else { return Ok(data.join("demo.env")) };
    let path = absolute(given).map_err(|error| Problem::file("write", given, &error))?;
    let in_directory = path.parent().is_some_and(|parent| parent.is_dir() || parent == data);
    if !in_directory || path.is_dir() {
        return Err(Problem::new(format!(
            "{} cannot be written: give --env-file the name of a file in a directory that is there.",
            path.display()
        )));
    }
    Ok(path)
}

struct Announcement<'a> {
    base_url: String,
    ca: &'a Path,
    env_file: &'a Path,
    data: &'a Path,
    kept: bool,
    fresh: bool,
}

impl Announcement<'_> {
    fn text(&self, world: &DemoWorld) -> String {
        let Self { base_url, ca, env_file, .. } = self;
        let (admin, guest, personal) = (&world.admin, &world.guest, &world.personal_user_name);
        let ca = env_file::word(&ca.display().to_string());
        let env = env_file::word(&env_file.display().to_string());
        let [ready, leave, decide, graph, trust, more] = [
            format!("Innkeeper is ready at {base_url}"),
            "Leave an organisation, as a guest".to_owned(),
            "Decide whether guests may leave, as an administrator".to_owned(),
            "Read and change the policy over Microsoft Graph: paste into a shell".to_owned(),
            "Trust this server".to_owned(),
            "Good to know".to_owned(),
        ]
        .map(|text| heading(&text));
        let watch = if self.fresh {
            "One deleted guest will be permanently deleted a minute from now: watch /admin/deleted-users.\n  "
        } else {
            ""
        };
        let data = self.data.display();
        let end = if self.kept {
            format!("The world stays in {data} when you stop with Ctrl-C.")
        } else {
            "Stop with Ctrl-C; the world is then removed. Keep one with --data-dir DIR.".to_owned()
        };
        format!(
            r#"
{ready}

{leave}
  Open      {base_url}/myaccount
  Sign in   {guest_name}
  Password  {guest_password}

{decide}
  Open      {base_url}/admin
  Sign in   {admin_name}
  Password  {admin_password}

{graph}
  . {env}
  TOKEN=$(curl -s --cacert "$CA_FILE" "$AUTHORITY/$TENANT_ID/oauth2/v2.0/token" -d grant_type=client_credentials -d client_id="$CLIENT_ID" -d client_secret="$CLIENT_SECRET" -d scope=https://graph.microsoft.com/.default | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -sS --cacert "$CA_FILE" -H "Authorization: Bearer $TOKEN" "$BASE_URL/beta/policies/externalIdentitiesPolicy"; echo
  curl -sSi --cacert "$CA_FILE" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -X PATCH -d '{{"allowExternalIdentitiesToLeave": false}}' "$BASE_URL/beta/policies/externalIdentitiesPolicy"

{trust}
  Browsers warn until they trust the authority that this world made for itself: {ca}
  Firefox, Chromium: import it under Settings > Certificates > Authorities. Debian:
  sudo cp {ca} /usr/local/share/ca-certificates/innkeeper.crt && sudo update-ca-certificates

{more}
  {watch}{personal} has a mailbox and no home organisation: sign in, and the passcode appears here.
  Mails of this world, such as invitations, stay on {base_url}/innkeeper/outbox
  Addresses, ids and secrets for scripts: {env}
  All administrators: {data}/{WORLD}
  {end}

"#,
            guest_name = guest.user_name,
            guest_password = guest.password,
            admin_name = admin.user_name,
            admin_password = admin.password,
        )
    }
}
