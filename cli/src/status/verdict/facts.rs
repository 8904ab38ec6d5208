//! What is wrong by what a probe says of itself.

use super::growth::Growth;
use super::losses::Meaning;
use crate::amount;
use longwire_live::probe::{BudgetUse, Lag, Loss, Overflow, ProbeFacts, ProbeStatus};
use std::collections::BTreeMap;

/// Of a budget, of 100.
const NEARLY_FULL: u64 = 90;
/// A pass may be as late as so many intervals, or this.
const LATE_INTERVALS: u64 = 3;
const LATE_MILLISECONDS: u64 = 10_000;
/// Three of the longest intervals of an exporter.
const EXPORT_SECONDS: u64 = 900;
/// Overflows that are named.
const NAMED: usize = 3;

/// Why it is not ready, if that is not said already.
pub(super) fn unready(status: &ProbeStatus) -> Option<String> {
    let reasons = status.facts.as_ref()?.unready.iter();
    let reasons: Vec<_> = reasons.filter(|reason| Some(*reason) != status.refusal.as_ref()).cloned().collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

pub(super) fn check(facts: &ProbeFacts, growth: Growth<'_>, add: &mut impl FnMut(String, String)) {
    let ProbeFacts { budgets, overflowed, losses, lag, uptime_seconds, kernel: _, architecture: _, unready: _ } = facts;
    for budget in budgets.iter().filter(|budget| budget.percent() >= NEARLY_FULL) {
        let BudgetUse { name, used, limit } = budget;
        let problem = format!("its budget {name} is {} % full: {used} of {limit}", budget.percent());
        add(problem, room(name).to_owned());
    }
    if !overflowed.is_empty() {
        add(overflow(overflowed, growth), "docs/runbooks/LongwireBudgetOverflowing.md says what to do.".to_owned());
    }
    let mut by_metric = BTreeMap::<&str, Vec<&Loss>>::new();
    losses.iter().for_each(|loss| by_metric.entry(&loss.metric).or_default().push(loss));
    for (metric, losses) in by_metric {
        if let Some(problem) = lost(metric, &losses, growth) {
            let since = amount::duration(uptime_seconds.saturating_mul(1_000));
            add(format!("{problem} (the probe runs for {since})"), Meaning::of(metric).remedy.to_owned());
        }
    }
    late(lag, add);
}

fn room(budget: &str) -> &'static str {
    match budget {
        "series" | "longConnections" | "labelSetBytes" => {
            "docs/runbooks/LongwireBudgetOverflowing.md says how to need less, and how to raise it."
        }
        "connections" => "Raise --max-connections; docs/sizing.md has what a connection costs.",
        "ringBytes" => "The probe reads too slowly; give it more CPU: docs/runbooks/LongwireEventsLost.md.",
        _ => "docs/live.md of its release explains it.",
    }
}

fn overflow(overflowed: &[Overflow], growth: Growth<'_>) -> String {
    let all = total(overflowed);
    let more = growth.since(all, |facts| total(&facts.overflowed));
    let named = overflowed.iter().take(NAMED).map(|Overflow { kind, namespace, count }| match namespace.as_str() {
        "overflow" => format!("{kind} {count}"),
        namespace => format!("{kind} {namespace} {count}"),
    });
    let named: Vec<_> = named.collect();
    let rest = if overflowed.len() > NAMED { ", ..." } else { "" };
    let times = amount::counted(all, "time");
    format!("budgets were too small {times} ({}{rest}){}", named.join(", "), growth.text(more))
}

fn total(overflowed: &[Overflow]) -> u64 {
    overflowed.iter().fold(0, |all, overflow| all.saturating_add(overflow.count))
}

/// `None`: it is what a bound leaves out, and over.
fn lost(metric: &str, losses: &[&Loss], growth: Growth<'_>) -> Option<String> {
    let meaning = Meaning::of(metric);
    let (mut all, mut more, mut named) = (0_u64, 0_u64, Vec::new());
    for loss in losses {
        let before = |facts: &ProbeFacts| {
            let same = |other: &&Loss| (&other.metric, &other.reason) == (&loss.metric, &loss.reason);
            facts.losses.iter().find(same).map_or(0, |loss| loss.count)
        };
        let grown = growth.since(loss.count, before);
        if meaning.is_bounded(loss) && grown == 0 {
            continue;
        }
        (all, more) = (all.saturating_add(loss.count), more.saturating_add(grown));
        named.extend(loss.reason.as_ref().map(|reason| format!("{reason} {}", loss.count)));
    }
    let named = if named.is_empty() { String::new() } else { format!(", {}", named.join(", ")) };
    let text = || format!("it has lost {all} {}: {metric}{named}{}", meaning.lost, growth.text(more));
    (all > 0).then(text)
}

fn late(lag: &Lag, add: &mut impl FnMut(String, String)) {
    let Lag { pass_milliseconds, pass_interval_milliseconds, export_seconds, exporter, configuration_seconds: _ } = lag;
    let interval = pass_interval_milliseconds.unwrap_or(0);
    let most = interval.saturating_mul(LATE_INTERVALS).max(LATE_MILLISECONDS);
    if let Some(age) = pass_milliseconds.filter(|age| *age > most) {
        let (age, interval) = (amount::duration(age), amount::duration(interval));
        add(
            format!(
                "its last pass over connections was {age} ago, and one is due every {interval}: its series are old"
            ),
            "The probe has no CPU or hangs: docs/runbooks/LongwireLoopStalls.md.".to_owned(),
        );
    }
    if let (Some(age), Some(exporter)) = (export_seconds.filter(|age| *age > EXPORT_SECONDS), exporter) {
        let age = amount::duration(age.saturating_mul(1_000));
        add(
            format!("exporter {exporter} has not delivered all metrics for {age}"),
            "The probe's log has the reason: docs/runbooks/LongwireExportFailing.md.".to_owned(),
        );
    }
}

#[cfg(test)]
mod tests;
