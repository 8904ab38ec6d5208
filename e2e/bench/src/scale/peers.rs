//! Memory of one probe for very many peers.

use super::figure::{Bound, Figure};
use super::probes::Probes;
use anyhow::Result;
use longwire_testkit::wait::eventually;
use std::net::IpAddr;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
/// Until buffers for reading and writing messages are freed.
const REST: Duration = Duration::from_secs(3);

/// Uses the only stream so far.
pub(super) fn measure(probes: &mut Probes<'_>, addresses: &[IpAddr], heap: &dyn Fn() -> usize) -> Result<Figure> {
    let probe = probes.start_first()?;
    thread::sleep(REST);
    let before = heap();
    probe.talk_to(addresses)?;
    eventually(PATIENCE, || probe.check_answered())?;
    thread::sleep(REST);
    let kept = heap().saturating_sub(before) as f64 / 1e6;
    let how = "What a probe's process has allocated more once a pod of its node has a connection to each of 500 pods and the \
               operator has said who they are: identities, what is asked about, connections and label sets; not the series of single connections, which have a budget of their own.";
    Ok(Figure::new("peers_500_mb", "MB", kept, Bound::AtMost(2.0), how))
}
