use model::TenantId;
use std::sync::Arc;

/// What goes wrong with one commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The change set is not written.
    BeforeCommit,
    /// It is written, but the answer is lost.
    AfterCommit,
}

type Plan = dyn Fn(TenantId) -> Option<Fault> + Send + Sync;

/// The seam through which tests break the store: asked once for each change set. Breaks nothing by default.
#[derive(Clone, Default)]
pub struct Faults(Option<Arc<Plan>>);

impl Faults {
    /// Asks this function for each change set.
    pub fn new(plan: impl Fn(TenantId) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(plan)))
    }

    pub(crate) fn strike(&self, tenant: TenantId) -> Option<Fault> {
        self.0.as_ref().and_then(|plan| plan(tenant))
    }
}
