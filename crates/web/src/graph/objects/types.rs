//! The entities as Graph describes them, as far as they have a meaning here.

use odata::{EntityType, Kind, Operators, Property, Sortable};

const EQ: Operators = Operators::EQ;
const NOT: Operators = Operators::NE;
const STARTS: Operators = EQ.with(Operators::STARTS_WITH);
const TIME: Operators = EQ.with(Operators::ORDER);

const fn text(name: &'static str) -> Property {
    Property::new(name, Kind::String).selected()
}

const fn id() -> Property {
    text("id").filter(EQ).filter_advanced(NOT)
}

const fn flag(name: &'static str) -> Property {
    Property::new(name, Kind::Boolean).selected()
}

const fn time(name: &'static str) -> Property {
    Property::new(name, Kind::DateTime).selected()
}

const fn texts(name: &'static str) -> Property {
    Property::new(name, Kind::Collection(&Kind::String)).selected()
}

const fn part(name: &'static str, of: &'static EntityType) -> Property {
    Property::new(name, Kind::Complex(of)).selected()
}

const fn parts(name: &'static str, of: &'static Kind) -> Property {
    Property::new(name, Kind::Collection(of)).selected()
}

const fn plain(name: &'static str) -> Property {
    Property::new(name, Kind::String)
}

const fn plain_flag(name: &'static str) -> Property {
    Property::new(name, Kind::Boolean)
}

const fn plain_texts(name: &'static str) -> Property {
    Property::new(name, Kind::Collection(&Kind::String))
}

macro_rules! entity {
    ($name:ident $graph:literal [$($property:expr),* $(,)?]) => {
        pub(in crate::graph) static $name: EntityType =
            EntityType { name: concat!("microsoft.graph.", $graph), directory: true, properties: &[$($property),*] };
    };
}

entity! { DEFAULT_PERMISSIONS "defaultUserRolePermissions" [
    plain_flag("allowedToCreateApps"), plain_flag("allowedToCreateSecurityGroups"), plain_flag("allowedToCreateTenants"),
    plain_flag("allowedToReadBitlockerKeysForOwnedDevice"), plain_flag("allowedToReadOtherUsers"),
] }

entity! { SIGN_UP "selfServiceSignUpAuthenticationFlowConfiguration" [plain_flag("isEnabled")] }

entity! { INBOUND_TRUST "crossTenantAccessPolicyInboundTrust" [
    plain_flag("isMfaAccepted"), plain_flag("isCompliantDeviceAccepted"), plain_flag("isHybridAzureADJoinedDeviceAccepted"),
] }

entity! { ACCESS_TARGET "crossTenantAccessPolicyTarget" [plain("target"), plain("targetType")] }

entity! { ACCESS_RULE "crossTenantAccessPolicyTargetConfiguration" [
    plain("accessType"), Property::new("targets", Kind::Collection(&Kind::Complex(&ACCESS_TARGET))),
] }

entity! { B2B_SETTING "crossTenantAccessPolicyB2BSetting" [
    Property::new("usersAndGroups", Kind::Complex(&ACCESS_RULE)), Property::new("applications", Kind::Complex(&ACCESS_RULE)),
] }

entity! { CONSENT "inboundOutboundPolicyConfiguration" [plain_flag("inboundAllowed"), plain_flag("outboundAllowed")] }

entity! { URLS "informationalUrl" [
    plain("logoUrl"), plain("marketingUrl"), plain("privacyStatementUrl"), plain("supportUrl"), plain("termsOfServiceUrl"),
] }

entity! { PUBLISHER "verifiedPublisher" [plain("displayName"), plain("verifiedPublisherId"), plain("addedDateTime")] }

entity! { IMPLICIT "implicitGrantSettings" [
    plain_flag("enableAccessTokenIssuance"), plain_flag("enableIdTokenIssuance"),
] }

entity! { WEB "webApplication" [
    plain("homePageUrl"), plain("logoutUrl"), plain_texts("redirectUris"),
    Property::new("implicitGrantSettings", Kind::Complex(&IMPLICIT)),
] }

entity! { SPA "spaApplication" [plain_texts("redirectUris")] }

entity! { PUBLIC_CLIENT "publicClientApplication" [plain_texts("redirectUris")] }

entity! { APP_ROLE "appRole" [
    plain_texts("allowedMemberTypes"), plain("description"), plain("displayName"), plain("id"), plain_flag("isEnabled"),
    plain("origin"), plain("value"),
] }

entity! { SCOPE "permissionScope" [
    plain("adminConsentDescription"), plain("adminConsentDisplayName"), plain("id"), plain_flag("isEnabled"), plain("type"),
    plain("userConsentDescription"), plain("userConsentDisplayName"), plain("value"),
] }

entity! { API "apiApplication" [
    plain_flag("acceptMappedClaims"), plain_texts("knownClientApplications"),
    Property::new("oauth2PermissionScopes", Kind::Collection(&Kind::Complex(&SCOPE))),
] }

entity! { RESOURCE_ACCESS "resourceAccess" [plain("id"), plain("type")] }

