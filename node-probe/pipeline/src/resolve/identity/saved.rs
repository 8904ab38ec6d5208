//! The saved form of addresses and their owners. What the operator has not answered is queried again.

use super::{Identities, Identity};
use crate::record::Monotonic;
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use longwire_model::identity::{Frontend, Owner, OwnerKind, UnixNanos};
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
    kind: SavedOwnerKind,
    from: UnixNanos,
    until: Option<UnixNanos>,
    observed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
enum SavedOwnerKind {
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
            let saved = owners.iter().map(|Owner { kind, from, until, observed }| SavedOwner {
                kind: save_owner_kind(kind, numbers),
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
        let owner = |SavedOwner { kind, from, until, observed }| {
            Ok(Owner { kind: restore_owner_kind(kind, shared)?, from, until, observed })
        };
        let owners = owners.map(|owners| owners.into_iter().map(owner).collect::<Result<Vec<_>, _>>()).transpose()?;
        if self.known.peek_mut(&address).is_some() {
            return Err(Flaw::Twice("address"));
        }
        if owners.is_none() {
            self.unqueried.insert(address);
        }
        if let Some(evicted) = self.known.insert(address, Identity { owners, used }) {
            self.users.release(evicted);
            self.drop_interest(evicted);
        }
        self.users.restore(address);
        Ok(())
    }
}

fn save_owner_kind<'v>(kind: &'v OwnerKind, numbers: &mut Numbers<'_, 'v>) -> SavedOwnerKind {
    match kind {
        OwnerKind::Pod(pod) => SavedOwnerKind::Pod(numbers.pod(pod)),
        OwnerKind::Service(Frontend { service, ports, endpoints, is_external }) => SavedOwnerKind::Service {
            service: numbers.service(service),
            ports: ports.to_vec(),
            endpoints: endpoints.to_vec(),
            is_external: *is_external,
        },
        OwnerKind::Node(name) => SavedOwnerKind::Node(name.clone()),
    }
}

fn restore_owner_kind(kind: SavedOwnerKind, shared: &Shared) -> Result<OwnerKind, Flaw> {
    Ok(match kind {
        SavedOwnerKind::Pod(pod) => OwnerKind::Pod(shared.pod(pod)?),
        SavedOwnerKind::Service { service, ports, endpoints, is_external } => {
            if !ports.is_sorted() || !endpoints.is_sorted() {
                return Err(Flaw::Implausible("frontend"));
            }
            let (service, ports, endpoints) = (shared.service(service)?, ports.into(), endpoints.into());
            OwnerKind::Service(Frontend { service, ports, endpoints, is_external })
        }
        SavedOwnerKind::Node(name) => OwnerKind::Node(name),
    })
}
