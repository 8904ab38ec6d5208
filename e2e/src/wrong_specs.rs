//! Specs that an API server must refuse, each with what its answer says.

mod extra_stat_tags;
mod stats_matcher;
mod telemetry_policy;

/// A spec that is wrong in one place.
#[derive(Clone, Copy, Debug)]
pub struct WrongSpec {
    /// What is wrong, in words.
    pub name: &'static str,
    /// The object's kind.
    pub kind: &'static str,
    /// The spec, as YAML in one line.
    pub spec: &'static str,
    /// The path that the API server's answer names.
    pub field: &'static str,
    /// What its answer says of it.
    pub message: &'static str,
}

impl WrongSpec {
    /// Every wrong spec there is.
    pub fn all() -> impl Iterator<Item = Self> {
        [telemetry_policy::WRONG, extra_stat_tags::WRONG, stats_matcher::WRONG].into_iter().flatten().copied()
    }

    /// The whole object, for `kubectl apply` or the operator's folder of manifests.
    #[must_use]
    pub fn object(&self, namespace: &str) -> String {
        let Self { kind, spec, .. } = self;
        format!(
            "apiVersion: telemetry.longwire.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: wrong\n  namespace: {namespace}\nspec: {spec}\n"
        )
    }
}

/// A row, without the names of its columns.
const fn wrong(
    kind: &'static str,
    name: &'static str,
    spec: &'static str,
    field: &'static str,
    message: &'static str,
) -> WrongSpec {
    WrongSpec { name, kind, spec, field, message }
}
