//! The entities as Graph describes them: what can be selected, filtered and sorted.

use odata::{EntityType, Kind, Operators, Property, Sortable};

const EQ: Operators = Operators::EQ;
const TEXT: Operators = EQ.with(Operators::STARTS_WITH).with(Operators::ORDER);
const TEXT_ADVANCED: Operators = Operators::NE.with(Operators::ENDS_WITH).with(Operators::CONTAINS);
const ENDS: Operators = Operators::NE.with(Operators::ENDS_WITH);
const TIME: Operators = EQ.with(Operators::ORDER);
const NOT: Operators = Operators::NE;

static IDENTITY: EntityType = EntityType {
    name: "microsoft.graph.objectIdentity",
    directory: true,
    properties: &[
        Property::new("signInType", Kind::String),
        Property::new("issuer", Kind::String),
        Property::new("issuerAssignedId", Kind::String),
    ],
};

const fn text(name: &'static str) -> Property {
    Property::new(name, Kind::String)
}

/// `microsoft.graph.user`, in the order in which the live service answers the default set, then by name.
pub(crate) static USER: EntityType = EntityType {
    name: "microsoft.graph.user",
    directory: true,
    properties: &[
        Property::new("businessPhones", Kind::Collection(&Kind::String)).selected(),
        text("displayName")
            .filter(TEXT)
            .filter_advanced(TEXT_ADVANCED)
            .sort(Sortable::Yes)
            .searchable()
            .selected(),
        text("givenName").selected(),
        text("jobTitle").selected(),
        text("mail").filter(TEXT).filter_advanced(ENDS).searchable().selected(),
        text("mobilePhone").selected(),
        text("officeLocation").selected(),
        text("preferredLanguage").selected(),
        text("surname").selected(),
        text("userPrincipalName")
            .filter(TEXT)
            .filter_advanced(ENDS)
            .sort(Sortable::Yes)
            .searchable()
            .selected(),
        text("id").filter(EQ).filter_advanced(NOT).selected(),
        Property::new("accountEnabled", Kind::Boolean).filter(EQ).filter_advanced(NOT),
        text("city"),
        text("companyName"),
        text("country"),
        Property::new("createdDateTime", Kind::DateTime)
            .filter(TIME)
            .filter_advanced(NOT)
            .sort(Sortable::Advanced),
        text("creationType"),
        Property::new("deletedDateTime", Kind::DateTime)
            .filter(TIME)
            .filter_advanced(NOT)
            .sort(Sortable::Advanced),
        text("department"),
        text("employeeId"),
        text("externalUserState").filter(EQ).filter_advanced(NOT),
        Property::new("externalUserStateChangeDateTime", Kind::DateTime).filter(TIME).filter_advanced(NOT),
        Property::new("identities", Kind::Collection(&Kind::Complex(&IDENTITY))),
        Property::new("otherMails", Kind::Collection(&Kind::String)),
        text("postalCode"),
        text("state"),
        text("streetAddress"),
        text("usageLocation"),
        text("userType").filter(EQ).filter_advanced(NOT),
    ],
};

/// Properties of a user that are kept as they come and may be written.
pub(crate) const PROFILE_TEXTS: &[&str] = &[
    "jobTitle",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "city",
    "companyName",
    "country",
    "department",
    "employeeId",
    "postalCode",
    "state",
    "streetAddress",
    "usageLocation",
];

pub(crate) static POLICY: EntityType = EntityType {
    name: "microsoft.graph.externalIdentitiesPolicy",
    directory: true,
    properties: &[
        text("id").selected(),
        Property::new("deletedDateTime", Kind::DateTime).selected(),
        Property::new("allowExternalIdentitiesToLeave", Kind::Boolean).selected(),
        Property::new("allowDeletedIdentitiesDataRemoval", Kind::Boolean).selected(),
        text("displayName").selected(),
        text("description"),
    ],
};

static PRIVACY: EntityType = EntityType {
    name: "microsoft.graph.privacyProfile",
    directory: true,
    properties: &[text("contactEmail"), text("statementUrl")],
};

static DOMAIN: EntityType = EntityType {
    name: "microsoft.graph.verifiedDomain",
    directory: true,
    properties: &[
        text("capabilities"),
        Property::new("isDefault", Kind::Boolean),
        Property::new("isInitial", Kind::Boolean),
        text("name"),
        text("type"),
    ],
};

pub(crate) static ORGANIZATION: EntityType = EntityType {
    name: "microsoft.graph.organization",
    directory: true,
    properties: &[
        text("id").selected(),
        Property::new("deletedDateTime", Kind::DateTime).selected(),
        Property::new("createdDateTime", Kind::DateTime).selected(),
        text("displayName").selected(),
        Property::new("technicalNotificationMails", Kind::Collection(&Kind::String)).selected(),
        text("tenantType").selected(),
        Property::new("privacyProfile", Kind::Complex(&PRIVACY)).selected(),
        Property::new("verifiedDomains", Kind::Collection(&Kind::Complex(&DOMAIN))).selected(),
    ],
};

/// `microsoft.graph.directoryAudit`; not a directory object, so that advanced queries do not apply.
pub(crate) static AUDIT: EntityType = EntityType {
    name: "microsoft.graph.directoryAudit",
    directory: false,
    properties: &[
        text("id").selected(),
        text("category").selected(),
        text("correlationId").selected(),
        text("result").selected(),
        text("resultReason").selected(),
        text("activityDisplayName").filter(EQ).selected(),
        Property::new("activityDateTime", Kind::DateTime).filter(TIME).sort(Sortable::Yes).selected(),
        text("loggedByService").selected(),
        text("operationType").selected(),
        Property::new("initiatedBy", Kind::String).selected(),
        Property::new("targetResources", Kind::Collection(&Kind::String)).selected(),
        Property::new("additionalDetails", Kind::Collection(&Kind::String)).selected(),
    ],
};
