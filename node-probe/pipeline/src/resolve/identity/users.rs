//! Which pod uses which address. When there is no room, the pod that uses most addresses loses the one that it has not used for
//! longest. So a pod that connects everywhere makes room for others, and they never for it.

#[cfg(test)]
mod tests;

use crate::resolve::pending::ResourceUser;
use crate::resolve::recent::Recent;
use hashbrown::HashMap;
use std::net::IpAddr;

#[derive(Debug)]
pub(super) struct Users {
    uses: HashMap<IpAddr, Use>,
    /// By the user that pays. `None`: not used since a restart, and its users before are not known.
    held: HashMap<Option<ResourceUser>, Recent<IpAddr, ()>>,
    /// Most addresses in all.
    limit: usize,
}

#[derive(Clone, Copy, Debug)]
struct Use {
    /// The first user.
    payer: Option<ResourceUser>,
    /// The last other user. It pays once the payer loses the address.
    other: Option<ResourceUser>,
}

impl Users {
    pub(super) fn new(limit: usize) -> Self {
        Self { uses: HashMap::new(), held: HashMap::new(), limit }
    }

    /// A use of an address, known or new.
    pub(super) fn note(&mut self, address: IpAddr, user: ResourceUser) {
        match self.uses.get_mut(&address) {
            Some(Use { payer: Some(payer), .. }) if *payer == user => {
                // For the use; the value is empty.
                let _ = self.held.get_mut(&Some(user)).and_then(|held| held.get(&address));
            }
            Some(Use { payer: Some(_), other }) => *other = Some(user),
            Some(Use { payer: None, .. }) | None => {
                self.release(address);
                self.charge(address, Some(user));
            }
        }
    }

    pub(super) fn restore(&mut self, address: IpAddr) {
        self.charge(address, None);
    }

    pub(super) fn release(&mut self, address: IpAddr) {
        let Some(Use { payer, .. }) = self.uses.remove(&address) else { return };
        if let Some(held) = self.held.get_mut(&payer) {
            held.remove(&address);
            if held.len() == 0 {
                self.held.remove(&payer);
            }
        }
    }

    /// The address to forget: one that only its payer uses.
    pub(super) fn next_to_go(&mut self) -> Option<IpAddr> {
        loop {
            let quarter = self.limit / 4;
            // Addresses from before a restart are of all pods of the node. They go first only where no pod holds a quarter.
            let rank = |user: &Option<ResourceUser>, held: usize| (user.is_some() && held >= quarter, held, *user);
            let (payer, held) = self.held.iter().max_by_key(|(user, held)| rank(user, held.len()))?;
            let (payer, oldest) = (*payer, *held.oldest_first().next()?.0);
            match self.uses.get(&oldest).and_then(|used| used.other).filter(|other| Some(*other) != payer) {
                Some(other) => {
                    self.release(oldest);
                    self.charge(oldest, Some(other));
                }
                None => return Some(oldest),
            }
        }
    }

    fn charge(&mut self, address: IpAddr, payer: Option<ResourceUser>) {
        self.uses.insert(address, Use { payer, other: None });
        self.held.entry(payer).or_insert_with(|| Recent::new(self.limit)).insert(address, ());
    }
}
