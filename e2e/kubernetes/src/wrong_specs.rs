//! Specs that an API server must refuse, each with its error.

mod extra_stat_tags;
mod stats_matcher;
mod telemetry_policy;

/// A spec with one error.
#[derive(Clone, Copy, Debug)]
pub struct WrongSpec {
    /// Description of the error.
    pub name: &'static str,
    /// The object's kind.
    pub kind: &'static str,
    /// The spec, as YAML in one line.
    pub spec: &'static str,
    /// The field's path in the API server's error.
    pub field: &'static str,
    /// The API server's message.
    pub message: &'static str,
}

impl WrongSpec {
    /// All wrong specs.
    pub fn all() -> impl Iterator<Item = Self> {
        [telemetry_policy::WRONG, extra_stat_tags::WRONG, stats_matcher::WRONG].into_iter().flatten().copied()
    }

    /// The whole object, for `kubectl apply` or the operator's manifests.
    pub fn object(&self, namespace: &str) -> String {
        let Self { kind, spec, .. } = self;
        format!(
            "apiVersion: telemetry.longwire.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: wrong\n  namespace: {namespace}\nspec: {spec}\n"
        )
    }
}

/// A row, without field names.
const fn wrong(
    kind: &'static str,
    name: &'static str,
    spec: &'static str,
    field: &'static str,
    message: &'static str,
) -> WrongSpec {
    WrongSpec { name, kind, spec, field, message }
}
