//! A status as the API server keeps it.

use super::{Condition, Status};
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use k8s_openapi::jiff::Timestamp;
use longwire_crds::status::{NodeCount, PolicyStatus};

/// A status that is there, and since when each of its conditions has been as it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) status: Status,
    pub(super) since: [Timestamp; 3],
}

impl Written {
    /// The status as it will be stored: a condition keeps its time while its status does not change.
    pub(super) fn over(former: Option<&PolicyStatus>, status: Status, now: Timestamp) -> Self {
        let conditions = former.map(|former| former.conditions.as_slice()).unwrap_or_default();
        let since = status.conditions().map(|(name, condition)| {
            let former = conditions.iter().find(|former| former.type_ == name);
            let former = former.filter(|former| former.status == condition.status.as_str());
            former.map_or(now, |former| former.last_transition_time.0)
        });
        Self { status, since }
    }

    pub(super) fn body(&self) -> PolicyStatus {
        let Self { status, since } = self;
        let Status { observed_generation, programmed_nodes, desired_nodes, workloads, .. } = *status;
        let conditions = status.conditions().into_iter().zip(since).map(|((name, condition), since)| {
            let Condition { status, reason, message } = condition;
            meta::Condition {
                type_: name.to_owned(),
                status: status.as_str().to_owned(),
                observed_generation: Some(observed_generation),
                last_transition_time: meta::Time(*since),
                reason: reason.clone(),
                message: cut(message).to_owned(),
            }
        });
        PolicyStatus {
            observed_generation: Some(observed_generation),
            conditions: conditions.collect(),
            nodes: Some(NodeCount { programmed: programmed_nodes, desired: desired_nodes }),
            programmed: Some(format!("{programmed_nodes}/{desired_nodes}")),
            workloads_selected: Some(workloads),
        }
    }
}

/// Bytes of a condition's message, as the API server has it.
const LONGEST: usize = 32_768;

pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// Whether both are equal. Times are stored in whole seconds.
pub(super) fn says_the_same(former: &PolicyStatus, body: &PolicyStatus) -> bool {
    let bare = |status: &PolicyStatus| {
        let mut status = status.clone();
        for condition in &mut status.conditions {
            condition.last_transition_time = meta::Time(Timestamp::UNIX_EPOCH);
        }
        status
    };
    bare(former) == bare(body)
}
