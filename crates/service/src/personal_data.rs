//! What an organisation holds about a person, for that person.

use crate::{Directory, SessionView, SignedIn, authn::scope, leave::accounts, sessions::realm};
use model::{
    AppId, Cx, Error, ObjectId, Result, Tenant, TenantId, Timestamp, User, audit::Stored, authz::Role,
};
use std::collections::BTreeMap;
use store::{AppSignIn, DirectConnection, GrantRow, Group, Invitation, Reader, SignIns};

/// So many audit records about one account are handed out, the newest ones.
const RECORDS: u16 = 10_000;

/// Everything that one organisation holds about a person. What could be used to act as the person (hashes, sealed secrets,
/// handles) is counted, not handed out.
#[derive(Clone, PartialEq, Debug)]
pub struct PersonalData {
    /// The organisation.
    pub tenant: Tenant,
    /// When it was read.
    pub at: Timestamp,
    /// The accounts of the person, soft-deleted ones too.
    pub accounts: Vec<AccountData>,
    /// The connection of somebody who uses apps there without an account.
    pub connection: Option<ConnectionData>,
    /// Sessions on our pages, where they are kept with this organisation: it is the home, or registered the provider of it.
    pub sessions: Vec<SessionView>,
    /// Names of the apps that are mentioned, as far as they are still registered.
    pub apps: BTreeMap<String, String>,
}

/// What belongs to one account.
#[derive(Clone, PartialEq, Debug)]
pub struct AccountData {
    /// The object.
    pub user: User,
    /// Who invited, if they are still there to be named.
    pub invited_by: Option<String>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Directory roles.
    pub roles: Vec<Role>,
    /// Who answers for the account, by name where they are still there.
    pub sponsors: Vec<(ObjectId, Option<String>)>,
    /// For whom the account answers.
    pub sponsored: Vec<(ObjectId, Option<String>)>,
    /// What the person alone allowed apps.
    pub consents: Vec<GrantRow>,
    /// Sign-ins to apps.
    pub app_sign_ins: Vec<AppSignIn>,
    /// The last sign-ins.
    pub sign_ins: SignIns,
    /// Invitations.
    pub invitations: Vec<Invitation>,
    /// When the password was last set, where there is one.
    pub password_changed: Option<Timestamp>,
    /// When a second factor was confirmed.
    pub second_factor: Option<Timestamp>,
    /// What the audit log says of the person.
    pub audit: OwnRecords,
    /// How many rows there are by category: what a permanent deletion would erase.
    pub rows: Vec<(&'static str, i64)>,
}

/// What belongs to a connection.
#[derive(Clone, PartialEq, Debug)]
pub struct ConnectionData {
    /// The connection.
    pub connection: DirectConnection,
    /// The apps, and since when each is used.
    pub apps: Vec<(AppId, Timestamp)>,
    /// Sign-ins to them.
    pub app_sign_ins: Vec<AppSignIn>,
    /// Audit records, as in [`AccountData::audit`].
    pub audit: OwnRecords,
}

/// Audit records that name a person, newest first, with no other person's detail in them.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnRecords {
    /// The newest ones.
    pub records: Vec<Stored>,
    /// There are no others.
    pub complete: bool,
}

/// Records about a person as that person may see them: what they say of others stays out.
fn audit(reader: &Reader<'_>, subject: ObjectId) -> Result<OwnRecords> {
    // One more than is handed out shows whether anything is left out.
    let (mut records, complete) = cut(reader.audit_about(subject, RECORDS + 1)?, usize::from(RECORDS));
    for stored in &mut records {
        stored.record.personal.retain(|slot| slot.subject == subject);
    }
    Ok(OwnRecords { records, complete })
}

/// The first ones, and whether these are all.
fn cut<T>(mut list: Vec<T>, most: usize) -> (Vec<T>, bool) {
    let complete = list.len() <= most;
    list.truncate(most);
    (list, complete)
}

