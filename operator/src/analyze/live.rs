//! What was read of a cluster, to findings. What could not be read, or was not asked for, is not guessed either.

use super::catalogue::Code;
use super::finding::{Finding, Report};
use super::read::Input;
use super::{Settings, check};
use serde_json::Value;

/// They come from what else there is in the namespace and in the root namespace, all of it.
const NEED_ALL: [Code; 5] =
    [Code::SetIsOff, Code::RemovesNothing, Code::UndefinedTag, Code::UnknownExporter, Code::ChangesNothing];
/// The other end of a connection may be a pod of any namespace.
const NEED_ALL_PODS: [Code; 2] = [Code::AlwaysUnknown, Code::LabelOfNoPod];

/// Objects of a cluster, as far as they could be read.
#[derive(Debug, Default)]
pub struct Live {
    /// Each with its kind and version.
    pub objects: Vec<Value>,
    /// The only one that was read, beside policies of the root namespace; `None`: all.
    pub namespace: Option<String>,
    /// What could not be read, such as `namespaces`.
    pub missing: Vec<String>,
}

/// All that is wrong in the objects; of one namespace, in those of it.
#[must_use]
pub fn analyze_live(Live { objects, namespace, missing }: Live, settings: &Settings) -> Report {
    let mut report = check(&Input::of_objects(objects), settings);
    let namespace = namespace.as_deref();
    let is_undecided = |finding: &Finding| {
        !missing.is_empty() && NEED_ALL.contains(&finding.code)
            || namespace.is_some() && NEED_ALL_PODS.contains(&finding.code)
    };
    report.retain(|finding| is_in(finding, namespace) && !is_undecided(finding));
    if let Some(namespace) = namespace {
        report.notes.push(format!(
            "only namespace {namespace} was read, so labels in expressions were not compared with any: -A reads all"
        ));
    }
    if !missing.is_empty() {
        report.notes.push(format!(
            "{} could not be read, so it was not checked whether parts of objects have an effect beside them",
            missing.join(", ")
        ));
    }
    report.cluster =
        namespace.map_or_else(|| "all namespaces".to_owned(), |namespace| format!("namespace {namespace}"));
    report
}

/// About an object of this namespace, or the Namespace itself.
fn is_in(finding: &Finding, namespace: Option<&str>) -> bool {
    let Some(namespace) = namespace else { return true };
    finding.subject.as_ref().is_some_and(|subject| match subject.namespace.as_str() {
        "" => subject.name == namespace,
        own => own == namespace,
    })
}
