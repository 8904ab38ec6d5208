//! Guesses the conntrack zones of a pod's connections. Most clusters use zone 0 only; OVN-Kubernetes and Antrea use
//! others, some one for each pod. If a guess finds nothing, all zones are searched, rarely, because that walks through
//! the whole table.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// Addresses to remember. A node's pods have some hundred.
const MAX_ADDRESSES: usize = 4_096;
/// Searches may take one part in 100 of the time.
const SHARE: u32 = 100;
/// After a search without result, no search for that address.
const RETRY_AFTER: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
enum Known {
    Zone(u16),
    NothingUntil(Instant),
}

#[derive(Debug)]
pub(super) struct Zones {
    by_source: HashMap<IpAddr, Known>,
    /// Zone of the last connection outside zone 0.
    last: Option<u16>,
    next_search: Instant,
    can_search: bool,
    searches: u64,
    found: u64,
}

impl Zones {
    pub(super) fn new(now: Instant) -> Self {
        Self { by_source: HashMap::new(), last: None, next_search: now, can_search: true, searches: 0, found: 0 }
    }

    /// Zones in which a connection of this client may be, the likeliest first.
    pub(super) fn likely(&self, source: IpAddr) -> impl Iterator<Item = u16> + use<> {
        let own = match self.by_source.get(&source) {
            Some(Known::Zone(zone)) => Some(*zone),
            _ => None,
        };
        let last = self.last.filter(|last| own != Some(*last));
        own.into_iter().chain([0]).chain(last)
    }

    pub(super) fn answered(&mut self, source: IpAddr, zone: u16) {
        if zone != 0 {
            self.learn(source, Known::Zone(zone));
            self.last = Some(zone);
        }
    }

    pub(super) fn may_search(&self, source: IpAddr, now: Instant) -> bool {
        let is_fruitless = match self.by_source.get(&source) {
            Some(Known::NothingUntil(until)) => now < *until,
            _ => false,
        };
        self.can_search && !is_fruitless && now >= self.next_search
    }

    pub(super) fn searched(&mut self, source: IpAddr, zone: Option<u16>, begun: Instant, ended: Instant) {
        self.next_search = ended + ended.duration_since(begun) * SHARE;
        self.searches += 1;
        match zone {
            Some(zone) => {
                self.found += 1;
                if self.last != Some(zone) && zone != 0 {
                    tracing::info!(%source, zone, "conntrack translates connections in a zone other than 0");
                }
                self.answered(source, zone);
            }
            None => self.learn(source, Known::NothingUntil(ended + RETRY_AFTER)),
        }
    }

    /// This kernel's conntrack ignores the filter and returns its whole table.
    pub(super) fn cannot_search(&mut self) {
        tracing::info!(
            "conntrack of this kernel cannot be searched: backends of connections that are translated outside zone 0 stay unknown"
        );
        self.can_search = false;
    }

    pub(super) fn searches(&self) -> (u64, u64) {
        (self.searches, self.found)
    }

    fn learn(&mut self, source: IpAddr, known: Known) {
        if self.by_source.len() >= MAX_ADDRESSES && !self.by_source.contains_key(&source) {
            self.by_source.retain(|_, known| matches!(known, Known::Zone(_)));
            if self.by_source.len() >= MAX_ADDRESSES {
                self.by_source.clear();
            }
        }
        self.by_source.insert(source, known);
    }
}