entity! { REQUIRED_ACCESS "requiredResourceAccess" [
    plain("resourceAppId"), Property::new("resourceAccess", Kind::Collection(&Kind::Complex(&RESOURCE_ACCESS))),
] }

entity! { PARENTAL "parentalControlSettings" [plain_texts("countriesBlockedForMinors"), plain("legalAgeGroupRule")] }

/// The parameters of `addPassword`.
pub(in crate::graph) static ADD_PASSWORD: EntityType = EntityType {
    name: "addPassword",
    directory: true,
    properties: &[Property::new("passwordCredential", Kind::Complex(&PASSWORD_CREDENTIAL))],
};

/// The parameters of `removePassword`.
pub(in crate::graph) static REMOVE_PASSWORD: EntityType =
    EntityType { name: "removePassword", directory: true, properties: &[plain("keyId")] };

/// The body of a write to a `$ref`.
pub(in crate::graph) static REFERENCE: EntityType =
    EntityType { name: "reference", directory: true, properties: &[plain("@odata.id")] };

entity! { AUTHORIZATION_POLICY "authorizationPolicy" [
    id(), time("deletedDateTime"), text("displayName"), text("description"), texts("enabledPreviewFeatures"),
    text("guestUserRoleId"), text("allowInvitesFrom"), flag("allowedToSignUpEmailBasedSubscriptions"),
    flag("allowedToUseSSPR"), flag("allowEmailVerifiedUsersToJoinOrganization"), flag("allowUserConsentForRiskyApps"),
    flag("blockMsolPowerShell"), texts("permissionGrantPolicyIdsAssignedToDefaultUserRole"), part("defaultUserRolePermissions", &DEFAULT_PERMISSIONS),
] }

entity! { FLOWS_POLICY "authenticationFlowsPolicy" [
    id(), text("displayName"), text("description"), part("selfServiceSignUp", &SIGN_UP),
] }

entity! { ACCESS_POLICY "crossTenantAccessPolicy" [
    id(), time("deletedDateTime"), text("displayName"), text("description"), texts("allowedCloudEndpoints"),
] }

entity! { ACCESS_DEFAULT "crossTenantAccessPolicyConfigurationDefault" [
    flag("isServiceDefault"), part("inboundTrust", &INBOUND_TRUST), part("b2bCollaborationOutbound", &B2B_SETTING), part("b2bCollaborationInbound", &B2B_SETTING),
    part("b2bDirectConnectOutbound", &B2B_SETTING), part("b2bDirectConnectInbound", &B2B_SETTING), text("tenantRestrictions"),
    part("automaticUserConsentSettings", &CONSENT),
] }

entity! { ACCESS_PARTNER "crossTenantAccessPolicyConfigurationPartner" [
    text("tenantId").filter(EQ), flag("isServiceProvider"), flag("isInMultiTenantOrganization"), part("inboundTrust", &INBOUND_TRUST),
    part("b2bCollaborationOutbound", &B2B_SETTING), part("b2bCollaborationInbound", &B2B_SETTING), part("b2bDirectConnectOutbound", &B2B_SETTING),
    part("b2bDirectConnectInbound", &B2B_SETTING), text("tenantRestrictions"), part("automaticUserConsentSettings", &CONSENT),
] }

entity! { ROLE "directoryRole" [
    id(), time("deletedDateTime"), text("description"), text("displayName").filter(EQ), text("roleTemplateId").filter(EQ),
] }

entity! { ROLE_TEMPLATE "directoryRoleTemplate" [
    id(), time("deletedDateTime"), text("description"), text("displayName").filter(EQ),
] }

entity! { ROLE_DEFINITION "unifiedRoleDefinition" [
    id(), text("description"), text("displayName").filter(STARTS), flag("isBuiltIn").filter(EQ), flag("isEnabled"),
    texts("resourceScopes"), text("templateId").filter(EQ), text("version"), texts("rolePermissions"),
] }

entity! { ROLE_ASSIGNMENT "unifiedRoleAssignment" [
    id(), text("roleDefinitionId").filter(EQ), text("principalId").filter(EQ), text("directoryScopeId").filter(EQ),
    text("appScopeId"),
] }

entity! { GROUP "group" [
    id(), time("deletedDateTime"), text("classification"), time("createdDateTime").filter(TIME), texts("creationOptions"),
    text("description").searchable(), text("displayName").filter(STARTS).filter_advanced(NOT).sort(Sortable::Yes).searchable(), time("expirationDateTime"),
    texts("groupTypes").filter(EQ), flag("isAssignableToRole"), text("mail"), flag("mailEnabled").filter(EQ),
    text("mailNickname").filter(STARTS), text("membershipRule"), texts("proxyAddresses"), time("renewedDateTime"),
    flag("securityEnabled").filter(EQ), text("visibility"),
] }

pub(in crate::graph) static PASSWORD_CREDENTIAL: EntityType = EntityType {
    name: "microsoft.graph.passwordCredential",
    directory: true,
    properties: &[
        text("customKeyIdentifier"),
        text("displayName"),
        time("endDateTime"),
        text("hint"),
        text("keyId"),
        text("secretText"),
        time("startDateTime"),
    ],
};

