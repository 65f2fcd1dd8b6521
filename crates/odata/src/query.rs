use crate::error::quote;
use crate::{EntityType, Error, Field, Filter, Property, Search, Sortable, url};

/// Largest page, and the bounds named in Graph's message.
const PAGE: std::ops::RangeInclusive<u16> = 1..=999;
/// Most properties in one `$orderby`.
const MAX_ORDER: usize = 10;

/// What the request says beside its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The header `ConsistencyLevel: eventual` is present.
    pub advanced: bool,
    /// The path ends in `/$count`, which stands for `$count=true`.
    pub count_segment: bool,
}

/// The query options of a request for an entity or a collection, checked against its description.
///
/// A request with a `$skiptoken` follows a link of ours, and no client repeats `ConsistencyLevel` on it: such
/// a request may use whatever an advanced query may. The token's signature, checked elsewhere, is what makes
/// that true.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// In the order asked for, each once; none means the default selection. `*` selects every property.
    pub select: Option<Vec<&'static Property>>,
    /// Which records.
    pub filter: Option<Filter>,
    /// From the first key to the last; empty without `$orderby`.
    pub order_by: Vec<OrderBy>,
    /// Page size, 1 to 999; none means the default.
    pub top: Option<u16>,
    /// Whether the answer carries `@odata.count`: asked for, with the header, on the first page.
    pub count: bool,
    /// Which records, by words.
    pub search: Option<Search>,
    /// `$expand` as written, decoded: what can be expanded is the consumer's affair.
    pub expand: Option<String>,
    /// Opaque and unverified.
    pub skiptoken: Option<String>,
    /// `$deltatoken`, opaque and unverified.
    pub deltatoken: Option<String>,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// A sortable field.
    pub field: Field,
    /// Which way.
    pub direction: Direction,
}

/// Which way an order runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `asc`, the default.
    Ascending,
    /// `desc`
    Descending,
}

/// The system options that are read, in the order in which [`given`] returns their values.
const NAMES: [&str; 10] =
    ["select", "filter", "orderby", "top", "count", "search", "expand", "skiptoken", "deltatoken", "format"];
/// System options of OData that Graph's directory does not have.
const UNSUPPORTED: [&str; 3] = ["skip", "apply", "compute"];

impl Query {
    /// Reads the part of a URL after `?`, at most [`MAX_URL`](crate::MAX_URL) bytes. The `$` of a system
    /// option may be left out, and its name is read in any letter case. Other options with a `$` are errors;
    /// without, they are ignored.
    pub fn parse(
        raw_query: Option<&str>,
        entity: &'static EntityType,
        options: Options,
    ) -> Result<Self, Error> {
        let [select, filter, order_by, top, count, search, expand, skiptoken, deltatoken, format] =
            given(raw_query.unwrap_or_default())?;
        let asked = count.map_or(Ok(false), |text| parse_count(&text))? || options.count_segment;
        let count = asked && options.advanced;
        let lifted = skiptoken.is_some();
        let advanced = count || lifted;
        if filter.is_some() && order_by.is_some() && entity.directory && !advanced {
            return Err(Error::unsupported_query("Unsupported Query."));
        }
        if search.is_some() && !options.advanced && !lifted {
            return Err(Error::unsupported_query(
                "Request with $search query parameter only works through MSGraph with a special request header: \
                 'ConsistencyLevel: eventual'",
            ));
        }
        if let Some(format) = format.filter(|format| !format.to_ascii_lowercase().contains("json")) {
            return Err(Error::bad_request(format!(
                "The format '{}' is not supported: use json.",
                quote(&format)
            ))
            .targeting("$format"));
        }
        Ok(Self {
            select: select.map(|text| parse_select(&text, entity)).transpose()?,
            filter: filter.map(|text| Filter::parse(&text, entity, advanced)).transpose()?,
            order_by: order_by.map_or(Ok(Vec::new()), |text| parse_order(&text, entity, advanced))?,
            top: top.map(|text| parse_top(&text)).transpose()?,
            count: count && !lifted,
            search: search.map(|text| Search::parse(&text, entity)).transpose()?,
            expand,
            skiptoken,
            deltatoken,
        })
    }
}

