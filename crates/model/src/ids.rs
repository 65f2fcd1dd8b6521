use crate::{Random, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::{Builder, Uuid, Variant, Version};

/// Mints a random (version 4) id from the given source.
pub fn mint_uuid(random: &dyn Random) -> Uuid {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// The same for what is kept in the order of time (UUID version 7, RFC 9562): what is written together lies together in an index.
pub fn mint_ordered_uuid(random: &dyn Random, at: Timestamp) -> Uuid {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let millis = u64::try_from(at.as_micros() / 1000).unwrap_or(0);
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    Builder::from_bytes(bytes).with_variant(Variant::RFC4122).with_version(Version::SortRand).into_uuid()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Mints a random id; ids are never taken from clients and never used twice.
            pub fn mint(random: &dyn Random) -> Self {
                Self(mint_uuid(random))
            }

            /// An id known beforehand: a constant of the field, or one read back from the store.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare value.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Reads the hyphenated form in any letter case; other spellings of a UUID are refused.
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                let uuid = Uuid::try_parse(text)?;
                if text.len() == 36 { Ok(Self(uuid)) } else { Uuid::try_parse("not hyphenated").map(Self) }
            }
        }
    };
}

id!(
    /// A tenant: an organisation in the directory.
    TenantId
);
id!(
    /// A user, group or service principal within one tenant.
    ObjectId
);
id!(
    /// An application (client) id.
    AppId
);
id!(
    /// One request; the same id goes into logs, audit records and answers.
    RequestId
);