static KEY_CREDENTIAL: EntityType = EntityType {
    name: "microsoft.graph.keyCredential",
    directory: true,
    properties: &[
        text("customKeyIdentifier"),
        text("displayName"),
        time("endDateTime"),
        text("key"),
        text("keyId"),
        time("startDateTime"),
        text("type"),
        text("usage"),
    ],
};

entity! { APPLICATION "application" [
    id(), time("deletedDateTime"), text("appId").filter(EQ), text("applicationTemplateId"), text("disabledByMicrosoftStatus"),
    time("createdDateTime").filter(TIME), text("displayName").filter(STARTS).filter_advanced(NOT).sort(Sortable::Yes).searchable(), text("description"),
    text("groupMembershipClaims"), texts("identifierUris").filter(EQ), flag("isDeviceOnlyAuthSupported"),
    flag("isFallbackPublicClient"), text("notes"), text("publisherDomain"), text("serviceManagementReference"),
    text("signInAudience").filter(EQ), texts("tags").filter(EQ), text("tokenEncryptionKeyId"), text("uniqueName").filter(EQ),
    text("defaultRedirectUri"), text("optionalClaims"), texts("addIns"), part("api", &API), parts("appRoles", &Kind::Complex(&APP_ROLE)), part("info", &URLS),
    Property::new("keyCredentials", Kind::Collection(&Kind::Complex(&KEY_CREDENTIAL))).selected(),
    part("parentalControlSettings", &PARENTAL),
    Property::new("passwordCredentials", Kind::Collection(&Kind::Complex(&PASSWORD_CREDENTIAL))).selected(),
    part("publicClient", &PUBLIC_CLIENT), parts("requiredResourceAccess", &Kind::Complex(&REQUIRED_ACCESS)), part("verifiedPublisher", &PUBLISHER), part("web", &WEB), part("spa", &SPA),
] }

entity! { SERVICE_PRINCIPAL "servicePrincipal" [
    id(), time("deletedDateTime"), flag("accountEnabled").filter(EQ), texts("alternativeNames"), text("appDescription"),
    text("appDisplayName"), text("appId").filter(EQ), text("applicationTemplateId"), text("appOwnerOrganizationId").filter(EQ),
    flag("appRoleAssignmentRequired"), time("createdDateTime"), text("description"), text("disabledByMicrosoftStatus"),
    text("displayName").filter(STARTS).filter_advanced(NOT).sort(Sortable::Yes).searchable(), text("homepage"), text("loginUrl"), text("logoutUrl"), text("notes"),
    texts("notificationEmailAddresses"), text("preferredSingleSignOnMode"), text("preferredTokenSigningKeyThumbprint"),
    texts("replyUrls"), texts("servicePrincipalNames").filter(EQ), text("servicePrincipalType").filter(EQ),
    text("signInAudience"), texts("tags").filter(EQ), text("tokenEncryptionKeyId"), texts("addIns"), parts("appRoles", &Kind::Complex(&APP_ROLE)), part("info", &URLS),
    Property::new("keyCredentials", Kind::Collection(&Kind::Complex(&KEY_CREDENTIAL))).selected(),
    parts("oauth2PermissionScopes", &Kind::Complex(&SCOPE)), parts("publishedPermissionScopes", &Kind::Complex(&SCOPE)),
    Property::new("passwordCredentials", Kind::Collection(&Kind::Complex(&PASSWORD_CREDENTIAL))).selected(),
    texts("resourceSpecificApplicationPermissions"), part("verifiedPublisher", &PUBLISHER),
] }

entity! { PERMISSION_GRANT "oAuth2PermissionGrant" [
    id(), text("clientId").filter(EQ), text("consentType").filter(EQ), text("principalId").filter(EQ),
    text("resourceId").filter(EQ), text("scope").filter(Operators::EQ.with(Operators::CONTAINS)), time("startTime"), time("expiryTime"),
] }

entity! { ROLE_GRANT "appRoleAssignment" [
    id(), time("deletedDateTime"), text("appRoleId").filter(EQ), time("createdDateTime"), text("principalDisplayName"),
    text("principalId").filter(EQ), text("principalType").filter(EQ), text("resourceDisplayName"), text("resourceId").filter(EQ),
] }

/// The parameters of `getMemberGroups` and `getMemberObjects`.
pub(crate) static GET_MEMBERS: EntityType = EntityType {
    name: "getMemberGroups",
    directory: true,
    properties: &[Property::new("securityEnabledOnly", Kind::Boolean)],
};

/// The parameters of `checkMemberGroups`.
pub(crate) static CHECK_MEMBERS: EntityType = EntityType {
    name: "checkMemberGroups",
    directory: true,
    properties: &[Property::new("groupIds", Kind::Collection(&Kind::String))],
};

/// The parameters of `checkMemberObjects`.
pub(crate) static CHECK_OBJECTS: EntityType = EntityType {
    name: "checkMemberObjects",
    directory: true,
    properties: &[Property::new("ids", Kind::Collection(&Kind::String))],
};
