//! An entity with a property of every kind, for the tests of this crate.

use crate::{EntityType, Kind, Operators, Property, Sortable};

const ANY: Operators = Operators::ALL;

static ACTIVITY: EntityType = EntityType {
    name: "microsoft.graph.signInActivity",
    directory: true,
    properties: &[
        Property::new("lastSignInDateTime", Kind::DateTime)
            .filter(Operators::ORDER.with(Operators::EQ))
            .sort(Sortable::Yes),
        Property::new("lastSignInRequestId", Kind::String),
    ],
};

static IDENTITY: EntityType = EntityType {
    name: "microsoft.graph.objectIdentity",
    directory: true,
    properties: &[
        Property::new("signInType", Kind::String),
        Property::new("issuer", Kind::String).filter(ANY),
        Property::new("issuerAssignedId", Kind::String).filter(ANY),
        Property::new("aliases", Kind::Collection(&Kind::String)).filter(ANY),
    ],
};

pub(crate) static USER: EntityType = EntityType {
    name: "microsoft.graph.user",
    directory: true,
    properties: &[
        Property::new("id", Kind::String).filter(Operators::EQ).selected(),
        Property::new("displayName", Kind::String).filter(ANY).sort(Sortable::Yes).searchable().selected(),
        Property::new("mail", Kind::String).filter(ANY).sort(Sortable::Yes).searchable().selected(),
        Property::new("userType", Kind::String).filter(Operators::EQ.with(Operators::NE)),
        Property::new("department", Kind::String).filter_advanced(Operators::EQ),
        Property::new("accountEnabled", Kind::Boolean).filter(ANY),
        Property::new("deletedDateTime", Kind::DateTime).filter(ANY).sort(Sortable::Advanced),
        Property::new("logins", Kind::Int64).filter(ANY),
        Property::new("correlationId", Kind::Guid).filter(ANY),
        Property::new("aboutMe", Kind::String),
        Property::new("signInActivity", Kind::Complex(&ACTIVITY)),
        Property::new("otherMails", Kind::Collection(&Kind::String)).filter(ANY),
        Property::new("identities", Kind::Collection(&Kind::Complex(&IDENTITY))),
        Property::new("proxies", Kind::Collection(&Kind::String)).filter(Operators::EQ),
    ],
};

/// Outside the directory: no advanced queries.
pub(crate) static AUDIT: EntityType = EntityType {
    name: "microsoft.graph.directoryAudit",
    directory: false,
    properties: &[
        Property::new("id", Kind::String).filter(Operators::EQ.with(Operators::NE)),
        Property::new("activityDateTime", Kind::DateTime).filter(ANY).sort(Sortable::Yes),
        Property::new("activityDisplayName", Kind::String).filter(Operators::EQ.with(Operators::STARTS_WITH)),
    ],
};
