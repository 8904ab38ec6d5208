//! What the operator itself says of objects: refusals, and warnings of accepted ones.

use super::catalogue::Code;
use super::cluster::Cluster;
use super::collect::Findings;
use super::finding::split;
use super::read::Known;
use crate::policy::compile::inspect::{Cause, PolicyWarning};
use crate::source::object::policy::Reason;
use crate::source::object::{Object, Refusal};

pub(super) fn check(cluster: &Cluster<'_>, findings: &mut Findings) {
    for (key, state) in &cluster.states {
        let Some(known) = cluster.known.get(key) else { continue };
        match &state.accepted {
            Err(refusal) => refused(cluster, known, refusal, findings),
            Ok(()) => {
                for warning in cluster.compiler.warnings_of(&cluster.index, key) {
                    warned(known, &warning, findings);
                }
            }
        }
    }
}

fn refused(cluster: &Cluster<'_>, known: &Known, refusal: &Refusal, findings: &mut Findings) {
    // Its other parts are right, so that it is refused for the exporters that it names.
    let names_exporters =
        matches!(&known.object, Object::TelemetryPolicy(policy) if policy.accepted(cluster.root).is_ok());
    let code = match refusal.reason {
        Reason::Invalid if names_exporters => Code::UnknownExporter,
        Reason::Invalid => Code::Refused,
        Reason::NotRootNamespace => Code::NotRootNamespace,
        Reason::TooLarge | Reason::NamespaceBudgetExceeded => Code::TooLarge,
    };
    let (field, message) = split(&refusal.message);
    findings.add(code, known, field.unwrap_or_default(), message);
}

fn warned(known: &Known, PolicyWarning { cause, field, text }: &PolicyWarning, findings: &mut Findings) {
    let code = match cause {
        // The schema knows more of them.
        Cause::UnknownField => return,
        Cause::SelectsNoPod => Code::SelectorInRootNamespace,
        Cause::LabelIsRead => Code::LabelIsRead,
        Cause::RemovesNothing => Code::RemovesNothing,
        Cause::LogIntervalTooShort => Code::LogIntervalTooShort,
        Cause::SetIsOff => Code::SetIsOff,
        Cause::OfRequests => Code::OfRequests,
        Cause::MatchesNoStatistic => Code::MatchesNoStatistic,
    };
    findings.add(code, known, field.as_str(), split(text).1);
}
