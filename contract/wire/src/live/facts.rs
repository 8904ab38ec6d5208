//! Facts: what a probe says of itself.

use super::InvalidLive;
use crate::proto;
use longwire_model::live::{
    BudgetUse, ExportLag, Facts, Lag, Lost, MAX_FACT_NAME, MAX_FACT_TEXT, MAX_FACTS, MAX_OVERFLOWED, MAX_UNREADY,
    Overflowed,
};
use proto::live_report::Report;
use std::time::Duration;

/// No counter of a probe comes to more, and JSON's numbers are exact up to it.
pub const MAX_COUNT: u64 = 1 << 53;

/// The answer to a question.
#[must_use]
pub fn facts_report(question: u64, facts: Facts) -> proto::LiveReport {
    let Facts { kernel, architecture, uptime, unready, budgets, overflowed, losses, lag } = facts;
    let Lag { pass, interval, configuration, export } = lag;
    let budget = |BudgetUse { name, used, limit }| proto::BudgetUse { name, used, limit };
    let overflowed_of = |Overflowed { kind, namespace, count }| proto::Overflowed { kind, namespace, count };
    let lost = |Lost { metric, reason, count }| proto::Lost { metric, reason, count };
    let facts = proto::Facts {
        question,
        kernel,
        architecture,
        uptime: nanoseconds(uptime),
        unready,
        budgets: budgets.into_iter().map(budget).collect(),
        overflowed: overflowed.into_iter().map(overflowed_of).collect(),
        losses: losses.into_iter().map(lost).collect(),
        pass_age: pass.map(nanoseconds),
        pass_interval: interval.map(nanoseconds),
        configuration_age: configuration.map(nanoseconds),
        export: export.map(|ExportLag { exporter, age }| proto::ExportLag { exporter, age: nanoseconds(age) }),
    };
    proto::LiveReport { report: Some(Report::Facts(Box::new(facts))) }
}

/// With the question that they answer. What is too long is cut, and no letter of it moves a cursor.
pub fn facts(said: proto::Facts) -> Result<(u64, Facts), InvalidLive> {
    let proto::Facts {
        question,
        kernel,
        architecture,
        uptime,
        unready,
        budgets,
        overflowed,
        losses,
        pass_age,
        pass_interval,
        configuration_age,
        export,
    } = said;
    let budget = |proto::BudgetUse { name: called, used, limit }| {
        let (used, limit) = (count("budgets.used", used)?, count("budgets.limit", limit)?);
        Ok(BudgetUse { name: name(&called), used, limit })
    };
    let overflowed_of = |proto::Overflowed { kind, namespace, count: number }| {
        Ok(Overflowed { kind: name(&kind), namespace: name(&namespace), count: count("overflowed.count", number)? })
    };
    let lost = |proto::Lost { metric, reason, count: number }| {
        Ok(Lost { metric: name(&metric), reason: name(&reason), count: count("losses.count", number)? })
    };
    let facts = Facts {
        kernel: name(&kernel),
        architecture: name(&architecture),
        uptime: Duration::from_nanos(uptime),
        unready: unready.iter().take(MAX_UNREADY).map(|reason| printable(reason, MAX_FACT_TEXT)).collect(),
        budgets: budgets.into_iter().take(MAX_FACTS).map(budget).collect::<Result<_, InvalidLive>>()?,
        overflowed: overflowed
            .into_iter()
            .take(MAX_OVERFLOWED)
            .map(overflowed_of)
            .collect::<Result<_, InvalidLive>>()?,
        losses: losses.into_iter().take(MAX_FACTS).map(lost).collect::<Result<_, InvalidLive>>()?,
        lag: Lag {
            pass: pass_age.map(Duration::from_nanos),
            interval: pass_interval.map(Duration::from_nanos),
            configuration: configuration_age.map(Duration::from_nanos),
            export: export.map(|proto::ExportLag { exporter, age }| ExportLag {
                exporter: name(&exporter),
                age: Duration::from_nanos(age),
            }),
        },
    };
    Ok((question, facts))
}

fn count(field: &'static str, value: u64) -> Result<u64, InvalidLive> {
    if value > MAX_COUNT { Err(InvalidLive::Count { field, value }) } else { Ok(value) }
}

fn name(text: &str) -> String {
    printable(text, MAX_FACT_NAME)
}

fn printable(text: &str, most: usize) -> String {
    text.chars().filter(|letter| matches!(letter, ' '..='~')).take(most).collect()
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