fn named(reader: &Reader<'_>, ids: Vec<ObjectId>) -> Result<Vec<(ObjectId, Option<String>)>> {
    let name = |id| Ok((id, reader.live_user(id)?.map(|user| user.display_name)));
    ids.into_iter().map(name).collect()
}

fn account_data(reader: &Reader<'_>, user: User) -> Result<AccountData> {
    let id = user.id;
    let inviter = user.invited_by.into_iter().collect();
    Ok(AccountData {
        invited_by: named(reader, inviter)?.pop().and_then(|(_, name)| name),
        groups: reader.groups_of(id)?,
        roles: reader.roles(id)?,
        sponsors: named(reader, reader.sponsors(id)?)?,
        sponsored: named(reader, reader.sponsored(id, None, 999)?)?,
        consents: reader.consents_of(id)?,
        app_sign_ins: reader.app_sign_ins(id)?,
        sign_ins: reader.sign_ins(id)?,
        invitations: reader.invitations_of(id)?,
        password_changed: reader.password_changed(id)?,
        second_factor: reader.second_factor(id)?.and_then(|factor| factor.confirmed),
        audit: audit(reader, id)?,
        rows: reader.personal_rows(id)?,
        user,
    })
}

fn connection_data(reader: &Reader<'_>, connection: DirectConnection) -> Result<ConnectionData> {
    Ok(ConnectionData {
        apps: reader.connection_use(connection.id)?,
        app_sign_ins: reader.direct_sign_ins(connection.id)?,
        audit: audit(reader, connection.id)?,
        connection,
    })
}

fn app_names(
    reader: &Reader<'_>,
    accounts: &[AccountData],
    connection: Option<&ConnectionData>,
) -> Result<BTreeMap<String, String>> {
    let of_accounts = accounts.iter().flat_map(|account| {
        let consents = account.consents.iter().map(|row| row.app);
        consents.chain(account.app_sign_ins.iter().map(|one| one.authorization.app))
    });
    let of_connection = connection.into_iter().flat_map(|found| found.apps.iter().map(|(app, _)| *app));
    let mut names = BTreeMap::new();
    for id in of_accounts.chain(of_connection) {
        if let Some(app) = reader.app(id)? {
            names.insert(id.to_string(), app.name);
        }
    }
    Ok(names)
}

impl Directory {
    /// What an organisation holds about the person who is signed in, as long as anything is there: also of an account that
    /// waits for its permanent deletion.
    ///
    /// # Errors
    /// `NotFound` where there is neither an account nor a connection, as for an organisation that does not exist.
    pub async fn personal_data(&self, cx: &Cx, who: &SignedIn, tenant: TenantId) -> Result<PersonalData> {
        let sessions =
            if realm(&who.person) == tenant { self.list_sessions(cx, who).await? } else { Vec::new() };
        self.store()
            .read(scope(tenant), |reader| {
                let found = reader.find_tenant()?.ok_or_else(|| Error::not_found(tenant))?;
                let users = accounts(reader, who)?;
                let accounts =
                    users.into_iter().map(|user| account_data(reader, user)).collect::<Result<Vec<_>>>()?;
                let connection = reader.connection_of(&who.person)?;
                let connection = connection.map(|one| connection_data(reader, one)).transpose()?;
                if accounts.is_empty() && connection.is_none() {
                    return Err(Error::not_found(tenant));
                }
                Ok(PersonalData {
                    apps: app_names(reader, &accounts, connection.as_ref())?,
                    tenant: found,
                    at: cx.now,
                    accounts,
                    connection,
                    sessions: sessions.clone(),
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut(vec![3, 2], 2), (vec![3, 2], true));
        assert_eq!(cut(vec![3, 2, 1], 2), (vec![3, 2], false));
        assert_eq!(cut(Vec::<u8>::new(), 2), (Vec::new(), true));
    }
}
