use crate::Error;
use std::fmt;

/// The description of an entity or complex type, written once as static data by whoever serves it.
pub struct EntityType {
    /// Qualified name, as `microsoft.graph.user`.
    pub name: &'static str,
    /// Whether Graph keeps it in the directory, where `ne`, `not`, `endsWith`, and `$filter` together with
    /// `$orderby`, need an advanced query (`ConsistencyLevel: eventual` and `$count=true`). Logs are not in
    /// the directory.
    pub directory: bool,
    /// In the order in which they are rendered.
    pub properties: &'static [Property],
}

// By name alone: the types of an entity may refer to each other in a circle.
impl PartialEq for EntityType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for EntityType {}

impl fmt::Debug for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntityType({})", self.name)
    }
}

impl EntityType {
    /// The property of this name, in any letter case.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties.iter().find(|property| property.name.eq_ignore_ascii_case(name))
    }

    /// The field at a path such as `signInActivity/lastSignInDateTime`; unknown names are Graph's error.
    pub fn field(&self, path: &str) -> Result<Field, Error> {
        let mut names = path.split('/');
        let first = names.next().unwrap_or_default();
        let mut field = Field::root(self, first)?;
        for name in names {
            field = field.member(name)?;
        }
        Ok(field)
    }

    /// `User` for `microsoft.graph.user`: how Graph names a type in its messages about queries.
    pub(crate) fn short_name(&self) -> String {
        let short = self.name.rsplit('.').next().unwrap_or(self.name);
        let mut chars = short.chars();
        chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
    }
}

/// What a query may do with one property.
#[derive(Debug, PartialEq, Eq)]
pub struct Property {
    /// Canonical name, as rendered.
    pub name: &'static str,
    /// Type of the value.
    pub kind: Kind,
    /// Operators of `$filter`. Those of a collection of primitives are for its elements inside `any` and
    /// `all`.
    pub filter: Filterable,
    /// Whether `$orderby` accepts it.
    pub sortable: Sortable,
    /// Whether `$search` accepts it.
    pub searchable: bool,
    /// Whether it is returned when there is no `$select`.
    pub default_selected: bool,
}

impl Property {
    /// A property that can be selected and nothing else.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            filter: Filterable::NONE,
            sortable: Sortable::No,
            searchable: false,
            default_selected: false,
        }
    }

    /// Allows these operators in `$filter`.
    pub const fn filter(mut self, operators: Operators) -> Self {
        self.filter.plain = operators;
        self
    }

    /// Allows these operators in `$filter` of an advanced query only.
    pub const fn filter_advanced(mut self, operators: Operators) -> Self {
        self.filter.advanced = operators;
        self
    }

    /// Says whether `$orderby` accepts it.
    pub const fn sort(mut self, sortable: Sortable) -> Self {
        self.sortable = sortable;
        self
    }

    /// Allows it in `$search`.
    pub const fn searchable(mut self) -> Self {
        self.searchable = true;
        self
    }

    /// Returns it when there is no `$select`.
    pub const fn selected(mut self) -> Self {
        self.default_selected = true;
        self
    }
}

/// Type of a property's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Compared without regard to letter case, as Graph does.
    String,
    /// `true` or `false`.
    Boolean,
    /// A point in time, in microseconds since 1970-01-01T00:00:00Z.
    DateTime,
    /// A signed 64-bit integer.
    Int64,
    /// A GUID, written without quotes in a filter. (Graph's object ids are strings.)
    Guid,
    /// An object with members of its own.
    Complex(&'static EntityType),
    /// A list, reached by `any` and `all`.
    Collection(&'static Kind),
}

impl Kind {
    /// The name in the type system of OData, as `Edm.String` or `Collection(microsoft.graph.x)`.
    pub fn edm(self) -> String {
        match self {
            Self::String => "Edm.String".into(),
            Self::Boolean => "Edm.Boolean".into(),
            Self::DateTime => "Edm.DateTimeOffset".into(),
            Self::Int64 => "Edm.Int64".into(),
            Self::Guid => "Edm.Guid".into(),
            Self::Complex(of) => of.name.into(),
            Self::Collection(of) => format!("Collection({})", of.edm()),
        }
    }
}

/// The operators that `$filter` accepts on a property. `in` is allowed wherever `eq` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filterable {
    /// Allowed in any query (in the directory, `ne` and `endsWith` need an advanced one nevertheless).
    pub plain: Operators,
    /// Allowed in an advanced query besides.
    pub advanced: Operators,
}

