//! Memory of one probe for very many peers.

use super::probes::Probes;
use crate::measured::Measured;
use anyhow::Result;
use longwire_testkit::eventually;
use std::net::IpAddr;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
/// Until buffers for reading and writing messages are freed.
const REST: Duration = Duration::from_secs(3);

/// Uses the only stream so far.
pub(super) fn measure(probes: &mut Probes<'_>, addresses: &[IpAddr], heap: &dyn Fn() -> usize) -> Result<Measured> {
    let probe = probes.start_first()?;
    thread::sleep(REST);
    let before = heap();
    probe.talk_to(addresses)?;
    eventually(PATIENCE, || probe.check_answered())?;
    thread::sleep(REST);
    let kept = heap().saturating_sub(before) as f64 / 1e6;
    Ok(Measured::alone("peers_500_mb", kept))
}
