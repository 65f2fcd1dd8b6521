//! Microsoft Graph's dialect of OData: paths, query options, filters and JSON bodies, parsed into typed trees
//! that are checked against the description of an entity. It knows no entity of ours, does no I/O, and every
//! parser takes time linear in its input and fails with an [`Error`] that a client may read.
//!
//! An entity is static data, an [`EntityType`]; [`Path`] and [`Query`] are what a request says about it; a
//! [`Filter`] is a small tree made to be translated into SQL, with its meaning written down, and executable,
//! in [`filter`].

mod error;
mod expand;
pub mod filter;
pub mod json;
mod path;
mod query;
mod schema;
mod search;
mod time;
mod url;

pub use error::Error;
pub use expand::Expansion;
pub use filter::Filter;
pub use path::{Key, Path, Segment};
pub use query::{Direction, Options, OrderBy, Query, fingerprint, option};
pub use schema::{EntityType, Field, Filterable, Kind, Operators, Property, Sortable};
pub use search::Search;
pub use url::{MAX_URL, context_url, encode_target, next_link};

#[cfg(test)]
mod fixture;
