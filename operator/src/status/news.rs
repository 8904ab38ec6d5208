//! The parts of a status that become warnings: an object that is not accepted, loses a part to another one, or has no effect
//! in part.

use super::{Condition, Status};
use crate::index::warning::{ACCEPTED_WITH_WARNINGS, CONFLICTED, On, Warning};
use crate::source::object::policy::Reason;
use crate::source::object::{Key, Name};
use longwire_crds::PolicyStatus;

/// The conditions that changed, as log lines and Events. `occasion` distinguishes two changes with the same text.
pub(super) fn news(key: &Key, uid: &str, occasion: &str, former: Option<&PolicyStatus>, now: &Status) -> Vec<Warning> {
    let Some(on) = On::of(key.kind) else { return Vec::new() };
    let Name { namespace, name } = &key.name;
    let is_new = |(kind, condition): &(&str, &Condition)| {
        let conditions = former.map(|former| former.conditions.as_slice()).unwrap_or_default();
        let former = conditions.iter().find(|former| former.type_ == *kind);
        former.is_none_or(|former| {
            let Condition { status, reason, message } = condition;
            (former.status.as_str(), former.reason.as_str()) != (status.as_str(), reason.as_str())
                || former.message != super::body::cut(message)
        })
    };
    let bad = [("Accepted", &now.accepted), ("Conflicted", &now.conflicted)].into_iter().filter(|(_, it)| is_bad(it));
    let warning = |(_, condition): (&str, &Condition)| Warning {
        on,
        namespace: namespace.clone(),
        name: name.clone(),
        uid: uid.to_owned(),
        reason: reason(condition),
        note: condition.message.clone(),
        occasion: occasion.to_owned(),
    };
    bad.filter(is_new).map(warning).collect()
}

/// For the log, where there are no Events: Accepted and Conflicted, before and now.
pub fn log(key: &Key, former: Option<(Condition, Condition)>, (accepted, conflicted): (Condition, Condition)) {
    let (was_accepted, was_conflicted) = former.unzip();
    for (former, now) in [(was_accepted, accepted), (was_conflicted, conflicted)] {
        if is_bad(&now) && former.as_ref() != Some(&now) {
            tracing::warn!("{}", line(key, reason(&now), &now.message));
        }
    }
}

/// The line in the log.
#[must_use]
pub fn line(key: &Key, reason: &str, message: &str) -> String {
    match reason {
        CONFLICTED => format!("{key} is overridden in part: {message}"),
        ACCEPTED_WITH_WARNINGS => format!("{key}: {message}"),
        reason => format!("{key} is not accepted: {reason}: {message}"),
    }
}

fn is_bad(Condition { reason, .. }: &Condition) -> bool {
    is_known(reason).is_some()
}

fn reason(Condition { reason, .. }: &Condition) -> &'static str {
    is_known(reason).unwrap_or(CONFLICTED)
}

/// One of those that mean that something is wrong.
fn is_known(reason: &str) -> Option<&'static str> {
    let refusals = Reason::ALL.into_iter().map(Reason::as_str);
    refusals.chain([CONFLICTED, ACCEPTED_WITH_WARNINGS]).find(|known| *known == reason)
}
