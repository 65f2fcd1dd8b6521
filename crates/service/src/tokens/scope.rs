//! What a request asks for: scopes of OpenID Connect, and permissions of one resource.

use super::OAuthFault;
use identity::OpenIdScopes;
use model::authz::Permission;

/// Whom a token is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Resource {
    /// Microsoft Graph, by the name under which it was asked for.
    Graph(&'static str),
    /// The resource manager, which tools ask before they ask Graph. Its tokens open nothing but what tools discover.
    Management,
}

/// The names of the resource manager: the older, the newer, and its id.
pub(super) const MANAGEMENT: [&str; 3] = [
    "https://management.core.windows.net/",
    "https://management.azure.com/",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
];
/// The one permission of the resource manager.
const IMPERSONATION: &str = "user_impersonation";

impl Resource {
    /// `aud` of its tokens.
    pub(super) const fn audience(self) -> &'static str {
        match self {
            Self::Graph(name) => name,
            Self::Management => MANAGEMENT[0],
        }
    }
}

/// What was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    pub openid: OpenIdScopes,
    pub resource: Resource,
    /// `.default`: whatever was granted.
    pub default: bool,
    /// By name, with the words in which it was asked for.
    pub permissions: Vec<(Permission, String)>,
    /// `.default` as it was sent.
    default_word: String,
    text: String,
}

impl Asked {
    /// Reads a scope. `resource_of` knows the names of our resources.
    pub(super) fn read(
        scope: &str,
        resource_of: &dyn Fn(&str) -> Option<Resource>,
    ) -> Result<Self, OAuthFault> {
        let mut asked = Self {
            openid: OpenIdScopes::default(),
            resource: Resource::Graph(super::GRAPH_URL),
            default: false,
            permissions: Vec::new(),
            default_word: String::new(),
            text: scope.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
        };
        let mut named: Option<Resource> = None;
        for word in scope.split_ascii_whitespace() {
            if asked.openid.add(word) {
                continue;
            }
            let (resource, value) = match word.rsplit_once('/') {
                Some((name, value)) => {
                    (resource_of(name).ok_or_else(|| OAuthFault::unknown_resource(name))?, value)
                }
                None => (Resource::Graph(super::GRAPH_URL), word),
            };
            if named.is_some_and(|named| std::mem::discriminant(&named) != std::mem::discriminant(&resource))
            {
                return Err(OAuthFault::two_resources(scope));
            }
            asked.resource = *named.insert(resource);
            asked.take(resource, value, word)?;
        }
        if asked.default && !asked.permissions.is_empty() {
            return Err(OAuthFault::mixed_default(scope));
        }
        Ok(asked)
    }

    fn take(&mut self, resource: Resource, value: &str, word: &str) -> Result<(), OAuthFault> {
        match resource {
            _ if value == ".default" => {
                self.default = true;
                word.clone_into(&mut self.default_word);
            }
            // It has one permission only, and that is granted with every sign-in.
            Resource::Management if value == IMPERSONATION => {
                self.default = true;
                word.clone_into(&mut self.default_word);
            }
            Resource::Graph(_) => {
                let known = Permission::ALL.iter().find(|known| known.value().eq_ignore_ascii_case(value));
                let known = *known.ok_or_else(|| OAuthFault::unknown_scope(word))?;
                if !self.permissions.iter().any(|(other, _)| *other == known) {
                    self.permissions.push((known, word.to_owned()));
                }
            }
            Resource::Management => return Err(OAuthFault::unknown_scope(word)),
        }
        Ok(())
    }

    /// The permissions that a token gets out of those granted.
    pub(super) fn of(&self, granted: &[Permission]) -> Vec<Permission> {
        match self.resource {
            Resource::Management => Vec::new(),
            Resource::Graph(_) if self.default => granted.to_vec(),
            Resource::Graph(_) => {
                let asked = self.permissions.iter().map(|(permission, _)| *permission);
                asked.filter(|permission| granted.contains(permission)).collect()
            }
        }
    }

    /// Permissions asked for by name that were not granted.
    pub(super) fn missing(&self, granted: &[Permission]) -> Vec<Permission> {
        let asked = self.permissions.iter().map(|(permission, _)| *permission);
        asked.filter(|permission| !granted.contains(permission)).collect()
    }

    /// The request itself, to be read again.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }

