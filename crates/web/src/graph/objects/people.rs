//! Creating users, and who answers for them

use super::{
    super::{
        body,
        call::{Answer, Call, no_content},
        schema::USER,
        users, wire,
    },
    browse::{Row, page_with, slice},
    id_at, reference, typed,
};
use crate::errors::Problem;
use http::StatusCode;
use model::User;
use serde_json::{Map, Value, json};
use service::NewUser;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Create,
    ListSponsors,
    AddSponsor,
    RemoveSponsor,
    ListSponsored,
}

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::Create => create(call).await,
        Act::ListSponsors => {
            let sponsors =
                call.app.directory.list_sponsors(&call.arrival.cx, &call.caller, call.value()).await?;
            people(call, sponsors).await
        }
        Act::ListSponsored => {
            let sponsored =
                call.app.directory.list_sponsored(&call.arrival.cx, &call.caller, call.value()).await?;
            people(call, sponsored).await
        }
        Act::AddSponsor => {
            let sponsor = reference(&call)?;
            call.app.directory.add_sponsor(&call.arrival.cx, &call.caller, call.value(), sponsor).await?;
            Ok(no_content())
        }
        Act::RemoveSponsor => {
            let sponsor = id_at(&call, 1)?;
            call.app.directory.remove_sponsor(&call.arrival.cx, &call.caller, call.value(), sponsor).await?;
            Ok(no_content())
        }
    }
}

async fn people(call: Call<'_>, people: Vec<User>) -> Answer {
    let mut rows: Vec<Row> = people.iter().map(|user| (user.id.to_string(), wire::user(user))).collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let rows = &rows;
    let fetch =
        move |after: Option<String>, limit: u16| async move { Ok(slice(rows, after.as_deref(), limit)) };
    page_with(&call, "directoryObjects", &USER, fetch, |object, query| {
        typed("user", call.render(object, &USER, query))
    })
    .await
}

fn required(value: Option<String>, name: &str) -> Result<String, Problem> {
    value.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_BadRequest",
            format!("A value is required for property '{name}' of resource 'User'."),
        )
    })
}

async fn create(call: Call<'_>) -> Answer {
    let members = body::object(&call)?;
    let nickname = members.contains_key("mailNickname").then(|| "yes".to_owned());
    let enabled = members.contains_key("accountEnabled").then(|| "yes".to_owned());
    let mut patch = users::parse(members)?;
    required(enabled, "accountEnabled")?;
    required(patch.display_name.clone(), "displayName")?;
    required(nickname, "mailNickname")?;
    let user_name = required(patch.user_name.take(), "userPrincipalName")?;
    let password = required(patch.password.take(), "passwordProfile")?;
    let new = NewUser { user_name, password, properties: patch };
    let user = call.app.directory.create_user(&call.arrival.cx, &call.caller, new).await?;
    let base = call.base();
    let mut answer = Map::new();
    answer.insert("@odata.context".to_owned(), json!(format!("{base}/$metadata#users/$entity")));
    answer.extend(wire::select(wire::user(&user), &USER, None));
    Ok(users::created(&format!("{base}/users/{}", user.id), &Value::Object(answer)))
}
