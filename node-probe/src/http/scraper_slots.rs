//! Distinguishes scrapers behind one address by their connections: a Prometheus keeps one for each target. Several share
//! an address where its pods' addresses are masqueraded, or where two jobs of one Prometheus scrape the same page.

use longwire_endpoint::Connection;
use longwire_pipeline::metrics::Scraper;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Weak};

/// Bounded by the connections that have scraped.
#[derive(Debug, Default)]
pub(crate) struct ScraperSlots(Mutex<HashMap<IpAddr, Vec<Weak<Connection>>>>);

impl ScraperSlots {
    /// The number of this connection while it lives; a new one gets the first free one.
    pub(crate) fn take(&self, address: IpAddr, connection: &Arc<Connection>) -> Scraper {
        let address = address.to_canonical();
        let mut slots = self.0.lock();
        slots.retain(|_, taken| {
            let living = taken.iter().rposition(|connection| connection.strong_count() > 0);
            taken.truncate(living.map_or(0, |last| last + 1));
            !taken.is_empty()
        });
        let taken = slots.entry(address).or_default();
        let own = taken.iter().position(|slot| Weak::ptr_eq(slot, &Arc::downgrade(connection)));
        let slot = own.unwrap_or_else(|| {
            let free = taken.iter().position(|slot| slot.strong_count() == 0);
            let free = free.unwrap_or(taken.len());
            match taken.get_mut(free) {
                Some(slot) => *slot = Arc::downgrade(connection),
                None => taken.push(Arc::downgrade(connection)),
            }
            free
        });
        let held = taken.iter().enumerate().filter(|(at, other)| *at != slot && other.strong_count() > 0);
        let held =
            held.fold(0, |held, (at, _)| held | 1_u64.checked_shl(u32::try_from(at).unwrap_or(u32::MAX)).unwrap_or(0));
        Scraper { address, slot: u32::try_from(slot).unwrap_or(u32::MAX), is_new: own.is_none().then_some(held) }
    }
}

#[cfg(test)]
mod tests;
