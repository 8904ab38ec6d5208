//! Reports full budgets: a log line when a budget becomes full and when it has room again, and a notice to the operator
//! when it is full, which makes an Event on the node of it.

use longwire_pipeline::metrics::{BudgetOwner, Crossing, Resource};

const OF_THE_NODE: &str = "raise budgets.series or budgets.longConnections in the cluster-wide TelemetryPolicy, and the probe's memory limit with them";
const OF_A_SHARE: &str = "use fewer or shorter tags for the namespace's pods, or raise limits.seriesPerNamespace in the \
                          cluster-wide TelemetryPolicy";

pub(crate) fn log(crossing: &Crossing) {
    match (notice(crossing), crossing.overflowed) {
        (Some(text), _) => tracing::warn!("{text}"),
        (None, overflowed) => tracing::info!("{}", relief(crossing, overflowed.unwrap_or(0))),
    }
}

/// The notice of a full budget, for the log and the operator's Event. `None`: it has room again.
pub(crate) fn notice(crossing: &Crossing) -> Option<String> {
    let Crossing { whose, resource, limit, overflowed } = crossing;
    let remedy = match whose {
        BudgetOwner::Node => OF_THE_NODE,
        BudgetOwner::Namespace(_) | BudgetOwner::Peer { .. } => OF_A_SHARE,
    };
    let text = || {
        format!(
            "{} is full, {limit} {}: new connections are counted in the overflow series; {remedy}",
            budget(whose),
            name(*resource)
        )
    };
    overflowed.is_none().then(text)
}

fn relief(Crossing { whose, resource, limit, .. }: &Crossing, overflowed: u64) -> String {
    format!(
        "{} has room again, {limit} {}: {overflowed} connections and label sets were counted in the overflow series meanwhile",
        budget(whose),
        name(*resource)
    )
}

fn budget(whose: &BudgetOwner) -> String {
    match whose {
        BudgetOwner::Node => "the node's budget".to_owned(),
        BudgetOwner::Namespace(namespace) => format!("the share of namespace {namespace}"),
        BudgetOwner::Peer { namespace, peer } => {
            format!("the part of the share of namespace {namespace} for connections with namespace {peer}")
        }
    }
}

fn name(resource: Resource) -> &'static str {
    match resource {
        Resource::Series => "series",
        Resource::LongConnections => "long connections",
        Resource::Bytes => "bytes of label sets",
    }
}

#[cfg(test)]
mod tests;
