//! A few properties of many users, for lists: a whole user takes several times as long to read.

use crate::{Reader, UserQuery, read, value::Row};
use model::{HomeState, InvitationState, ObjectId, Result, Timestamp, User, UserType};
use std::borrow::Cow;

/// What a list on a page shows of a live user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedUser {
    /// Its id.
    pub id: ObjectId,
    /// Member or guest.
    pub user_type: UserType,
    /// The user name.
    pub upn: String,
    /// The display name.
    pub display_name: String,
    /// May it sign in?
    pub account_enabled: bool,
    /// What is known of the home account.
    pub home_state: HomeState,
    /// How far the invitation has come.
    pub invitation: Option<InvitationState>,
}

impl ListedUser {
    const COLUMNS: [&str; 7] =
        ["users.id", "user_type", "upn", "display_name", "account_enabled", "home_deleted_at", "invitation"];

    fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed()?,
            user_type: read::user_type(row)?,
            upn: row.text()?,
            display_name: row.text()?,
            account_enabled: row.bool()?,
            home_state: read::home_state(row)?,
            invitation: read::invitation_state(row)?,
        })
    }

    /// That of a user that was read as a whole.
    pub fn of(user: &User) -> Self {
        Self {
            id: user.id,
            user_type: user.user_type,
            upn: user.upn.clone(),
            display_name: user.display_name.clone(),
            account_enabled: user.account_enabled,
            home_state: user.home_state,
            invitation: user.invitation,
        }
    }
}

/// One page of a list.
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The position behind the last of them, if there are more.
    pub next: Option<Vec<String>>,
}

/// A property of a user that stands in a column of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserField {
    /// Its id.
    Id,
    /// `displayName`
    DisplayName,
    /// `givenName`
    GivenName,
    /// `surname`
    Surname,
    /// `mail`
    Mail,
    /// `userPrincipalName`
    UserName,
    /// `userType`
    UserType,
    /// `accountEnabled`
    AccountEnabled,
    /// `createdDateTime`
    Created,
    /// `signInSessionsValidFromDateTime`
    TokensSince,
    /// `deletedDateTime`
    Deleted,
    /// `externalUserState`
    Invitation,
    /// `externalUserStateChangeDateTime`
    InvitationChanged,
    /// `otherMails`, as JSON.
    OtherMails,
    /// What is kept as it comes, as JSON.
    Profile,
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FieldValue<'a> {
    /// Nothing.
    Null,
    /// A text.
    Text(Cow<'a, str>),
    /// A flag.
    Flag(bool),
    /// A moment.
    Time(Timestamp),
}

impl FieldValue<'_> {
    fn borrowed(&self) -> FieldValue<'_> {
        match self {
            Self::Null => FieldValue::Null,
            Self::Text(text) => FieldValue::Text(Cow::Borrowed(text)),
            Self::Flag(flag) => FieldValue::Flag(*flag),
            Self::Time(at) => FieldValue::Time(*at),
        }
    }
}

impl UserField {
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Id => "users.id",
            Self::DisplayName => "display_name",
            Self::GivenName => "given_name",
            Self::Surname => "surname",
            Self::Mail => "mail",
            Self::UserName => "upn",
            Self::UserType => "user_type",
            Self::AccountEnabled => "account_enabled",
            Self::Created => "users.created_at",
            Self::TokensSince => "tokens_since",
            Self::Deleted => "deleted_at",
            Self::Invitation => "invitation",
            Self::InvitationChanged => "invitation_changed",
            Self::OtherMails => "other_mails",
            Self::Profile => "profile",
        }
    }

    fn read(self, row: &mut Row) -> Result<FieldValue<'static>> {
        Ok(match self {
            Self::AccountEnabled => FieldValue::Flag(row.bool()?),
            Self::Created | Self::TokensSince | Self::Deleted | Self::InvitationChanged => {
                row.opt_time()?.map_or(FieldValue::Null, FieldValue::Time)
            }
            _ => row.opt_text()?.map_or(FieldValue::Null, |text| FieldValue::Text(text.into())),
        })
    }

    /// What a user has there.
    pub fn of(self, user: &User) -> FieldValue<'_> {
        fn text(text: &str) -> FieldValue<'_> {
            FieldValue::Text(text.into())
        }
        fn optional(text: Option<&str>) -> FieldValue<'_> {
            text.map_or(FieldValue::Null, |text| FieldValue::Text(text.into()))
        }
        let time = |at: Option<Timestamp>| at.map_or(FieldValue::Null, FieldValue::Time);
        match self {
            Self::Id => FieldValue::Text(user.id.to_string().into()),
            Self::DisplayName => text(&user.display_name),
            Self::GivenName => optional(user.given_name.as_deref()),
            Self::Surname => optional(user.surname.as_deref()),
            Self::Mail => optional(user.mail.as_deref()),
            Self::UserName => text(&user.upn),
            Self::UserType => text(user.user_type.as_str()),
            Self::AccountEnabled => FieldValue::Flag(user.account_enabled),
            Self::Created => FieldValue::Time(user.created),
            Self::TokensSince => FieldValue::Time(user.tokens_since),
            Self::Deleted => time(user.deletion.map(|deletion| deletion.at)),
            Self::Invitation => optional(user.invitation.map(model::InvitationState::as_str)),
            Self::InvitationChanged => time(user.invitation_changed),
            Self::OtherMails => FieldValue::Text(json(&user.other_mails).into()),
            Self::Profile => FieldValue::Text(json(&user.profile).into()),
        }
    }
}

/// Some fields of one user, in the order in which they were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserRow(Vec<FieldValue<'static>>);

impl UserRow {
    pub(crate) fn read(row: &mut Row, fields: &[UserField]) -> Result<Self> {
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            values.push(field.read(row)?);
        }
        Ok(Self(values))
    }

    /// The fields of a user that was read as a whole.
    pub fn of(user: &User, fields: &[UserField]) -> Self {
        let owned = |value: FieldValue<'_>| match value {
            FieldValue::Null => FieldValue::Null,
            FieldValue::Text(text) => FieldValue::Text(text.into_owned().into()),
            FieldValue::Flag(flag) => FieldValue::Flag(flag),
            FieldValue::Time(at) => FieldValue::Time(at),
        };
        Self(fields.iter().map(|field| owned(field.of(user))).collect())
    }

    /// The field at a place; nothing behind the last.
    pub fn value(&self, at: usize) -> FieldValue<'_> {
        self.0.get(at).map_or(FieldValue::Null, FieldValue::borrowed)
    }
}

fn json(value: &impl serde::Serialize) -> String {
    // Strings, lists and maps of strings always serialise.
    serde_json::to_string(value).unwrap_or_default()
}

impl Reader<'_> {
    /// One page of users, of whom only these fields are read.
    pub fn user_rows(&self, query: &UserQuery<'_>, fields: &[UserField]) -> Result<Page<UserRow>> {
        let columns: Vec<&str> = fields.iter().map(|field| field.column()).collect();
        let read = |row: &mut Row| UserRow::read(row, fields);
        crate::filter::parts(self, query, &columns, read, |user| UserRow::of(user, fields))
    }

    /// One page of users, as a list on a page shows them.
    pub fn listed_users(&self, query: &UserQuery<'_>) -> Result<Page<ListedUser>> {
        crate::filter::parts(self, query, &ListedUser::COLUMNS, ListedUser::read, ListedUser::of)
    }
}