/// What a query asks for, whatever the order, letter case and encoding of its options; its skip token left out. Two queries
/// with the same fingerprint have the same answer, so that a position in one is a position in the other.
pub fn fingerprint(raw_query: Option<&str>) -> Result<String, Error> {
    let values = given(raw_query.unwrap_or_default())?;
    let mut text = String::new();
    for (name, value) in NAMES.iter().zip(values).filter(|(name, _)| **name != "skiptoken") {
        if let Some(value) = value {
            // The length keeps one value from posing as two.
            text.push_str(&format!("{name}={}:{value};", value.len()));
        }
    }
    Ok(text)
}

/// The decoded value of one system option, by its name without the `$`.
pub fn option(raw_query: Option<&str>, name: &str) -> Result<Option<String>, Error> {
    let mut values = given(raw_query.unwrap_or_default())?;
    Ok(NAMES.iter().position(|known| *known == name).and_then(|slot| values[slot].take()))
}

/// The decoded values of the system options, in the order of [`NAMES`].
fn given(raw: &str) -> Result<[Option<String>; NAMES.len()], Error> {
    url::check_length(raw)?;
    let mut values = [const { None }; NAMES.len()];
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = url::decode(name, true)?;
        let bare = name.strip_prefix('$').unwrap_or(&name).to_ascii_lowercase();
        let Some(slot) = NAMES.iter().position(|known| *known == bare) else {
            if UNSUPPORTED.contains(&bare.as_str()) {
                return Err(Error::new(
                    "Request_BadRequest",
                    format!("'${bare}' is not supported by the service."),
                ));
            }
            if name.starts_with('$') {
                return Err(Error::bad_request(format!("The query option '{}' is not known.", quote(&name))));
            }
            continue;
        };
        let fail = |what| {
            Err(Error::bad_request(format!("The query option '${bare}' {what}."))
                .targeting(format!("${bare}")))
        };
        let value = url::decode(value, true)?.trim().to_owned();
        if value.is_empty() {
            return fail("is empty: give it a value or leave it out");
        }
        if values[slot].replace(value).is_some() {
            return fail("was specified more than once, but it must be specified at most once");
        }
    }
    Ok(values)
}

fn parse_count(text: &str) -> Result<bool, Error> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            Err(Error::bad_request(format!("Invalid value '{}' for $count: use true or false.", quote(text)))
                .targeting("$count"))
        }
    }
}

fn parse_top(text: &str) -> Result<u16, Error> {
    match text.parse() {
        Ok(top) if PAGE.contains(&top) => Ok(top),
        _ if text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Error::unsupported_query(format!(
                "Invalid page size specified: '{}'. Must be between {} and {} inclusive.",
                quote(text),
                PAGE.start(),
                PAGE.end()
            ))
            .targeting("$top"))
        }
        _ => {
            Err(Error::bad_request(format!("Invalid value '{}' for $top: use a whole number.", quote(text)))
                .targeting("$top"))
        }
    }
}

fn parse_select(text: &str, entity: &EntityType) -> Result<Vec<&'static Property>, Error> {
    let mut selected: Vec<&'static Property> = Vec::new();
    for name in text.split(',').map(str::trim) {
        let found: Vec<_> = match name {
            "*" => entity.properties.iter().collect(),
            // A member selects the whole of its complex value.
            path => entity.field(path)?.steps().iter().take(1).copied().collect(),
        };
        for property in found {
            if !selected.contains(&property) {
                selected.push(property);
            }
        }
    }
    Ok(selected)
}

