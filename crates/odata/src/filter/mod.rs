//! `$filter`: a tree that is type-checked against an entity, and what it means.
//!
//! # Meaning
//!
//! A filter is two-valued: every node is true or false of a record, never unknown. A translation into SQL
//! must give the same answer as [`Filter::matches`], so it has to turn SQL's unknown into false at each
//! comparison, *below* any `not`.
//!
//! | node | true when |
//! |---|---|
//! | `x eq v` | both are null, or both have values and these are equal |
//! | `x ne v` | `x eq v` is false; so a null `x` is *not equal* to every value, and `x ne null` means that x has a value |
//! | `x gt/ge/lt/le v` | x has a value, and it stands in that order to v (v is never null) |
//! | `x in (…)` | x has a value, and it equals one of the list (which is not empty and holds no null) |
//! | `startsWith`, `endsWith`, `contains` | x has a value that does; the text may be empty, and then any value does |
//! | `not a` | `a` is false. So `not (x gt v)` holds for a null x |
//! | `c/any(v:p)` | p is true of at least one element; false when the collection is empty or null |
//! | `c/all(v:p)` | p is false of no element; true when the collection is empty or null |
//!
//! Strings are compared after [`fold`], which drops letter case; their order is that of the folded text's
//! code points (which is that of its UTF-8 bytes). A GUID is its canonical lower-case text. A missing member
//! of a complex value is null.

mod eval;
mod lex;
mod parse;
#[cfg(test)]
mod tests;

pub use eval::{Value, field_of, fold};

use crate::Field;

/// Longest `$filter`, in bytes after decoding.
pub const MAX_TEXT: usize = 2 * 1024;
/// Most nodes of the tree.
pub const MAX_NODES: usize = 100;
/// Deepest nesting of parentheses, `not`, `any` and `all`. A row of `and`s is not nested, however long.
pub const MAX_DEPTH: usize = 20;
/// Most values after one `in`.
pub const MAX_IN: usize = 100;

/// A filter that is valid for its entity. See [the module](self) for its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// At least one holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// `field op value`. The value has the field's type, or is null with `eq` and `ne`.
    Compare {
        /// Not a collection, not complex.
        field: Field,
        /// Ordering is for strings, points in time and integers only.
        op: Comparison,
        /// What the field is compared with.
        value: Scalar,
    },
    /// `field in (a,b)`.
    In {
        /// Not a collection, not complex.
        field: Field,
        /// One to [`MAX_IN`] values of the field's type, none null.
        values: Vec<Scalar>,
    },
    /// `startsWith(field,'text')` and the like.
    Text {
        /// A string.
        field: Field,
        /// Where the text is looked for.
        op: TextMatch,
        /// As written, not folded.
        text: String,
    },
    /// `collection/any(v:predicate)` or `all`. Never nested.
    Lambda {
        /// Over one element or over every one.
        quantifier: Quantifier,
        /// A collection.
        collection: Field,
        /// Its fields are relative to the element; an empty path is the element itself.
        predicate: Box<Filter>,
    },
}

/// An operator between a field and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Eq,
    /// `ne`
    Ne,
    /// `gt`
    Gt,
    /// `ge`
    Ge,
    /// `lt`
    Lt,
    /// `le`
    Le,
}

/// A test of a part of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextMatch {
    /// `startsWith`
    StartsWith,
    /// `endsWith`
    EndsWith,
    /// `contains`
    Contains,
}

/// How many elements a predicate must hold for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one.
    Any,
    /// Every one.
    All,
}

/// A value without parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// No value.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A signed integer.
    Int64(i64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// Canonical: 36 characters, lower case.
    Guid(String),
    /// In its own letter case.
    String(String),
}
