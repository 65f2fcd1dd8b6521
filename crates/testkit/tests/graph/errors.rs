//! The errors that clients program against, each as it is on the wire: one row for each situation that is known of the live
//! service, with its status, its code and its text.

use crate::{
    house::{House, POLICY},
    tokens::{claims, signing_key},
    wire::{Ask, Token, Transcript},
};
use model::Span;
use serde_json::json;

/// A situation, and what is answered. The text is the whole message, or its beginning where an id or a value follows.
type Row = (&'static str, u16, &'static str, &'static str);

const DENIED: &str = "Insufficient privileges to complete the operation.";
const REVOKED: &str = "Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp";
const CONVERT: &str = "Cannot convert a primitive value to the expected type 'Edm.Boolean'. See the inner exception for more details.";
const UNREADABLE: &str = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.";
const NO_TYPE: &str = "Write requests (excluding DELETE) must contain the Content-Type header declaration.";
const SEARCH: &str = "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'";
const INVALID: &str =
    "Invalid value specified for property 'displayName' of resource 'ExternalIdentitiesPolicy'.";

const ROWS: &[Row] = &[
    ("no token", 401, "InvalidAuthenticationToken", "Access token is empty."),
    (
        "not a JWT",
        401,
        "InvalidAuthenticationToken",
        "IDX14100: JWT is not well formed, there are no dots (.).\n",
    ),
    ("garbled", 401, "InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217"),
    ("expired", 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
    (
        "wrong audience",
        401,
        "InvalidAuthenticationToken",
        "Access token validation failure. Invalid audience.",
    ),
    ("revoked", 401, "InvalidAuthenticationToken", REVOKED),
    ("missing permission", 403, "Authorization_RequestDenied", DENIED),
    ("unknown segment", 400, "BadRequest", "Resource not found for the segment 'xyz'."),
    (
        "wrong method",
        405,
        "Request_BadRequest",
        "Specified HTTP method is not allowed for the request target.",
    ),
    (
        "unknown object",
        404,
        "Request_ResourceNotFound",
        "Resource '6a1f0b9e-0c68-4bb2-9a1c-0f6a0f2f6a11' does not exist or one of its queried reference-property objects are not present.",
    ),
    (
        "unknown property",
        400,
        "RequestBodyRead",
        "The property 'x' does not exist on type 'microsoft.graph.externalIdentitiesPolicy'. Make sure to only use property names that are defined by the type or mark the type as open type.",
    ),
    ("wrong JSON type", 400, "Request_BadRequest", CONVERT),
    ("malformed JSON", 400, "BadRequest", UNREADABLE),
    ("empty body", 400, "BadRequest", "Empty Payload. JSON content expected."),
    ("no content type", 400, "BadRequest", NO_TYPE),
    ("another content type", 400, "BadRequest", "Entity only allows writes with a JSON Content-Type header."),
    (
        "page size",
        400,
        "Request_UnsupportedQuery",
        "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.",
    ),
    ("count without the header", 400, "Request_BadRequest", "$count is not currently supported."),
    ("search without the header", 400, "Request_UnsupportedQuery", SEARCH),
    ("advanced filter without the header", 400, "Request_UnsupportedQuery", "Unsupported Query."),
    ("advanced filter without the count", 400, "Request_UnsupportedQuery", "Unsupported Query."),
    (
        "property without an index",
        400,
        "Request_UnsupportedQuery",
        "The request uses a filter property that is not indexed",
    ),
    ("value that cannot be set", 400, "Request_BadRequest", INVALID),
];

/// The request that brings about each situation, in the order of the rows.
async fn asks(house: &House) -> Vec<Ask> {
    let key = signing_key(house, house.plan.contoso).await;
    let good = claims(house);
    let mint = |claims| Token {
        label: "made up for this".to_owned(),
        value: identity::mint(&key, &claims).unwrap(),
    };
    let now = house.world.cx().now;
    let old = identity::AccessClaims {
        issued_at: now - Span::hours(2),
        expires: now - Span::hours(1),
        ..good.clone()
    };
    let elsewhere = identity::AccessClaims { audience: "https://vault.example".to_owned(), ..good };
    let get = || Ask::get(POLICY);
    let all = house.all();
    let write = || Ask::new("PATCH", POLICY).by(all);
    let users = |query: &str| Ask::get(format!("/v1.0/users{query}")).by(all);
    vec![
        get(),
        get().header("authorization", "Bearer garbage"),
        get().header("authorization", "Bearer a.b!.c"),
        get().by(&mint(old)),
        get().by(&mint(elsewhere)),
        get().by(house.token("bert")),
        get().by(house.token("app: nothing")),
        Ask::get("/v1.0/xyz").by(all),
        Ask::new("PUT", POLICY).by(all),
        users("/6a1f0b9e-0c68-4bb2-9a1c-0f6a0f2f6a11"),
        write().json(&json!({"x": 1})),
        write().json(&json!({"allowExternalIdentitiesToLeave": "no"})),
        write().text("{"),
        write(),
        write().raw("{}"),
        write().header("content-type", "text/plain").raw("{}"),
        users("?$top=1000"),
        users("/$count"),
        users("?$search=\"displayName:a\""),
        users("?$filter=userType ne 'Guest'&$count=true"),
        users("?$filter=userType ne 'Guest'").advanced(),
        users("?$filter=passwordPolicies eq 'x'"),
        write().json(&json!({"displayName": "Other"})),
    ]
}

#[tokio::test]
async fn every_error_is_the_one_that_is_known() {
    let house = House::new().await;
    let asks = asks(&house).await;
    assert_eq!(asks.len(), ROWS.len());
    let mut said = Transcript::default();
    for ((title, status, code, message), ask) in ROWS.iter().zip(asks) {
        let reply = house.say(&mut said, title, ask).await;
        assert_eq!(reply.fault(), (*status, (*code).to_owned()), "{title}");
        assert!(reply.message().starts_with(message), "{title}: {}", reply.message());
    }
    insta::assert_snapshot!(said.text());
}
