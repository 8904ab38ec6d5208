//! Istio's canonical service: the name and revision that a workload's labels give it.

use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Labels of one object.
pub type Labels = BTreeMap<String, String>;

/// The first label that exists wins, even with an empty value.
const NAME: [&str; 3] = ["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"];
const REVISION: [&str; 3] = ["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"];
const LATEST: &str = "latest";

/// The service name of a pod: by its labels, else that of its workload. Empty if the deciding label is empty.
#[must_use]
pub fn canonical_service<'a>(labels: &'a Labels, workload: &'a str) -> &'a str {
    first(labels, NAME).unwrap_or(workload)
}

/// The revision of a pod: by its labels, else `latest`. Empty if the deciding label is empty.
#[must_use]
pub fn canonical_revision(labels: &Labels) -> &str {
    first(labels, REVISION).unwrap_or(LATEST)
}

fn first<'a>(labels: &'a Labels, candidates: [&str; 3]) -> Option<&'a str> {
    candidates.into_iter().find_map(|name| labels.get(name)).map(String::as_str)
}
