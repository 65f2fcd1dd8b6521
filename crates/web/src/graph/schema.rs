//! The entities as Graph describes them: what can be selected, filtered and sorted.

use odata::{EntityType, Kind, Operators, Property, Sortable};

const EQ: Operators = Operators::EQ;
const TEXT: Operators = EQ.with(Operators::STARTS_WITH).with(Operators::ORDER);
const TEXT_ADVANCED: Operators = Operators::NE.with(Operators::ENDS_WITH).with(Operators::CONTAINS);
const ENDS: Operators = Operators::NE.with(Operators::ENDS_WITH);
const TIME: Operators = EQ.with(Operators::ORDER);
const NOT: Operators = Operators::NE;

/// What Graph lets a filter do with most texts of a user.
const PLAIN: Operators = EQ.with(Operators::GE).with(Operators::LE).with(Operators::STARTS_WITH);

static IDENTITY: EntityType = EntityType {
    name: "microsoft.graph.objectIdentity",
    directory: true,
    properties: &[
        Property::new("signInType", Kind::String),
        Property::new("issuer", Kind::String).filter(EQ),
        Property::new("issuerAssignedId", Kind::String).filter(EQ),
    ],
};

const fn text(name: &'static str) -> Property {
    Property::new(name, Kind::String)
}

/// A text of a user that is filtered as most are.
const fn detail(name: &'static str) -> Property {
    text(name).filter(PLAIN).filter_advanced(NOT)
}

/// `microsoft.graph.directoryObject`: what every object of the directory is.
pub(crate) static DIRECTORY_OBJECT: EntityType = EntityType {
    name: "microsoft.graph.directoryObject",
    directory: true,
    properties: &[text("id").selected(), Property::new("deletedDateTime", Kind::DateTime).selected()],
};