fn parse_order(text: &str, entity: &EntityType, advanced: bool) -> Result<Vec<OrderBy>, Error> {
    let invalid = |what: &str| Error::bad_request(format!("Invalid $orderby: {what}.")).targeting("$orderby");
    let mut order: Vec<OrderBy> = Vec::new();
    for key in text.split(',') {
        let mut words = key.split_whitespace();
        let path = words.next().ok_or_else(|| invalid("a property is missing"))?;
        let direction = match words.next().map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => Direction::Ascending,
            Some("desc") => Direction::Descending,
            Some(other) => {
                return Err(invalid(&format!("after a property stands asc or desc, not '{}'", quote(other))));
            }
        };
        if words.next().is_some() {
            return Err(invalid("properties are separated by commas"));
        }
        let field = entity.field(path)?;
        match field.sortable() {
            Sortable::Yes => {}
            Sortable::Advanced if advanced || !entity.directory => {}
            Sortable::Advanced => {
                return Err(Error::unsupported_query("Unsupported Query.").targeting(field.path()));
            }
            Sortable::No => {
                let what =
                    format!("Unsupported sort property '{}' for '{}'.", field.path(), entity.short_name());
                return Err(Error::unsupported_query(what).targeting(field.path()));
            }
        }
        if order.iter().any(|earlier| earlier.field == field) {
            return Err(invalid(&format!("'{}' is there twice", field.path())));
        }
        if order.len() == MAX_ORDER {
            return Err(invalid(&format!("there are more than {MAX_ORDER} properties")));
        }
        order.push(OrderBy { field, direction });
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{AUDIT, USER};
    use proptest::prelude::*;

    const PLAIN: Options = Options { advanced: false, count_segment: false };
    const EVENTUAL: Options = Options { advanced: true, count_segment: false };

    fn parse(raw: &str) -> Result<Query, Error> {
        Query::parse(Some(raw), &USER, PLAIN)
    }

    fn refusal(raw: &str, options: Options) -> (&'static str, String) {
        let error = Query::parse(Some(raw), &USER, options).expect_err(raw);
        (error.code, error.message)
    }

    fn bad_request(raw: &str, message: &str) {
        assert_eq!(refusal(raw, PLAIN), ("BadRequest", message.to_owned()), "{raw}");
    }

    fn unsupported(raw: &str, options: Options, message: &str) {
        assert_eq!(refusal(raw, options), ("Request_UnsupportedQuery", message.to_owned()), "{raw}");
    }

    fn names(query: &Query) -> Vec<&str> {
        query.select.iter().flatten().map(|property| property.name).collect()
    }

    #[test]
    fn no_query_asks_for_the_defaults() {
        for raw in [None, Some(""), Some("&&")] {
            assert_eq!(Query::parse(raw, &USER, PLAIN).unwrap(), Query::default());
        }
    }

    #[test]
    fn every_option_is_read() {
        let query = Query::parse(
            Some("$select=displayname,%20id,displayName&$filter=userType+eq%20'Guest'&$orderby=mail+desc,signInActivity/lastSignInDateTime\
                  &$top=999&$count=true&$search=%22mail:a%22&$expand=sponsors&$deltaToken=d&$format=json"),
            &USER,
            EVENTUAL,
        )
        .unwrap();
        assert_eq!(names(&query), ["displayName", "id"]);
        assert_eq!(query.filter, Some(Filter::parse("userType eq 'Guest'", &USER, false).unwrap()));
        let order: Vec<_> = query.order_by.iter().map(|key| (key.field.path(), key.direction)).collect();
        assert_eq!(
            order,
            [
                ("mail".into(), Direction::Descending),
                ("signInActivity/lastSignInDateTime".into(), Direction::Ascending)
            ]
        );
        assert_eq!((query.top, query.count), (Some(999), true));
        assert!(matches!(query.search, Some(Search::Term { .. })));
        assert_eq!((query.expand.as_deref(), query.deltatoken.as_deref()), (Some("sponsors"), Some("d")));
    }

    #[test]
    fn the_dollar_is_optional_and_letter_case_does_not_matter() {
        let query = parse("TOP=5&%24Select=id").unwrap();
        assert_eq!((query.top, names(&query)), (Some(5), vec!["id"]));
    }

    #[test]
    fn select_takes_stars_and_members() {
        assert_eq!(names(&parse("$select=signInActivity/lastSignInDateTime").unwrap()), ["signInActivity"]);
        assert_eq!(names(&parse("$select=mail,*").unwrap()).len(), USER.properties.len());
        assert_eq!(names(&parse("$select=mail,*").unwrap())[0], "mail");
    }

    #[test]
    fn options_without_a_dollar_that_are_not_systems_are_ignored() {
        assert_eq!(parse("api-version=1&x&filters=%zz").unwrap(), Query::default());
    }

    #[test]
    fn unknown_and_unsupported_options_are_errors() {
        bad_request("$foo=1", "The query option '$foo' is not known.");
        assert_eq!(
            refusal("$skip=1", PLAIN),
            ("Request_BadRequest", "'$skip' is not supported by the service.".to_owned())
        );
        assert_eq!(refusal("skip=1", PLAIN).0, "Request_BadRequest");
        bad_request("$format=atom", "The format 'atom' is not supported: use json.");
    }

    #[test]
    fn an_option_is_given_once_and_with_a_value() {
        let twice =
            "The query option '$top' was specified more than once, but it must be specified at most once.";
        bad_request("$top=1&$top=1", twice);
        bad_request("$top=1&%24TOP=2", twice);
        bad_request("$top=1&top=2", twice);
        for raw in ["$filter=", "$filter", "filter=+%20"] {
            bad_request(raw, "The query option '$filter' is empty: give it a value or leave it out.");
        }
        bad_request("$select=", "The query option '$select' is empty: give it a value or leave it out.");
    }

    #[test]
    fn the_page_size_is_bounded() {
        for text in ["0", "1000", "-1", "65536", "99999999999999999999"] {
            unsupported(
                &format!("$top={text}"),
                PLAIN,
                &format!("Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive."),
            );
        }
        bad_request("$top=ten", "Invalid value 'ten' for $top: use a whole number.");
        bad_request("$top=1.5", "Invalid value '1.5' for $top: use a whole number.");
        assert_eq!(parse("$top=1").unwrap().top, Some(1));
    }

    #[test]
    fn count_without_the_header_is_silently_ignored() {
        assert!(!parse("$count=true").unwrap().count);
        assert!(!Query::parse(Some("$count=false"), &USER, EVENTUAL).unwrap().count);
        assert!(Query::parse(Some("$count=TRUE"), &USER, EVENTUAL).unwrap().count);
        bad_request("$count=1", "Invalid value '1' for $count: use true or false.");
    }

    #[test]
    fn advanced_queries_need_the_header_and_the_count() {
        for raw in [
            "$filter=userType ne 'Guest'",
            "$filter=not(userType eq 'Guest')",
            "$filter=endsWith(mail,'x')",
            "$filter=userType eq 'Guest'&$orderby=displayName",
            "$filter=otherMails/all(m:m eq 'x')",
            "$filter=department eq 'x'",
            "$orderby=deletedDateTime",
        ] {
            let raw = &raw.replace(' ', "%20");
            let counted = &format!("{raw}&$count=true");
            unsupported(raw, PLAIN, "Unsupported Query.");
            unsupported(raw, EVENTUAL, "Unsupported Query.");
            unsupported(counted, PLAIN, "Unsupported Query.");
            assert!(Query::parse(Some(counted), &USER, EVENTUAL).is_ok(), "{counted}");
        }
    }

    #[test]
    fn a_count_segment_stands_for_the_count_but_not_for_the_header() {
        let parse = |advanced| {
            let options = Options { advanced, count_segment: true };
            Query::parse(Some("$filter=userType+ne+'Guest'"), &USER, options)
        };
        assert!(parse(true).unwrap().count);
        assert_eq!(parse(false).unwrap_err().message, "Unsupported Query.");
    }

    #[test]
    fn what_is_outside_the_directory_needs_no_advanced_query() {
        let raw = "$filter=not(id+ne+'x')&$orderby=activityDateTime%20desc";
        assert!(Query::parse(Some(raw), &AUDIT, PLAIN).is_ok());
    }

    #[test]
    fn search_needs_the_header_only() {
        unsupported(
            "$search=%22mail:a%22",
            PLAIN,
            "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
        );
        assert!(Query::parse(Some("$search=%22mail:a%22"), &USER, EVENTUAL).is_ok());
    }

    #[test]
    fn a_next_link_works_without_the_header_and_has_no_count() {
        let first = "$filter=userType+ne+'Guest'&$orderby=displayName&$search=%22mail:a%22&$count=true";
        assert!(Query::parse(Some(first), &USER, EVENTUAL).unwrap().count);
        let link = url::next_link("https://h/v1.0/users", Some(first), "t/1+");
        let (_, raw) = link.split_once('?').unwrap();
        for options in [PLAIN, EVENTUAL] {
            let next = Query::parse(Some(raw), &USER, options).unwrap();
            assert_eq!((next.count, next.skiptoken.as_deref()), (false, Some("t/1+")));
        }
    }

    #[test]
    fn an_order_is_checked() {
        unsupported("$orderby=id", PLAIN, "Unsupported sort property 'id' for 'User'.");
        unsupported(
            "$orderby=signInActivity",
            PLAIN,
            "Unsupported sort property 'signInActivity' for 'User'.",
        );
        bad_request(
            "$orderby=nope",
            "Could not find a property named 'nope' on type 'microsoft.graph.user'.",
        );
        bad_request("$orderby=mail+up", "Invalid $orderby: after a property stands asc or desc, not 'up'.");
        bad_request("$orderby=mail,", "Invalid $orderby: a property is missing.");
        bad_request("$orderby=mail+asc+mail", "Invalid $orderby: properties are separated by commas.");
        bad_request("$orderby=mail,Mail+desc", "Invalid $orderby: 'mail' is there twice.");
    }

    #[test]
    fn unknown_properties_are_named_with_their_type() {
        bad_request(
            "$select=id,nope",
            "Could not find a property named 'nope' on type 'microsoft.graph.user'.",
        );
        bad_request("$select=id,", "Could not find a property named '' on type 'microsoft.graph.user'.");
        bad_request(
            "$select=signInActivity/nope",
            "Could not find a property named 'nope' on type 'microsoft.graph.signInActivity'.",
        );
        bad_request(
            "$filter=nope+eq+1",
            "Could not find a property named 'nope' on type 'microsoft.graph.user'.",
        );
    }

    #[test]
    fn a_fingerprint_is_that_of_what_is_asked_for() {
        let same = fingerprint(Some("$filter=mail+eq+'a'&$top=5")).unwrap();
        for raw in [
            "top=5&%24Filter=mail%20eq%20%27a%27",
            "$top=5&$skiptoken=x&$filter=mail%20eq 'a'",
            "$top=5&other=1&$filter=mail eq 'a'",
        ] {
            assert_eq!(fingerprint(Some(raw)).unwrap(), same, "{raw}");
        }
        for raw in [
            "$top=5",
            "$filter=mail+eq+'a'&$top=6",
            "$filter=mail+eq+'b'&$top=5",
            "$filter=mail+eq+'a'&$top=5&$count=true",
        ] {
            assert_ne!(fingerprint(Some(raw)).unwrap(), same, "{raw}");
        }
        assert_ne!(
            fingerprint(Some("$search=a;expand%3D1:b")).unwrap(),
            fingerprint(Some("$search=a&$expand=b")).unwrap()
        );
        assert!(fingerprint(Some("$top=1&$top=1")).is_err());
    }

    #[test]
    fn a_query_is_at_most_8_kib() {
        let fits = format!("x={}", "a".repeat(url::MAX_URL - 2));
        assert!(parse(&fits).is_ok());
        bad_request(&format!("{fits}a"), "The URL is too long: at most 8192 bytes are accepted.");
    }

    #[test]
    fn messages_quote_a_bounded_part_of_the_request() {
        let (_, message) = refusal(&format!("$top={}", "9".repeat(5000)), PLAIN);
        assert!(message.len() < 200, "{message}");
    }

    proptest! {
        #[test]
        fn never_panics(
            raw in "(\\$(select|filter|orderby|top|count|search|skiptoken)=|&|mail|id| |%20|,|'a'|eq|%22|\\*|[0-9]|é){0,25}|\\PC{0,60}",
            advanced: bool,
        ) {
            let _ = Query::parse(Some(&raw), &USER, Options { advanced, count_segment: false });
        }
    }
}
