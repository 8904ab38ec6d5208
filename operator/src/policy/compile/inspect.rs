//! What the compiler knows beside what it sends to probes and writes into states: for analysis.

use super::Compiler;
pub(crate) use super::policy_warnings::{Cause, PolicyWarning};
pub(crate) use super::scope::Outcome;
use crate::index::Index;
use crate::source::object::policy::KnownExporters;
use crate::source::object::{Key, Name};

impl Compiler {
    /// Names of exporters that policies may use although no object defines them; called before the first object.
    #[must_use]
    pub(crate) fn with_exporters(mut self, exporters: KnownExporters) -> Self {
        self.policies.assume(exporters);
        self
    }

    /// What the objects come to for a living pod.
    #[must_use]
    pub(crate) fn outcome(&self, pod: &Name) -> Option<&Outcome> {
        self.pods.get(pod).map(|compiled| &*compiled.bound.outcome)
    }

    /// What namespaces with objects come to as a whole: how their objects relate to each other, without a pod.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &Outcome> {
        self.policies.bases()
    }

    /// All that is to be said of an accepted object; its state has the first of it.
    #[must_use]
    pub(crate) fn warnings_of(&self, index: &Index, policy: &Key) -> Vec<PolicyWarning> {
        self.policies.warnings(index.policies(), policy)
    }
}
