//! Model to protobuf.

use crate::refs::{Assigned, Exhausted, MAX_REFS};
use crate::{address, proto, telemetry, version};
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Place, Pod, Service, Workload};
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use prost::Message as _;
use std::net::SocketAddr;
use std::sync::Arc;
use users::Users;

mod users;

/// Values of each kind that a stream remembers: workloads, services, places. Beyond it the least recently used ones are
/// forgotten, and defined again when they come back.
const REMEMBERED: usize = 1_024;

/// The batch does not fit into one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBatch {
    #[error("workloads: more than {MAX_REFS} different ones in one update")]
    Workloads,
    #[error("services: more than {MAX_REFS} different ones in one update")]
    Services,
    #[error("telemetries: more than {MAX_REFS} different ones in one update")]
    Telemetries,
    #[error("places: more than {MAX_REFS} different ones in one update")]
    Places,
}

/// The sending side of one stream. After an error the stream must end, because its peer lacks definitions.
#[derive(Debug)]
pub struct Encoder {
    workloads: Assigned<Workload>,
    services: Assigned<Service>,
    telemetries: Assigned<Telemetry>,
    places: Assigned<Place>,
    /// A telemetry may be large, so its reference ends with the last pod that uses it.
    users: Users,
    remembered: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::with_refs(MAX_REFS)
    }
}

impl Encoder {
    fn with_refs(most: u32) -> Self {
        Self {
            workloads: Assigned::new(most),
            services: Assigned::new(most),
            telemetries: Assigned::new(most),
            places: Assigned::new(most),
            users: Users::default(),
            remembered: REMEMBERED,
        }
    }

    #[cfg(test)]
    fn references(&self) -> [usize; 4] {
        [self.workloads.len(), self.services.len(), self.telemetries.len(), self.places.len()]
    }

    pub fn encode(&mut self, update: &Update) -> Result<proto::Update, InvalidBatch> {
        self.workloads.start_message();
        self.services.start_message();
        self.telemetries.start_message();
        self.places.start_message();
        let mut message = Message { refs: self, defined: proto::Update::default() };
        let Update { version, settings, pods, removed_pods, addresses } = update;
        let pods: Vec<_> = pods.iter().map(|pod| message.local_pod(pod)).collect::<Result<_, _>>()?;
        let addresses = addresses.iter().map(|address| message.address(address)).collect::<Result<_, _>>()?;
        let defined = message.defined;
        let (settings, removed_pods) = (settings.as_ref().map(telemetry::settings_to_proto), removed_pods.clone());
        let forget = self.forget(&pods, &removed_pods);
        Ok(proto::Update { version: *version, settings, pods, removed_pods, addresses, forget, ..defined })
    }

    /// References that are unused once this message is applied.
    fn forget(&mut self, pods: &[proto::LocalPod], removed: &[String]) -> Option<proto::Forget> {
        for local in pods {
            let uid = local.pod.as_ref().map_or("", |pod| pod.uid.as_str());
            self.users.set(uid, Some(local.telemetry));
        }
        for uid in removed {
            self.users.set(uid, None);
        }
        let telemetries = self.users.unused();
        telemetries.iter().for_each(|reference| self.telemetries.release(*reference));
        let forget = proto::Forget {
            workloads: self.workloads.trim(self.remembered),
            services: self.services.trim(self.remembered),
            telemetries,
            places: self.places.trim(self.remembered),
        };
        Some(forget).filter(|forget| *forget != proto::Forget::default())
    }
}

/// Most bytes that a pod takes in an update, with all that it refers to except its telemetry.
#[must_use]
pub fn size_of_pod(local: &LocalPod) -> usize {
    size(|message| {
        let pod = Some(message.pod(&local.pod)?);
        Ok(proto::Update {
            pods: vec![proto::LocalPod { pod, telemetry: MAX_REFS, version: 0 }],
            ..proto::Update::default()
        })
    })
}

/// Most bytes that an answer takes in an update, with all that it refers to.
#[must_use]
pub fn size_of_address(answer: &Address) -> usize {
    size(|message| Ok(proto::Update { addresses: vec![message.address(answer)?], ..proto::Update::default() }))
}

/// Bytes that a telemetry takes in an update.
#[must_use]
pub fn size_of_telemetry(telemetry: &Telemetry) -> usize {
    telemetry::to_proto(telemetry, MAX_REFS).encoded_len()
}

/// A message that cannot be encoded has no size.
fn size(write: impl FnOnce(&mut Message<'_>) -> Result<proto::Update, InvalidBatch>) -> usize {
    let mut refs = Encoder::default();
    let mut message = Message { refs: &mut refs, defined: proto::Update::default() };
    write(&mut message).map_or(usize::MAX, |update| update.encoded_len() + message.defined.encoded_len())
}

/// A message that is being built, with the definitions that it needs.
struct Message<'a> {
    refs: &'a mut Encoder,
    defined: proto::Update,
}