/// `microsoft.graph.user`, in the order in which the live service answers the default set, then by name.
pub(crate) static USER: EntityType = EntityType {
    name: "microsoft.graph.user",
    directory: true,
    properties: &[
        Property::new("businessPhones", Kind::Collection(&Kind::String))
            .filter(PLAIN)
            .filter_advanced(NOT)
            .selected(),
        text("displayName")
            .filter(TEXT)
            .filter_advanced(TEXT_ADVANCED)
            .sort(Sortable::Yes)
            .searchable()
            .selected(),
        detail("givenName").selected(),
        detail("jobTitle").selected(),
        text("mail").filter(TEXT).filter_advanced(ENDS).searchable().selected(),
        detail("mobilePhone").selected(),
        detail("officeLocation").selected(),
        detail("preferredLanguage").selected(),
        detail("surname").selected(),
        text("userPrincipalName")
            .filter(TEXT)
            .filter_advanced(ENDS)
            .sort(Sortable::Yes)
            .searchable()
            .selected(),
        text("id").filter(EQ).filter_advanced(NOT).selected(),
        Property::new("accountEnabled", Kind::Boolean).filter(EQ).filter_advanced(NOT),
        detail("city"),
        detail("companyName"),
        detail("country"),
        Property::new("createdDateTime", Kind::DateTime)
            .filter(TIME)
            .filter_advanced(NOT)
            .sort(Sortable::Advanced),
        text("creationType").filter(EQ).filter_advanced(NOT),
        Property::new("deletedDateTime", Kind::DateTime)
            .filter(TIME)
            .filter_advanced(NOT)
            .sort(Sortable::Advanced),
        detail("department"),
        detail("employeeId"),
        text("externalUserState").filter(EQ).filter_advanced(NOT),
        Property::new("externalUserStateChangeDateTime", Kind::DateTime).filter(TIME).filter_advanced(NOT),
        Property::new("identities", Kind::Collection(&Kind::Complex(&IDENTITY))),
        Property::new("otherMails", Kind::Collection(&Kind::String)).filter(PLAIN).filter_advanced(ENDS),
        detail("postalCode"),
        detail("state"),
        detail("streetAddress"),
        detail("usageLocation"),
        text("userType").filter(EQ).filter_advanced(NOT),
        detail("ageGroup"),
        detail("consentProvidedForMinor"),
        detail("employeeType"),
        detail("faxNumber"),
        detail("mailNickname"),
        text("passwordPolicies"),
        Property::new("employeeHireDate", Kind::DateTime),
        Property::new("employeeLeaveDateTime", Kind::DateTime),
        Property::new("employeeOrgData", Kind::Complex(&ORG_DATA)),
        Property::new("showInAddressList", Kind::Boolean),
        Property::new("signInSessionsValidFromDateTime", Kind::DateTime),
        Property::new("signInActivity", Kind::Complex(&SIGN_IN_ACTIVITY)),
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
    "ageGroup",
    "consentProvidedForMinor",
    "employeeType",
    "faxNumber",
    "mailNickname",
    "passwordPolicies",
];

/// What of a user is kept as it comes and is no text.
pub(crate) const PROFILE_OTHERS: &[&str] =
    &["employeeHireDate", "employeeLeaveDateTime", "employeeOrgData", "showInAddressList"];

static SIGN_IN_ACTIVITY: EntityType = EntityType {
    name: "microsoft.graph.signInActivity",
    directory: true,
    properties: &[
        Property::new("lastSignInDateTime", Kind::DateTime).filter(TIME),
        text("lastSignInRequestId"),
        Property::new("lastNonInteractiveSignInDateTime", Kind::DateTime).filter(TIME),
        text("lastNonInteractiveSignInRequestId"),
        Property::new("lastSuccessfulSignInDateTime", Kind::DateTime).filter(TIME),
        text("lastSuccessfulSignInRequestId"),
    ],
};

static ORG_DATA: EntityType = EntityType {
    name: "microsoft.graph.employeeOrgData",
    directory: true,
    properties: &[text("costCenter"), text("division")],
};

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

/// What Graph lets a filter do with texts of the audit log.
const LOGGED: Operators = EQ.with(Operators::STARTS_WITH);

static USER_IDENTITY: EntityType = EntityType {
    name: "microsoft.graph.userIdentity",
    directory: false,
    properties: &[
        text("id").filter(LOGGED),
        text("displayName").filter(LOGGED),
        text("userPrincipalName").filter(LOGGED),
        text("ipAddress"),
    ],
};

static APP_IDENTITY: EntityType = EntityType {
    name: "microsoft.graph.appIdentity",
    directory: false,
    properties: &[
        text("appId").filter(LOGGED),
        text("displayName").filter(LOGGED),
        text("servicePrincipalId"),
        text("servicePrincipalName"),
    ],
};

static INITIATOR: EntityType = EntityType {
    name: "microsoft.graph.auditActivityInitiator",
    directory: false,
    properties: &[
        Property::new("app", Kind::Complex(&APP_IDENTITY)),
        Property::new("user", Kind::Complex(&USER_IDENTITY)),
    ],
};

static MODIFIED: EntityType = EntityType {
    name: "microsoft.graph.modifiedProperty",
    directory: false,
    properties: &[text("displayName"), text("oldValue"), text("newValue")],
};

static TARGET: EntityType = EntityType {
    name: "microsoft.graph.targetResource",
    directory: false,
    properties: &[
        text("id").filter(LOGGED),
        text("displayName").filter(LOGGED),
        text("type"),
        text("userPrincipalName"),
        text("groupType"),
        Property::new("modifiedProperties", Kind::Collection(&Kind::Complex(&MODIFIED))),
    ],
};

static KEY_VALUE: EntityType = EntityType {
    name: "microsoft.graph.keyValue",
    directory: false,
    properties: &[text("key"), text("value")],
};

/// `microsoft.graph.directoryAudit`; not a directory object, so that advanced queries do not apply.
pub(crate) static AUDIT: EntityType = EntityType {
    name: "microsoft.graph.directoryAudit",
    directory: false,
    properties: &[
        text("id").filter(LOGGED).selected(),
        text("category").filter(LOGGED).selected(),
        text("correlationId").filter(LOGGED).selected(),
        text("result").filter(LOGGED).selected(),
        text("resultReason").selected(),
        text("activityDisplayName").filter(LOGGED).selected(),
        Property::new("activityDateTime", Kind::DateTime).filter(TIME).sort(Sortable::Yes).selected(),
        text("loggedByService").filter(LOGGED).selected(),
        text("operationType").selected(),
        Property::new("initiatedBy", Kind::Complex(&INITIATOR)).selected(),
        Property::new("targetResources", Kind::Collection(&Kind::Complex(&TARGET))).selected(),
        Property::new("additionalDetails", Kind::Collection(&Kind::Complex(&KEY_VALUE))).selected(),
    ],
};

static EMAIL_ADDRESS: EntityType = EntityType {
    name: "microsoft.graph.emailAddress",
    directory: true,
    properties: &[text("name"), text("address")],
};

static RECIPIENT: EntityType = EntityType {
    name: "microsoft.graph.recipient",
    directory: true,
    properties: &[Property::new("emailAddress", Kind::Complex(&EMAIL_ADDRESS))],
};

static MESSAGE_INFO: EntityType = EntityType {
    name: "microsoft.graph.invitedUserMessageInfo",
    directory: true,
    properties: &[
        text("messageLanguage"),
        text("customizedMessageBody"),
        Property::new("ccRecipients", Kind::Collection(&Kind::Complex(&RECIPIENT))),
    ],
};

/// `microsoft.graph.invitation`
pub(crate) static INVITATION: EntityType = EntityType {
    name: "microsoft.graph.invitation",
    directory: true,
    properties: &[
        text("id"),
        text("inviteRedeemUrl"),
        text("invitedUserDisplayName"),
        text("invitedUserType"),
        text("invitedUserEmailAddress"),
        Property::new("sendInvitationMessage", Kind::Boolean),
        Property::new("resetRedemption", Kind::Boolean),
        text("inviteRedirectUrl"),
        text("status"),
        Property::new("invitedUserMessageInfo", Kind::Complex(&MESSAGE_INFO)),
        Property::new("invitedUser", Kind::Complex(&USER)),
        Property::new("invitedUserSponsors", Kind::Collection(&Kind::Complex(&DIRECTORY_OBJECT))),
    ],
};

/// `microsoft.graph.subscribedSku`, of which there is none.
pub(crate) static SUBSCRIBED_SKU: EntityType = EntityType {
    name: "microsoft.graph.subscribedSku",
    directory: true,
    properties: &[text("id"), text("skuId"), text("skuPartNumber"), text("capabilityStatus")],
};

/// The parameters of `restore`.
pub(crate) static RESTORE: EntityType = EntityType {
    name: "restore",
    directory: true,
    properties: &[Property::new("autoReconcileProxyConflict", Kind::Boolean), text("newUserPrincipalName")],
};

/// The parameters of `getByIds`.
pub(crate) static GET_BY_IDS: EntityType = EntityType {
    name: "getByIds",
    directory: true,
    properties: &[
        Property::new("ids", Kind::Collection(&Kind::String)),
        Property::new("types", Kind::Collection(&Kind::String)),
    ],
};
