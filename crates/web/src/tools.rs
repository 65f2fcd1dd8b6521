//! Documents that tools read before they do anything: where everything is, in the words of Azure's resource manager, and that
//! there is nothing of Azure here; and the description of our own programming interface.

use crate::{App, edge::Arrival, errors::json_response, graph};
use axum::{
    Router,
    extract::{Extension, Query},
    response::Response,
    routing::get,
};
use http::StatusCode;
use serde_json::json;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/metadata/endpoints", get(endpoints))
        .route("/subscriptions", get(nothing))
        .route("/tenants", get(nothing))
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

/// There are no subscriptions here, and no tenants of a resource manager. The same for everybody, so nobody is asked who they are.
async fn nothing() -> Response {
    json_response(StatusCode::OK, &json!({ "value": [], "count": { "type": "Total", "value": 0 } }))
}

async fn description(Extension(arrival): Extension<Arrival>) -> Response {
    json_response(StatusCode::OK, &graph::openapi(&arrival.origin))
}
