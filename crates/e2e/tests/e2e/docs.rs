//! What the docs promise in numbers is what the code says.

use crate::place::root;
use std::fs;

/// A row of the table of limits, and the constants that it quotes: file and text.
const LIMITS: &[(&str, &[(&str, &str)])] = &[
    ("request body | 1 MiB", &[("web/src/edge.rs", "MAX_BODY: usize = 1024 * 1024;")]),
    ("request header section | 32 KiB", &[("web/src/edge.rs", "MAX_HEAD: usize = 32 * 1024;")]),
    ("path and query | 8 KiB", &[("odata/src/url.rs", "MAX_URL: usize = 8 * 1024;")]),
    (
        "time to send a request head | 15 seconds",
        &[("web/src/edge.rs", "HEAD_TIMEOUT: Duration = Duration::from_secs(15);")],
    ),
    (
        "time to send a body | 60 seconds",
        &[("web/src/edge.rs", "BODY_TIMEOUT: Duration = Duration::from_secs(60);")],
    ),
    (
        "connections at once | 10 000, or as many as open files are allowed less 128",
        &[
            ("innkeeper/src/edge.rs", "CONNECTIONS: usize = 10_000;"),
            ("innkeeper/src/edge.rs", "RESERVED: u64 = 128;"),
        ],
    ),
    ("requests at once on one HTTP/2 connection | 100", &[("web/src/edge.rs", "MAX_STREAMS: u32 = 100;")]),
    ("bearer token | 8 KiB", &[("identity/src/token/mod.rs", "MAX_TOKEN: usize = 8 * 1024;")]),
    (
        "page of users | 100 unless `$top` says so, 999 at most",
        &[
            ("web/src/graph/call.rs", "PAGE: u16 = 100;"),
            ("odata/src/query.rs", "PAGE: std::ops::RangeInclusive<u16> = 1..=999;"),
        ],
    ),
    (
        "page of audit records | 100 unless `$top` says so, 999 at most",
        &[("web/src/graph/directory.rs", "AUDIT_PAGE: u16 = 100;")],
    ),
    (
        "`$filter` | 2048 bytes, 100 nodes, 20 levels, 100 values after `in`",
        &[
            ("odata/src/filter/mod.rs", "MAX_TEXT: usize = 2 * 1024;"),
            ("odata/src/filter/mod.rs", "MAX_NODES: usize = 100;"),
            ("odata/src/filter/mod.rs", "MAX_DEPTH: usize = 20;"),
            ("odata/src/filter/mod.rs", "MAX_IN: usize = 100;"),
        ],
    ),
    ("`$orderby` | 10 properties", &[("odata/src/query.rs", "MAX_ORDER: usize = 10;")]),
    (
        "users that one page looks at, where a filter names properties without an index | 10 000; the page is then short, and \
         its link goes on",
        &[("store/src/filter.rs", "MOST_SEEN: usize = 10_000;")],
    ),
    (
        "users that a count looks at one by one | 100 000",
        &[("store/src/filter.rs", "MOST_COUNTED: i64 = 100_000;")],
    ),
    ("`$batch` | 20 requests", &[("web/src/graph/batch.rs", "MOST: usize = 20;")]),
    ("`directoryObjects/getByIds` | 1000 ids", &[("web/src/graph/lookup.rs", "MOST_IDS: usize = 1_000;")]),
    (
        "Graph, an app in one organisation | 35 000 resource units in 10 seconds, 30 000 writes in 150 seconds",
        &[
            ("web/src/throttle.rs", "app_in_tenant: Rate { units: 35_000, per: Span::seconds(10) }"),
            ("web/src/throttle.rs", "app_writes_in_tenant: Rate { units: 30_000, per: Span::seconds(150) }"),
        ],
    ),
    (
        "Graph, an app | 1 500 000 resource units in 20 seconds, 350 000 writes in 5 minutes",
        &[
            ("web/src/throttle.rs", "app: Rate { units: 1_500_000, per: Span::seconds(20) }"),
            ("web/src/throttle.rs", "app_writes: Rate { units: 350_000, per: Span::minutes(5) }"),
        ],
    ),
    (
        "Graph, an organisation | 180 000 writes in 5 minutes",
        &[("web/src/throttle.rs", "tenant_writes: Rate { units: 180_000, per: Span::minutes(5) }")],
    ),
    ("`$search` | 20 terms", &[("odata/src/search.rs", "MAX_TERMS: usize = 20;")]),
    ("nesting of a JSON body | 32 levels", &[("odata/src/json.rs", "MAX_DEPTH: usize = 32;")]),
    ("access token | 60 minutes", &[("service/src/tokens.rs", "TOKEN_LIFE: Span = Span::minutes(60);")]),
    (
        "authorization code | 60 seconds, once",
        &[("service/src/tokens/authorize.rs", "CODE_LIFE: Span = Span::seconds(60);")],
    ),
    (
        "refresh token | 14 days without use, 90 days in all; each once",
        &[
            ("service/src/tokens/grant.rs", "IDLE: Span = Span::days(14);"),
            ("service/src/tokens/grant.rs", "LONGEST: Span = Span::days(90);"),
        ],
    ),
    (
        "device code | 15 minutes, 10 wrong codes per person",
        &[
            ("service/src/tokens/device.rs", "LIFE: Span = Span::minutes(15);"),
            ("service/src/tokens/device.rs", "GUESSES: i64 = 10;"),
        ],
    ),
    (
        "session of a page | 30 minutes without a request, 12 hours in all",
        &[
            ("service/src/authn.rs", "SESSION_IDLE: Span = Span::minutes(30);"),
            ("service/src/authn.rs", "SESSION_LIFE: Span = Span::hours(12);"),
        ],
    ),
    (
        "confirmation of a leave | 10 minutes, once",
        &[("service/src/leave.rs", "CONFIRMATION: Span = Span::minutes(10);")],
    ),
    (
        "set-up secret | 30 minutes, once",
        &[("service/src/tenants/setup.rs", "SETUP_LIFE: Span = Span::minutes(30);")],
    ),
    (
        "passcode | 10 minutes, 5 wrong tries; a new one after 1 minute at the earliest",
        &[
            ("service/src/sign_in.rs", "PASSCODE_LIFE: Span = Span::minutes(10);"),
            ("service/src/sign_in.rs", "PASSCODE_ATTEMPTS: i64 = 5;"),
            ("service/src/sign_in.rs", "RESEND: Span = Span::minutes(1);"),
        ],
    ),
    (
        "password | 15 characters at least, 256 at most",
        &[
            ("identity/src/password.rs", "MIN_PASSWORD: usize = 15;"),
            ("identity/src/password.rs", "MAX_PASSWORD: usize = 256;"),
        ],
    ),
    (
        "wrong passwords for an account from one network | 5 without a wait, then ever longer waits of up to 15 minutes; closed \
         for a day after 100",
        &[
            ("service/src/throttle.rs", "LONGEST_WAIT: Span = Span::minutes(15);"),
            ("service/src/throttle.rs", "MOST: i64 = 100;"),
            ("service/src/throttle.rs", "DAY: Span = Span::days(1);"),
        ],
    ),
    ("requests of a tool | 16 MiB", &[("innkeeper/src/socket.rs", "LINE: u64 = 16 << 20;")]),
    ("the embedded database | 128 GiB", &[("store/src/sqlite/wipe.rs", "MOST_PAGES: u32 = 0x01ff_ffff;")]),
];

