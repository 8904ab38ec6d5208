//! The parts of a status that become warnings: an object that is not accepted, loses a part to another one, or has no effect
//! in part.

use super::conditions::same;
use crate::index::warning::{On, Warning};
use crate::source::object::policy::Reason;
use crate::source::object::{Key, Name};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use longwire_crds::PolicyStatus;
use longwire_crds::status::reason;

/// The conditions that changed, as log lines and Events. `occasion` distinguishes two changes with the same text.
pub(super) fn news(
    key: &Key,
    uid: &str,
    occasion: &str,
    former: Option<&PolicyStatus>,
    now: &PolicyStatus,
) -> Vec<Warning> {
    let Some(on) = On::of(key.kind) else { return Vec::new() };
    let Name { namespace, name } = &key.name;
    let former = former.map(|former| former.conditions.as_slice()).unwrap_or_default();
    let warning = |(reason, note): (&'static str, &str)| Warning {
        on,
        namespace: namespace.clone(),
        name: name.clone(),
        uid: uid.to_owned(),
        reason,
        note: note.to_owned(),
        occasion: occasion.to_owned(),
    };
    worse(former, &now.conditions).map(warning).collect()
}

/// For the log, where there are no Events.
pub(super) fn log(key: &Key, former: &[Condition], now: &[Condition]) {
    worse(former, now).for_each(|(reason, message)| tracing::warn!("{}", line(key, reason, message)));
}

/// The line in the log.
#[must_use]
pub(super) fn line(key: &Key, reason: &str, message: &str) -> String {
    match reason {
        reason::CONFLICTED => format!("{key} is overridden in part: {message}"),
        reason::ACCEPTED_WITH_WARNINGS => format!("{key}: {message}"),
        reason => format!("{key} is not accepted: {reason}: {message}"),
    }
}

/// Reasons and messages that mean that something is wrong, and that were not there before.
fn worse<'a>(former: &'a [Condition], now: &'a [Condition]) -> impl Iterator<Item = (&'static str, &'a str)> {
    now.iter().filter_map(|condition| {
        let is_known = same(former, condition).is_some_and(|former| content(former) == content(condition));
        (!is_known).then_some((bad(&condition.reason)?, condition.message.as_str()))
    })
}

fn content(Condition { status, reason, message, .. }: &Condition) -> (&str, &str, &str) {
    (status, reason, message)
}

/// One of the reasons that mean that something is wrong.
fn bad(reason: &str) -> Option<&'static str> {
    let refusals = Reason::ALL.into_iter().map(Reason::as_str);
    refusals.chain([reason::CONFLICTED, reason::ACCEPTED_WITH_WARNINGS]).find(|known| *known == reason)
}