    fn openid_words(&self) -> impl Iterator<Item = &'static str> {
        let OpenIdScopes { openid, profile, email, .. } = self.openid;
        [(openid, "openid"), (profile, "profile"), (email, "email")]
            .into_iter()
            .filter_map(|(asked, word)| asked.then_some(word))
    }

    /// `scp` of the token.
    pub(super) fn claim(&self, permissions: &[Permission]) -> String {
        let mut words: Vec<&str> = match self.resource {
            Resource::Management => vec![IMPERSONATION],
            Resource::Graph(_) => permissions.iter().map(|permission| permission.value()).collect(),
        };
        words.sort_unstable();
        words.dedup();
        words.extend(self.openid_words());
        words.join(" ")
    }

    /// `scope` of the answer: in the words of the request, so that a client finds the token again by what it asked for; where it
    /// asked for the default, also what that comes to.
    pub(super) fn answer(&self, permissions: &[Permission]) -> String {
        let mut words: Vec<String> = self.openid_words().map(str::to_owned).collect();
        if self.default {
            let stem = self.default_word.rsplit_once('/').map_or("", |(stem, _)| stem).trim_end_matches('/');
            let full =
                |value: &str| if stem.is_empty() { value.to_owned() } else { format!("{stem}/{value}") };
            match self.resource {
                Resource::Management => words.push(full(IMPERSONATION)),
                Resource::Graph(_) => {
                    words.extend(permissions.iter().map(|permission| full(permission.value())));
                }
            }
            if !words.contains(&self.default_word) {
                words.push(self.default_word.clone());
            }
        } else {
            let granted = self.permissions.iter().filter(|(permission, _)| permissions.contains(permission));
            words.extend(granted.map(|(_, word)| word.clone()));
        }
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::GRAPH_URL;

    fn resource_of(name: &str) -> Option<Resource> {
        match name.trim_end_matches('/') {
            "https://graph.microsoft.com" => Some(Resource::Graph(GRAPH_URL)),
            "https://management.core.windows.net" => Some(Resource::Management),
            _ => None,
        }
    }

    fn read(scope: &str) -> Result<Asked, u32> {
        Asked::read(scope, &resource_of).map_err(|fault| fault.code)
    }

    const TWO: [Permission; 2] = [Permission::PolicyReadAll, Permission::UserRead];

    #[test]
    fn scopes_are_answered_in_the_words_in_which_they_were_asked_for() {
        for (scope, claim, answer) in [
            ("openid offline_access", "openid", "openid"),
            ("User.Read openid profile", "User.Read openid profile", "openid profile User.Read"),
            ("user.read", "User.Read", "user.read"),
            ("https://graph.microsoft.com/User.Read", "User.Read", "https://graph.microsoft.com/User.Read"),
            ("User.Read User.Read.All", "User.Read", "User.Read"),
            (
                "https://graph.microsoft.com//.default",
                "Policy.Read.All User.Read",
                "https://graph.microsoft.com/Policy.Read.All https://graph.microsoft.com/User.Read https://graph.microsoft.com//.default",
            ),
            (".default", "Policy.Read.All User.Read", "Policy.Read.All User.Read .default"),
            (
                "https://management.core.windows.net//.default openid",
                "user_impersonation openid",
                "openid https://management.core.windows.net/user_impersonation https://management.core.windows.net//.default",
            ),
            ("", "", ""),
        ] {
            let asked = read(scope).unwrap();
            let permissions = asked.of(&TWO);
            assert_eq!(
                (asked.claim(&permissions).as_str(), asked.answer(&permissions).as_str()),
                (claim, answer)
            );
        }
    }

    #[test]
    fn what_is_asked_for_by_name_and_not_granted_is_missing() {
        let asked = read("User.Read User.Read.All Policy.Read.All").unwrap();
        assert_eq!(asked.missing(&TWO), [Permission::UserReadAll]);
        assert_eq!(read("https://graph.microsoft.com/.default").unwrap().missing(&[]), []);
    }

    #[test]
    fn other_scopes_are_refused_for_their_reason() {
        for (scope, code) in [
            ("Mail.Read", 70_011),
            ("https://graph.microsoft.com/", 70_011),
            ("https://elsewhere.example/.default", 500_011),
            ("api://x/y", 500_011),
            ("https://management.core.windows.net/User.Read", 70_011),
            ("User.Read https://management.core.windows.net//.default", 28_000),
            ("https://graph.microsoft.com/.default User.Read", 70_011),
        ] {
            assert_eq!(read(scope).err(), Some(code), "{scope}");
        }
    }
}
