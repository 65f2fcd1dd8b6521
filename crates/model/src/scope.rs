use crate::TenantId;

/// The right to reach the rows of one tenant. Every call into the store needs one.
///
/// It can be minted only where a token, a session or the operator was verified; a lint names those places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TenantScope(TenantId);

impl TenantScope {
    /// Mints a scope. Disallowed by lint: each use states what was verified.
    pub const fn mint(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// The tenant whose rows may be reached.
    pub const fn tenant(self) -> TenantId {
        self.0
    }
}
