//! The conditions of a status, as the API server keeps them.

use crate::policy::state::PolicyState;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use longwire_crds::PolicyStatus;
use longwire_crds::status::{condition_type, reason};

/// Bytes of a condition's message, as the API server has it.
const MAX_MESSAGE_BYTES: usize = 32_768;

/// What a condition says. `is_so` is `None` when that is not known.
pub(super) fn condition(
    state: &PolicyState,
    name: &str,
    is_so: Option<bool>,
    reason: &str,
    message: &str,
) -> Condition {
    let status = match is_so {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    Condition {
        type_: name.to_owned(),
        status: status.to_owned(),
        observed_generation: Some(state.generation),
        last_transition_time: Time(Timestamp::UNIX_EPOCH),
        reason: reason.to_owned(),
        message: message[..message.floor_char_boundary(MAX_MESSAGE_BYTES)].to_owned(),
    }
}

pub(super) fn accepted(state: &PolicyState) -> Condition {
    let (is_so, reason, message) = match (&state.accepted, state.warnings.as_slice()) {
        (Ok(()), []) => (true, reason::ACCEPTED, "the object can be used"),
        (Ok(()), warnings) => (true, reason::ACCEPTED_WITH_WARNINGS, &*warnings.join("; ")),
        (Err(refusal), _) => (false, refusal.reason.as_str(), &*refusal.message),
    };
    condition(state, condition_type::ACCEPTED, Some(is_so), reason, message)
}

pub(super) fn conflicted(state: &PolicyState) -> Condition {
    let (is_so, reason, message) = match &state.conflicted {
        Some(lost) => (true, reason::CONFLICTED, lost.as_str()),
        None => (false, reason::NO_CONFLICTS, "no other object overrides a part of it"),
    };
    condition(state, condition_type::CONFLICTED, Some(is_so), reason, message)
}

/// Of these conditions the one of the same type.
pub(super) fn same<'a>(conditions: &'a [Condition], condition: &Condition) -> Option<&'a Condition> {
    conditions.iter().find(|known| known.type_ == condition.type_)
}

/// The status as it will be stored: a condition keeps its time while its status does not change.
pub(super) fn dated(former: Option<&PolicyStatus>, mut status: PolicyStatus, now: Timestamp) -> PolicyStatus {
    let former = former.map(|former| former.conditions.as_slice()).unwrap_or_default();
    for condition in &mut status.conditions {
        let former = same(former, condition).filter(|former| former.status == condition.status);
        condition.last_transition_time = former.map_or(Time(now), |former| former.last_transition_time.clone());
    }
    status
}

/// Whether both are equal but for their times.
pub(super) fn is_same_content(one: &PolicyStatus, other: &PolicyStatus) -> bool {
    let undated = |status: &PolicyStatus| dated(None, status.clone(), Timestamp::UNIX_EPOCH);
    undated(one) == undated(other)
}

/// Whether a difference matters to a waiting user. Counts, and messages that may contain counts, do not.
pub(super) fn turns(former: &PolicyStatus, now: &PolicyStatus) -> bool {
    let verdicts = |status: &PolicyStatus| -> Vec<(String, String)> {
        status.conditions.iter().map(|condition| (condition.status.clone(), condition.reason.clone())).collect()
    };
    former.observed_generation != now.observed_generation || verdicts(former) != verdicts(now)
}