impl Filterable {
    /// Not filterable: a query that tries is told that the property is not indexed.
    pub const NONE: Self = Self { plain: Operators::NONE, advanced: Operators::NONE };
}

/// A set of filter operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operators(u16);

impl Operators {
    /// No operator.
    pub const NONE: Self = Self(0);
    /// `eq` and `in`.
    pub const EQ: Self = Self(1);
    /// `ne`.
    pub const NE: Self = Self(1 << 1);
    /// `gt`.
    pub const GT: Self = Self(1 << 2);
    /// `ge`.
    pub const GE: Self = Self(1 << 3);
    /// `lt`.
    pub const LT: Self = Self(1 << 4);
    /// `le`.
    pub const LE: Self = Self(1 << 5);
    /// `startsWith`.
    pub const STARTS_WITH: Self = Self(1 << 6);
    /// `endsWith`.
    pub const ENDS_WITH: Self = Self(1 << 7);
    /// `contains`.
    pub const CONTAINS: Self = Self(1 << 8);
    /// `gt`, `ge`, `lt` and `le`.
    pub const ORDER: Self = Self::GT.with(Self::GE).with(Self::LT).with(Self::LE);
    /// Every operator.
    pub const ALL: Self = Self((1 << 9) - 1);

    /// Both sets together.
    pub const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// Whether every operator of `some` is in the set.
    pub const fn contains(self, some: Self) -> bool {
        self.0 & some.0 == some.0
    }
}

/// Whether `$orderby` accepts a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sortable {
    /// Never.
    No,
    /// In any query.
    Yes,
    /// In an advanced query only.
    Advanced,
}

/// A value that a filter or an order refers to: a property, a member of a complex property, or, inside `any`
/// and `all`, the element or a member of it.
#[derive(Clone)]
pub struct Field {
    steps: Vec<&'static Property>,
    owner: &'static str,
    kind: Kind,
    filter: Filterable,
}

impl Field {
    pub(crate) fn root(entity: &EntityType, name: &str) -> Result<Self, Error> {
        let property = entity.property(name).ok_or_else(|| Error::unknown_property(name, entity.name))?;
        Ok(Self { steps: vec![property], owner: property.name, kind: property.kind, filter: property.filter })
    }

    /// The element of this field, inside `any` and `all`; none when it is not a collection.
    pub(crate) fn element(&self) -> Option<Self> {
        match self.kind {
            Kind::Collection(kind) => {
                Some(Self { steps: Vec::new(), owner: self.owner, kind: *kind, filter: self.filter })
            }
            _ => None,
        }
    }

    /// A member of this field, in any letter case.
    pub(crate) fn member(mut self, name: &str) -> Result<Self, Error> {
        let Kind::Complex(of) = self.kind else {
            return Err(Error::unknown_property(name, &self.kind.edm()));
        };
        let property = of.property(name).ok_or_else(|| Error::unknown_property(name, of.name))?;
        self.steps.push(property);
        self.owner = property.name;
        self.kind = property.kind;
        self.filter = property.filter;
        Ok(self)
    }

    /// The properties from the outside in. Empty for the element of a collection itself (`m` in `any(m:m eq
    /// 'x')`).
    pub fn steps(&self) -> &[&'static Property] {
        &self.steps
    }

    /// The canonical path, as `signInActivity/lastSignInDateTime`; empty for the element of a collection
    /// itself.
    pub fn path(&self) -> String {
        self.steps.iter().map(|step| step.name).collect::<Vec<_>>().join("/")
    }

    /// The type of the value.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn filterable(&self) -> Filterable {
        self.filter
    }

    pub(crate) fn sortable(&self) -> Sortable {
        self.steps.last().map_or(Sortable::No, |property| property.sortable)
    }

    /// What a message calls it: for an element, the name of its collection.
    pub(crate) fn label(&self) -> String {
        if self.steps.is_empty() { self.owner.to_owned() } else { self.path() }
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.path() == other.path()
    }
}

impl Eq for Field {}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.path())
    }
}
