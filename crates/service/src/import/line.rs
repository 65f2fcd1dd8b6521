//! One line of an import: an organisation, a member or a guest, as JSON. What a line says is judged here, by the rules that
//! hold for creating the same thing by hand; whether it fits what is there is judged where it is committed.

use model::{
    Cx, DeletionCause, Error, Home, HomeState, InvitationState, ObjectId, Profile, Result, Tenant, TenantId,
    Timestamp, User, UserType, authz::Role, domain_of, fold, is_plain_address, lifecycle, mint_uuid,
    plain_text,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// A line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    Organization(Organization),
    Member(Account),
    Guest(Account),
}

/// An organisation: known again by its domain.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Organization {
    pub domain: String,
    pub display_name: String,
    pub technical_contact: Option<String>,
    pub allow_external_identities_to_leave: Option<bool>,
    pub allow_deleted_identities_data_removal: Option<bool>,
}

/// An account, with the names that Graph has for its properties.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Account {
    /// A domain of the organisation that it is in.
    pub organization: String,
    /// Known again by this, else by the user name or the home account.
    id: Option<ObjectId>,
    user_principal_name: Option<String>,
    display_name: String,
    given_name: Option<String>,
    surname: Option<String>,
    mail: Option<String>,
    #[serde(default)]
    other_mails: Vec<String>,
    account_enabled: Option<bool>,
    user_type: Option<String>,
    /// Of a guest: the user name that a member of another organisation here signs in with.
    home: Option<String>,
    external_user_state: Option<String>,
    created_date_time: Option<String>,
    deleted_date_time: Option<String>,
    /// Of a deleted account: `left` or `removed`.
    deletion_cause: Option<String>,
    /// Titles or template ids of directory roles.
    #[serde(default)]
    roles: Vec<String>,
    /// Properties that are kept as they come.
    #[serde(default)]
    profile: Map<String, Value>,
}

/// An account that was judged, and waits to be placed.
#[derive(Clone)]
pub(super) struct Entry {
    /// The place of its line in the piece.
    pub line: usize,
    /// As it will be; deleted ones are still live.
    pub user: User,
    /// The line gave the id.
    pub chosen_id: bool,
    /// The line gave the user name, or it is not to be changed for another reason.
    pub fixed_name: bool,
    pub roles: Vec<Role>,
    pub deleted: Option<(Timestamp, DeletionCause)>,
}

impl Entry {
    /// The account under this user name, with its deletion, if the line says that it was deleted.
    pub(super) fn finished(&self, upn: String, event: Uuid) -> Result<User> {
        let user = User { upn, ..self.user.clone() };
        match self.deleted {
            None => Ok(user),
            Some((at, cause)) => lifecycle::soft_delete(&user, cause, event, at),
        }
    }
}

/// Reads a line.
pub(super) fn read(line: &str) -> Result<Line> {
    serde_json::from_str(line)
        .map_err(|error| Error::bad_request(format!("The line cannot be read: {error}.")))
}

fn text(value: &str, property: &'static str) -> Result<String> {
    plain_text(value).ok_or_else(|| {
        Error::bad_request(format!("{property} must have 1 to 256 printable characters; it may be left out."))
    })
}

fn optional(value: Option<&String>, property: &'static str) -> Result<Option<String>> {
    value.map(|value| text(value, property)).transpose()
}

fn address(value: &str, property: &'static str) -> Result<String> {
    let value = value.trim();
    if is_plain_address(value) {
        return Ok(value.to_owned());
    }
    Err(Error::bad_request(format!("{property} must be an e-mail address, such as ana@contoso.example.")))
}

fn time(value: Option<&String>, property: &'static str, now: Timestamp) -> Result<Option<Timestamp>> {
    let Some(value) = value else { return Ok(None) };
    let time: Timestamp = value.parse().map_err(|_| {
        Error::bad_request(format!("{property} must be a time with its zone, such as 2026-03-31T08:00:00Z."))
    })?;
    if time > now {
        return Err(Error::bad_request(format!("{property} lies in the future.")));
    }
    Ok(Some(time))
}

