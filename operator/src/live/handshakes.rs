//! Handshakes at a time, in which anybody may be: of all addresses, and of one, so that one pod does not keep the API server out.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

#[cfg(test)]
mod tests;

const ALL: usize = 64;
/// A standby's address is the one of all that it passes on.
const OF_ONE: usize = 16;

/// How many each address has now.
#[derive(Debug, Default)]
pub(super) struct Handshakes(Mutex<HashMap<IpAddr, usize>>);

/// Until it is dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    all: Arc<Handshakes>,
    address: IpAddr,
}

impl Handshakes {
    /// `None`: there are too many.
    pub(super) fn begin(self: &Arc<Self>, address: IpAddr) -> Option<Handshake> {
        let address = address.to_canonical();
        let mut counts = self.0.lock();
        let own = counts.get(&address).copied().unwrap_or_default();
        if own >= OF_ONE || counts.values().sum::<usize>() >= ALL {
            return None;
        }
        counts.insert(address, own + 1);
        Some(Handshake { all: Arc::clone(self), address })
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let mut counts = self.all.0.lock();
        if let Some(own) = counts.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                counts.remove(&self.address);
            }
        }
    }
}
