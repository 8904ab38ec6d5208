//! How many nodes are in what is shown.

use crate::kubeconfig::Cluster;
use crate::listing::{Listed, list};
use longwire_live::Probe;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

#[cfg(test)]
mod tests;

const PAUSE: Duration = Duration::from_secs(15);

/// Connected, and all.
pub(super) type Nodes = Option<(usize, usize)>;

/// As the probes are. None for those who may not read them.
pub(super) fn follow(cluster: Cluster) -> watch::Receiver<Nodes> {
    let (out, nodes) = watch::channel(None);
    tokio::spawn(async move {
        while let Ok((probes, _)) = list::<Probe>(&cluster, None, Listed::PROBES).await {
            let is_connected = |probe: &&Probe| probe.status.as_ref().is_some_and(|status| status.connected);
            let connected = probes.iter().filter(is_connected).count();
            out.send_replace(Some((connected, probes.len())));
            if out.is_closed() {
                return;
            }
            sleep(PAUSE).await;
        }
        out.send_replace(None);
    });
    nodes
}

/// From a warning such as `1 of 10 nodes did not answer: n3`.
pub(super) fn of_warning(text: &str) -> Nodes {
    let (figures, _) = text.split_once(" nodes did not answer")?;
    let (missing, all) = figures.split_once(" of ")?;
    let all: usize = all.parse().ok()?;
    Some((all.checked_sub(missing.parse().ok()?)?, all))
}