impl Account {
    /// The folded name by which the home of a guest is looked up, and its domain; none where the guest has a mailbox only.
    pub(super) fn home_name(&self) -> Option<(String, String)> {
        let name = fold(self.home.as_deref()?);
        let domain = domain_of(&name)?;
        Some((domain, name))
    }

    /// Judges a member of an organisation with these domains.
    pub(super) fn member(&self, cx: &Cx, line: usize, tenant: &Tenant, domains: &[String]) -> Result<Entry> {
        if self.home.is_some() || self.external_user_state.is_some() {
            return Err(Error::bad_request(
                "A member has no home and no externalUserState. Write a guest line.",
            ));
        }
        let upn = self.user_principal_name.as_deref().unwrap_or_default().trim();
        // What guests are called must not be taken by a member.
        if !is_plain_address(upn) || upn.contains('#') {
            return Err(Error::bad_request(
                "userPrincipalName must look like an e-mail address, such as ana@contoso.example.",
            ));
        }
        crate::tenants::require_domain(upn, domains)?;
        let mail = match &self.mail {
            Some(mail) => address(mail, "mail")?,
            None => upn.to_owned(),
        };
        self.entry(cx, line, tenant, (Home::Here, UserType::Member, upn.to_owned(), mail))
    }

    /// Judges a guest; `home` is the account that `home_name` was found to be.
    pub(super) fn guest(
        &self,
        cx: &Cx,
        line: usize,
        tenant: &Tenant,
        domains: &[String],
        home: Option<(TenantId, ObjectId)>,
    ) -> Result<Entry> {
        let pending = match self.external_user_state.as_deref() {
            None | Some("Accepted") => false,
            Some("PendingAcceptance") => true,
            Some(_) => {
                return Err(Error::bad_request("externalUserState must be PendingAcceptance or Accepted."));
            }
        };
        let mail = match (&self.mail, self.home_name()) {
            (Some(mail), _) => address(mail, "mail")?,
            (None, Some((_, name))) => name,
            (None, None) => return Err(Error::bad_request("A guest needs a home or a mail.")),
        };
        if domain_of(&mail).is_some_and(|domain| domains.contains(&domain)) {
            return Err(Error::bad_request(
                "The guest's address is in a domain of this organisation. Write a member line.",
            ));
        }
        let home = match (home, pending) {
            (Some(_), true) => {
                return Err(Error::bad_request("Who has not accepted yet has no home; give the mail alone."));
            }
            (Some((tenant, object)), false) => Home::Tenant { tenant, object },
            (None, true) => Home::Invited { address: fold(&mail) },
            (None, false) => Home::Mailbox { address: fold(&mail) },
        };
        let upn = match &self.user_principal_name {
            Some(upn) => guest_name(upn, domains)?,
            None => lifecycle::guest_upn(&mail, &tenant.domain),
        };
        let mut entry = self.entry(cx, line, tenant, (home, UserType::Guest, upn, fold(&mail)))?;
        let user = &mut entry.user;
        user.invitation =
            Some(if pending { InvitationState::PendingAcceptance } else { InvitationState::Accepted });
        user.invitation_changed = Some(user.created);
        if user.other_mails.is_empty() {
            user.other_mails = user.mail.iter().cloned().collect();
        }
        Ok(entry)
    }