impl Message<'_> {
    fn local_pod(&mut self, local: &LocalPod) -> Result<proto::LocalPod, InvalidBatch> {
        let LocalPod { pod, telemetry } = local;
        Ok(proto::LocalPod {
            pod: Some(self.pod(pod)?),
            telemetry: self.telemetry(telemetry)?,
            version: version::of_local_pod(local),
        })
    }

    fn address(&mut self, answer: &Address) -> Result<proto::Address, InvalidBatch> {
        let Address { address, owners } = answer;
        Ok(proto::Address {
            address: address::to_bytes(*address),
            owners: owners.iter().map(|owner| self.owner(owner)).collect::<Result<_, _>>()?,
            version: version::of_address(answer),
        })
    }

    fn owner(&mut self, owner: &Owner) -> Result<proto::Owner, InvalidBatch> {
        let Owner { kind, from, until, observed } = owner;
        let (mut ports, mut endpoints, mut external) = (Vec::new(), Vec::new(), false);
        let kind = match kind {
            OwnerKind::Pod(pod) => proto::owner::Kind::Pod(self.pod(pod)?),
            OwnerKind::Service(Frontend { service, ports: claimed, endpoints: named, is_external }) => {
                external = *is_external;
                ports.extend(claimed.iter().copied().map(u32::from));
                endpoints.extend(named.iter().map(endpoint));
                proto::owner::Kind::Service(self.service(service)?)
            }
            OwnerKind::Node(name) => proto::owner::Kind::Node(name.clone()),
        };
        let (kind, until) = (Some(kind), until.unwrap_or(0));
        Ok(proto::Owner { kind, from: *from, until, observed: *observed, ports, endpoints, external })
    }

    fn pod(&mut self, pod: &Pod) -> Result<proto::Pod, InvalidBatch> {
        let Pod {
            uid,
            name,
            addresses,
            host_network,
            workload,
            services,
            more_services,
            service_account,
            place,
            labels,
        } = pod;
        let label = |(name, value): &(String, String)| proto::Label { name: name.clone(), value: value.clone() };
        Ok(proto::Pod {
            uid: uid.clone(),
            name: name.clone(),
            addresses: addresses.iter().copied().map(address::to_bytes).collect(),
            host_network: *host_network,
            workload: self.workload(workload)?,
            services: self.service_ports(services)?,
            more_services: self.service_ports(more_services)?,
            service_account: service_account.clone(),
            place: self.place(place)?,
            labels: labels.iter().map(label).collect(),
        })
    }

    fn service_ports(&mut self, backings: &[Backing]) -> Result<Vec<proto::ServicePort>, InvalidBatch> {
        let port = |Backing { target, port, service }: &Backing| {
            let service = self.service(service)?;
            Ok(proto::ServicePort { port: u32::from(*target), service, service_port: u32::from(*port) })
        };
        backings.iter().map(port).collect()
    }

    fn workload(&mut self, workload: &Arc<Workload>) -> Result<u32, InvalidBatch> {
        let (r#ref, new) = self.refs.workloads.assign(workload).map_err(|Exhausted| InvalidBatch::Workloads)?;
        if new {
            let Workload { namespace, name, canonical_service, canonical_revision, cluster } = (**workload).clone();
            let defined = proto::Workload { r#ref, namespace, name, canonical_service, canonical_revision, cluster };
            self.defined.workloads.push(defined);
        }
        Ok(r#ref)
    }

    fn service(&mut self, service: &Arc<Service>) -> Result<u32, InvalidBatch> {
        let (r#ref, new) = self.refs.services.assign(service).map_err(|Exhausted| InvalidBatch::Services)?;
        if new {
            let Service { namespace, name, host, cluster } = (**service).clone();
            self.defined.services.push(proto::Service { r#ref, namespace, name, host, cluster });
        }
        Ok(r#ref)
    }

    fn telemetry(&mut self, telemetry: &Arc<Telemetry>) -> Result<u32, InvalidBatch> {
        let (r#ref, new) = self.refs.telemetries.assign(telemetry).map_err(|Exhausted| InvalidBatch::Telemetries)?;
        if new {
            self.defined.telemetries.push(telemetry::to_proto(telemetry, r#ref));
        }
        Ok(r#ref)
    }

    fn place(&mut self, place: &Arc<Place>) -> Result<u32, InvalidBatch> {
        let (r#ref, new) = self.refs.places.assign(place).map_err(|Exhausted| InvalidBatch::Places)?;
        if new {
            let Place { node, zone, region } = (**place).clone();
            self.defined.places.push(proto::Place { r#ref, node, zone, region });
        }
        Ok(r#ref)
    }
}

fn endpoint(endpoint: &SocketAddr) -> proto::Endpoint {
    proto::Endpoint { address: address::to_bytes(endpoint.ip()), port: u32::from(endpoint.port()) }
}

#[cfg(test)]
mod tests;
