//! What a probe says of itself, as the API has it. Pure.

use longwire_live::probe::{BudgetUse, Lag, Loss, Overflow, ProbeFacts};
use longwire_model::live::{self, ExportLag, Facts};
use std::time::Duration;

pub(super) fn of(facts: &Facts) -> ProbeFacts {
    let Facts { kernel, architecture, uptime, unready, budgets, overflowed, losses, lag } = facts.clone();
    let live::Lag { pass, interval, configuration, export } = lag;
    let (exporter, export) = export.map(|ExportLag { exporter, age }| (exporter, age.as_secs())).unzip();
    let budget = |live::BudgetUse { name, used, limit }| BudgetUse { name, used, limit };
    let overflow = |live::Overflowed { kind, namespace, count }| Overflow { kind, namespace, count };
    let lost =
        |live::Lost { metric, reason, count }| Loss { metric, reason: Some(reason).filter(|it| !it.is_empty()), count };
    ProbeFacts {
        kernel,
        architecture,
        uptime_seconds: uptime.as_secs(),
        unready,
        budgets: budgets.into_iter().map(budget).collect(),
        overflowed: overflowed.into_iter().map(overflow).collect(),
        losses: losses.into_iter().map(lost).collect(),
        lag: Lag {
            pass_milliseconds: pass.map(milliseconds),
            pass_interval_milliseconds: interval.map(milliseconds),
            configuration_seconds: configuration.map(|age| age.as_secs()),
            export_seconds: export,
            exporter,
        },
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
