//! Documents that tools read before they do anything: where everything is, in the words of Azure's resource manager, which
//! organisations somebody has, and that there is nothing else of Azure here; and the description of our own programming interface.

use crate::{
    App,
    edge::Arrival,
    errors::{Problem, json_response},
    graph,
};
use axum::{
    Router,
    extract::{Extension, Query, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use model::{ErrorKind, TokenFault};
use serde_json::{Value, json};
use service::Caller;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/metadata/endpoints", get(endpoints))
        .route("/subscriptions", get(subscriptions))
        .route("/tenants", get(tenants))
        .route("/innkeeper/v1/openapi.json", get(description))
}

/// What `az cloud register` and the `metadata_host` of Terraform's providers read: one cloud, all of it at this address.
async fn endpoints(
    Extension(arrival): Extension<Arrival>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let origin = &arrival.origin;
    let version = query.iter().find_map(|(name, value)| (name == "api-version").then_some(value.as_str()));
    let host = origin.strip_prefix("https://").unwrap_or(origin);
    // The first is what tools ask a token for when an address is the resource manager's, and here Graph has the same address:
    // `az rest` needs a token that is good for Graph.
    let own = format!("{origin}/");
    let audiences = [own.as_str(), "https://management.core.windows.net/", "https://management.azure.com/"];
    if version == Some("2015-01-01") {
        // The form of Azure Stack, which older releases of the command line ask for.
        let body = json!({
            "galleryEndpoint": origin,
            "graphEndpoint": origin,
            "portalEndpoint": origin,
            "authentication": { "loginEndpoint": origin, "audiences": audiences },
        });
        return json_response(StatusCode::OK, &body);
    }
    let cloud = json!({
        "name": "Innkeeper",
        "portal": origin,
        "authentication": {
            "loginEndpoint": origin,
            "audiences": audiences,
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": origin,
        "graphAudience": format!("{origin}/"),
        "graph": format!("{origin}/"),
        "suffixes": {
            "acrLoginServer": host,
            "azureDataLakeAnalyticsCatalogAndJob": host,
            "azureDataLakeStoreFileSystem": host,
            "keyVaultDns": host,
            "mhsmDns": host,
            "sqlServerHostname": host,
            "storage": host,
        },
        "batch": origin,
        "resourceManager": format!("{origin}/"),
        "vmImageAliasDoc": origin,
        "activeDirectoryDataLake": origin,
        "sqlManagement": origin,
        "gallery": origin,
        "microsoftGraphResourceId": format!("{origin}/"),
        "appInsightsResourceId": origin,
        "appInsightsTelemetryChannelResourceId": origin,
        "synapseAnalyticsResourceId": origin,
        "logAnalyticsResourceId": origin,
        "ossrDbmsResourceId": origin,
    });
    // Up to 2020 the answer was a list of all clouds.
    let in_list = version.is_some_and(|version| version < "2020-06-01");
    json_response(StatusCode::OK, &if in_list { json!([cloud]) } else { cloud })
}

/// Who asks, by a token for the resource manager or for Graph.
async fn caller(app: &App, arrival: &Arrival, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    app.directory.tool_bearer(&arrival.cx, token).await.map_err(|error| match error.kind() {
        ErrorKind::Unauthenticated(TokenFault::Missing) => Problem::new(
            StatusCode::UNAUTHORIZED,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        ),
        _ => error.into(),
    })
}

/// There are no subscriptions here.
async fn subscriptions(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let known = match caller(&app, &arrival, &headers).await {
        Ok(caller) => app.directory.check_caller(&arrival.cx, &caller).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match known {
        Ok(()) => {
            json_response(StatusCode::OK, &json!({ "value": [], "count": { "type": "Total", "value": 0 } }))
        }
        Err(problem) => problem.json(&arrival),
    }
}

/// The organisations of whoever asks, in the form of the resource manager.
async fn tenants(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let found = match caller(&app, &arrival, &headers).await {
        Ok(caller) => app.directory.organizations_of(&arrival.cx, &caller).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    let tenants = match found {
        Ok(tenants) => tenants,
        Err(problem) => return problem.json(&arrival),
    };
    let value: Vec<Value> = tenants
        .iter()
        .enumerate()
        .map(|(place, tenant)| {
            json!({
                "id": format!("/tenants/{}", tenant.id),
                "tenantId": tenant.id,
                "displayName": tenant.name,
                "domains": [tenant.domain],
                "defaultDomain": tenant.domain,
                "tenantCategory": if place == 0 { "Home" } else { "ProjectedBy" },
                "tenantType": "AAD",
            })
        })
        .collect();
    json_response(StatusCode::OK, &json!({ "value": value }))
}

async fn description(Extension(arrival): Extension<Arrival>) -> Response {
    json_response(StatusCode::OK, &graph::openapi(&arrival.origin))
}