/// Numbers in the text of the page, with the constants that they quote.
const IN_TEXT: &[(&str, &str, &str)] = &[
    ("for 30 × 24 hours", "model/src/lifecycle.rs", "RETENTION: Span = Span::days(30);"),
    ("for 24 hours of uptime", "model/src/time.rs", "PROBATION: Span = Span::hours(24);"),
    ("more than an hour ahead", "model/src/time.rs", "JUMP: Span = Span::hours(1);"),
    ("more than 7 days between", "model/src/time.rs", "GAP: Span = Span::days(7);"),
    (
        "at the latest a minute after",
        "innkeeper/src/reconcile.rs",
        "PURGE: Duration = Duration::from_secs(60);",
    ),
    ("for at most 9 seconds", "innkeeper/src/server.rs", "GRACE: Duration = Duration::from_secs(9);"),
    ("certificate holds for 397 days", "innkeeper/src/tls.rs", "SERVER_LIFE: Span = Span::days(397);"),
    ("when fewer than 30 are left", "innkeeper/src/tls.rs", "RENEW: Span = Span::days(30);"),
    ("holds for ten years", "innkeeper/src/tls.rs", "CA_LIFE: Span = Span::days(3_653);"),
];

fn source(file: &str) -> String {
    fs::read_to_string(root().join("crates").join(file)).unwrap()
}

#[test]
fn every_number_for_operators_is_that_of_the_code() {
    let page = fs::read_to_string(root().join("docs/running.md")).unwrap();
    let text = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for (quote, file, constant) in IN_TEXT {
        assert!(text.contains(quote), "docs/running.md does not say {quote:?}");
        assert!(
            source(file).contains(constant),
            "{file} does not say {constant:?}, which docs/running.md quotes"
        );
    }
    let table = page.split_once("## Limits").unwrap().1;
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let known: Vec<String> = LIMITS.iter().map(|(row, _)| format!("| {row} |")).collect();
    assert_eq!(rows, known);
    for (row, constants) in LIMITS {
        for (file, constant) in *constants {
            assert!(
                source(file).contains(constant),
                "{file} does not say {constant:?}, on which the row {row:?} relies"
            );
        }
    }
}