    fn entry(
        &self,
        cx: &Cx,
        line: usize,
        tenant: &Tenant,
        (home, usual, upn, mail): (Home, UserType, String, String),
    ) -> Result<Entry> {
        let created = time(self.created_date_time.as_ref(), "createdDateTime", cx.now)?.unwrap_or(cx.now);
        let deleted = self.deletion(created, cx.now)?;
        let roles = self.roles.iter().map(|role| read_role(role)).collect::<Result<Vec<_>>>()?;
        if deleted.is_some() && !roles.is_empty() {
            return Err(Error::bad_request("A deleted account holds no roles. Leave out roles."));
        }
        let user_type = match &self.user_type {
            None => usual,
            Some(word) => UserType::parse(word)
                .ok_or_else(|| Error::bad_request("userType must be Member or Guest."))?,
        };
        if self.other_mails.len() > 250 || self.other_mails.iter().any(|mail| !is_plain_address(mail)) {
            return Err(Error::bad_request("otherMails must be at most 250 e-mail addresses."));
        }
        if let Some((name, _)) = self.profile.iter().find(|(name, value)| !may_keep(name, value)) {
            return Err(Error::bad_request(format!("profile cannot keep {name} with this value.")));
        }
        let user = User {
            tenant: tenant.id,
            id: self.id.unwrap_or_else(|| ObjectId::mint(cx.random.as_ref())),
            user_type,
            upn,
            display_name: text(&self.display_name, "displayName")?,
            given_name: optional(self.given_name.as_ref(), "givenName")?,
            surname: optional(self.surname.as_ref(), "surname")?,
            mail: Some(mail),
            other_mails: self.other_mails.clone(),
            account_enabled: self.account_enabled.unwrap_or(true),
            home,
            home_state: HomeState::Present,
            invitation: None,
            invitation_changed: None,
            invited_by: None,
            created,
            deletion: None,
            generation: 1,
            version: 1,
            tokens_since: Timestamp::from_seconds(created.as_seconds()),
            profile: Profile(self.profile.clone()),
        };
        let fixed_name = self.user_principal_name.is_some();
        Ok(Entry { line, user, chosen_id: self.id.is_some(), fixed_name, roles, deleted })
    }

    fn deletion(&self, created: Timestamp, now: Timestamp) -> Result<Option<(Timestamp, DeletionCause)>> {
        let cause = match self.deletion_cause.as_deref() {
            None | Some("removed") => DeletionCause::Removed,
            Some("left") => DeletionCause::Left,
            Some(_) => return Err(Error::bad_request("deletionCause must be left or removed.")),
        };
        let Some(at) = time(self.deleted_date_time.as_ref(), "deletedDateTime", now)? else {
            return Ok(None);
        };
        if self.id.is_none() {
            return Err(Error::bad_request(
                "A deleted account needs an id: its user name is free again, so that nothing else tells it from others.",
            ));
        }
        if at < created {
            return Err(Error::bad_request("deletedDateTime lies before createdDateTime."));
        }
        Ok(Some((at, cause)))
    }
}

fn guest_name(upn: &str, domains: &[String]) -> Result<String> {
    let upn = upn.trim();
    crate::tenants::require_domain(upn, domains)?;
    match upn.split_once("#EXT#@") {
        Some((local, _)) if !local.is_empty() && upn.len() <= 254 && plain_text(upn).is_some() => {
            Ok(upn.to_owned())
        }
        _ => Err(Error::bad_request(
            "The userPrincipalName of a guest looks like ana_fabrikam.example#EXT#@contoso.example; it may be left out.",
        )),
    }
}

fn read_role(text: &str) -> Result<Role> {
    let template = text.parse::<Uuid>().ok();
    let named = |role: &&Role| role.title().eq_ignore_ascii_case(text) || Some(role.template()) == template;
    Role::ALL
        .iter()
        .find(named)
        .copied()
        .ok_or_else(|| Error::bad_request(format!("There is no directory role '{text}' here.")))
}

/// What may be written of a user and decides nothing.
const KEPT: &[&str] = &[
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

fn may_keep(name: &str, value: &Value) -> bool {
    KEPT.contains(&name) && value.as_str().is_some_and(|text| plain_text(text).is_some())
}

/// The id of a deletion that happened elsewhere.
pub(super) fn event(cx: &Cx) -> Uuid {
    mint_uuid(cx.random.as_ref())
}
