//! The saved form of addresses and their owners. What the operator has not answered is asked again.

use super::{Identities, Identity};
use crate::record::Monotonic;
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use longwire_model::identity::{Frontend, Holder, Owner, UnixNanos};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedIdentity {
    address: IpAddr,
    used: Monotonic,
    owners: Option<Vec<SavedOwner>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedOwner {
    holder: SavedHolder,
    from: UnixNanos,
    until: Option<UnixNanos>,
    observed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
enum SavedHolder {
    Pod(u32),
    Service { service: u32, ports: Vec<u16>, endpoints: Vec<SocketAddr>, is_external: bool },
    Node(String),
}

impl Identities {
    /// The address of this turn, or of the first one after it, and the next turn.
    pub(in crate::resolve) fn save<'v>(
        &'v self,
        at: u64,
        numbers: &mut Numbers<'_, 'v>,
    ) -> Option<(SavedIdentity, u64)> {
        let (turn, address, identity) = self.known.since(at)?;
        let owners = identity.owners.as_ref().map(|owners| {
            let saved = owners.iter().map(|Owner { holder, from, until, observed }| SavedOwner {
                holder: save_holder(holder, numbers),
                from: *from,
                until: *until,
                observed: *observed,
            });
            saved.collect()
        });
        Some((SavedIdentity { address: *address, used: identity.used, owners }, turn + 1))
    }

    pub(in crate::resolve) fn restore(&mut self, saved: SavedIdentity, shared: &Shared) -> Result<(), Flaw> {
        let SavedIdentity { address, used, owners } = saved;
        let owner = |SavedOwner { holder, from, until, observed }| {
            Ok(Owner { holder: restore_holder(holder, shared)?, from, until, observed })
        };
        let owners = owners.map(|owners| owners.into_iter().map(owner).collect::<Result<Vec<_>, _>>()).transpose()?;
        if self.known.peek_mut(&address).is_some() {
            return Err(Flaw::Twice("address"));
        }
        if owners.is_none() {
            self.ask.insert(address);
        }
        if let Some(evicted) = self.known.insert(address, Identity { owners, used }) {
            self.users.release(evicted);
            self.drop_interest(evicted);
        }
        self.users.restore(address);
        Ok(())
    }
}

fn save_holder<'v>(holder: &'v Holder, numbers: &mut Numbers<'_, 'v>) -> SavedHolder {
    match holder {
        Holder::Pod(pod) => SavedHolder::Pod(numbers.pod(pod)),
        Holder::Service(Frontend { service, ports, endpoints, is_external }) => SavedHolder::Service {
            service: numbers.service(service),
            ports: ports.to_vec(),
            endpoints: endpoints.to_vec(),
            is_external: *is_external,
        },
        Holder::Node(name) => SavedHolder::Node(name.clone()),
    }
}

fn restore_holder(holder: SavedHolder, shared: &Shared) -> Result<Holder, Flaw> {
    Ok(match holder {
        SavedHolder::Pod(pod) => Holder::Pod(shared.pod(pod)?),
        SavedHolder::Service { service, ports, endpoints, is_external } => {
            if !ports.is_sorted() || !endpoints.is_sorted() {
                return Err(Flaw::Implausible("frontend"));
            }
            let (service, ports, endpoints) = (shared.service(service)?, ports.into(), endpoints.into());
            Holder::Service(Frontend { service, ports, endpoints, is_external })
        }
        SavedHolder::Node(name) => Holder::Node(name),
    })
}
