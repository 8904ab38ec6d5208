//! Log lines about full budgets: one when a budget becomes full, one when it is over.

use longwire_pipeline::aggregate::{Crossing, Resource, Whose};

const OF_THE_NODE: &str = "raise budgets.series or budgets.longConnections in the cluster-wide TelemetryPolicy, and the probe's memory limit with them";
const OF_A_SHARE: &str = "have the namespace's pods feed fewer label sets or shorter tags, or raise limits.seriesPerNamespace in the \
                          cluster-wide TelemetryPolicy";

pub(crate) fn log(crossing: &Crossing) {
    let Crossing { whose, resource, limit, folded } = crossing;
    let (resource, limit) = (name(*resource), *limit);
    let (namespace, peer, remedy) = match whose {
        Whose::Node => (None, None, OF_THE_NODE),
        Whose::Namespace(namespace) => (Some(&**namespace), None, OF_A_SHARE),
        Whose::Peer { namespace, peer } => (Some(&**namespace), Some(&**peer), OF_A_SHARE),
    };
    match (folded, whose) {
        (Some(folded), _) => {
            tracing::info!(
                resource,
                limit,
                namespace,
                peer,
                folded,
                "a budget has room again: nothing folds into overflow"
            );
        }
        (None, Whose::Node) => {
            tracing::warn!(resource, limit, remedy, "the node's budget is full: new label sets fold into overflow");
        }
        (None, Whose::Namespace(_)) => {
            tracing::warn!(
                resource,
                limit,
                namespace,
                remedy,
                "a namespace's share is full: its new label sets fold into overflow"
            );
        }
        (None, Whose::Peer { .. }) => {
            tracing::warn!(
                resource,
                limit,
                namespace,
                peer,
                remedy,
                "the part of a namespace's share that connections with one other namespace may take is full: their new label sets \
                 fold into overflow"
            );
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
