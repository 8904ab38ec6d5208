//! Protobuf to model. No input makes it panic.

use crate::address::{self, InvalidAddress};
use crate::proto;
use crate::refs::{Defined, MAX_REFS};
use crate::telemetry::{self, InvalidExporter, InvalidTelemetry};
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Place, Pod, Service, Workload};
use longwire_model::limits::MAX_NODE_TELEMETRY_BYTES;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use prost::Message;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

#[cfg(test)]
mod tests;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUpdate {
    #[error("{field}: missing")]
    Missing { field: &'static str },
    #[error("{field}: {value} is not between 1 and {MAX_REFS}")]
    Ref { field: &'static str, value: u32 },
    #[error("{field}: nothing was defined as {value}")]
    Undefined { field: &'static str, value: u32 },
    #[error("{field}: {value} is not a port")]
    Port { field: &'static str, value: u32 },
    #[error("pod.services.port: {value} does not ascend")]
    PortOrder { value: u16 },
    #[error("pod.labels: {name:?} does not ascend")]
    LabelOrder { name: String },
    #[error(
        "telemetries: {bytes} bytes in one update are too many for a node: at most {MAX_NODE_TELEMETRY_BYTES} are allowed"
    )]
    TelemetriesTooLarge { bytes: usize },
    #[error(transparent)]
    Telemetry(#[from] InvalidTelemetry),
    #[error(transparent)]
    Exporter(#[from] InvalidExporter),
    #[error(transparent)]
    Address(#[from] InvalidAddress),
}

/// An update, and the versions for the next Hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub update: Update,
    /// Versions of `update.pods`, in their order.
    pub pod_versions: Vec<u64>,
    /// Versions of `update.addresses`, in their order.
    pub address_versions: Vec<u64>,
    /// Encoded size of the message.
    pub bytes: usize,
}

/// The receiving side of one stream.
#[derive(Debug)]
pub struct Decoder {
    workloads: Defined<Workload>,
    services: Defined<Service>,
    telemetries: Defined<Telemetry>,
    places: Defined<Place>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            workloads: Defined::new(),
            services: Defined::new(),
            telemetries: Defined::new(),
            places: Defined::new(),
        }
    }
}

impl Decoder {
    /// An error does not affect later messages, because all valid definitions of this one are kept.
    pub fn decode(&mut self, mut message: proto::Update) -> Result<Received, InvalidUpdate> {
        let bytes = message.encoded_len();
        let ended = message.forget.take().unwrap_or_default();
        let received = self.read(message, bytes);
        let proto::Forget { workloads, services, telemetries, places } = ended;
        self.workloads.forget(&workloads);
        self.services.forget(&services);
        self.telemetries.forget(&telemetries);
        self.places.forget(&places);
        received
    }

    fn read(&mut self, mut message: proto::Update, bytes: usize) -> Result<Received, InvalidUpdate> {
        self.define(&mut message)?;
        let proto::Update { version, settings, pods, removed_pods, addresses, .. } = message;
        let pod_versions = pods.iter().map(|pod| pod.version).collect();
        let address_versions = addresses.iter().map(|address| address.version).collect();
        let pods = pods.into_iter().map(|pod| self.local_pod(pod)).collect::<Result<_, _>>()?;
        let addresses = addresses.into_iter().map(|address| self.address(address)).collect::<Result<_, _>>()?;
        let settings = settings.map(telemetry::settings_from_proto).transpose()?;
        let update = Update { version, settings, pods, removed_pods, addresses };
        Ok(Received { update, pod_versions, address_versions, bytes })
    }

    /// Stores all valid definitions, because the sender will not repeat them. Returns the first error.
    fn define(&mut self, message: &mut proto::Update) -> Result<(), InvalidUpdate> {
        let mut outcome = Ok(());
        for defined in mem::take(&mut message.workloads) {
            let proto::Workload { r#ref, namespace, name, canonical_service, canonical_revision, cluster } = defined;
            let workload = Workload { namespace, name, canonical_service, canonical_revision, cluster };
            if self.workloads.define(r#ref, workload).is_none() {
                outcome = outcome.and(Err(InvalidUpdate::Ref { field: "workload.ref", value: r#ref }));
            }
        }
        for defined in mem::take(&mut message.services) {
            let proto::Service { r#ref, namespace, name, host, cluster } = defined;
            if self.services.define(r#ref, Service { namespace, name, host, cluster }).is_none() {
                outcome = outcome.and(Err(InvalidUpdate::Ref { field: "service.ref", value: r#ref }));
            }
        }
        for proto::Place { r#ref, node, zone, region } in mem::take(&mut message.places) {
            if self.places.define(r#ref, Place { node, zone, region }).is_none() {
                outcome = outcome.and(Err(InvalidUpdate::Ref { field: "place.ref", value: r#ref }));
            }
        }
        let mut bytes = 0;
        for defined in mem::take(&mut message.telemetries) {
            let r#ref = defined.r#ref;
            let defined = telemetry::from_proto(defined).map_err(InvalidUpdate::from).and_then(|telemetry| {
                bytes += telemetry.bytes();
                if bytes > MAX_NODE_TELEMETRY_BYTES {
                    return Err(InvalidUpdate::TelemetriesTooLarge { bytes });
                }
                let invalid = InvalidUpdate::Ref { field: "telemetry.ref", value: r#ref };
                self.telemetries.define(r#ref, telemetry).ok_or(invalid)
            });
            outcome = outcome.and(defined);
        }
        outcome
    }

    #[cfg(test)]
    pub(crate) fn references(&self) -> [usize; 4] {
        [self.workloads.len(), self.services.len(), self.telemetries.len(), self.places.len()]
    }

    fn local_pod(&self, local: proto::LocalPod) -> Result<LocalPod, InvalidUpdate> {
        let proto::LocalPod { pod, telemetry, version: _ } = local;
        let pod = pod.ok_or(InvalidUpdate::Missing { field: "local_pod.pod" })?;
        Ok(LocalPod { pod: Arc::new(self.pod(pod)?), telemetry: self.telemetry(telemetry)? })
    }

    fn address(&self, answer: proto::Address) -> Result<Address, InvalidUpdate> {
        let proto::Address { address, owners, version: _ } = answer;
        let address = address::from_bytes("address.address", &address)?;
        let owners = owners.into_iter().map(|owner| self.owner(owner)).collect::<Result<_, _>>()?;
        Ok(Address { address, owners })
    }

    fn owner(&self, owner: proto::Owner) -> Result<Owner, InvalidUpdate> {
        let proto::Owner { kind, from, until, observed, ports, endpoints, external } = owner;
        let kind = match kind.ok_or(InvalidUpdate::Missing { field: "owner.kind" })? {
            proto::owner::Kind::Pod(pod) => OwnerKind::Pod(Arc::new(self.pod(pod)?)),
            proto::owner::Kind::Service(service) => OwnerKind::Service(Frontend {
                service: self.service("owner.service", service)?,
                ports: ascending(ports.into_iter().map(|port| to_port("owner.ports", port)))?,
                endpoints: ascending(endpoints.into_iter().map(endpoint))?,
                is_external: external,
            }),
            proto::owner::Kind::Node(name) => OwnerKind::Node(name),
        };
        Ok(Owner { kind, from, until: (until != 0).then_some(until), observed })
    }

    fn pod(&self, pod: proto::Pod) -> Result<Pod, InvalidUpdate> {
        let proto::Pod {
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
        if uid.is_empty() {
            return Err(InvalidUpdate::Missing { field: "pod.uid" });
        }
        Ok(Pod {
            uid,
            name,
            addresses: pod_addresses(&addresses)?,
            host_network,
            workload: self.workload(workload)?,
            services: self.service_ports(&services, |last, target| last < target)?,
            more_services: self.service_ports(&more_services, |last, target| last <= target)?,
            service_account,
            place: self.place(place)?,
            labels: pod_labels(labels)?,
        })
    }

    /// In ascending order, because the model uses binary search.
    fn service_ports(
        &self,
        ports: &[proto::ServicePort],
        ascends: impl Fn(u16, u16) -> bool,
    ) -> Result<Vec<Backing>, InvalidUpdate> {
        const PORT: &str = "pod.services.port";
        let mut services: Vec<Backing> = Vec::with_capacity(ports.len());
        for proto::ServicePort { port, service, service_port } in ports {
            let (target, port) = (to_port(PORT, *port)?, to_port(PORT, *service_port)?);
            if services.last().is_some_and(|last| !ascends(last.target, target)) {
                return Err(InvalidUpdate::PortOrder { value: target });
            }
            services.push(Backing { target, port, service: self.service("pod.services.service", *service)? });
        }
        Ok(services)
    }

    fn workload(&self, value: u32) -> Result<Arc<Workload>, InvalidUpdate> {
        self.workloads.get(value).cloned().ok_or(InvalidUpdate::Undefined { field: "pod.workload", value })
    }

    fn service(&self, field: &'static str, value: u32) -> Result<Arc<Service>, InvalidUpdate> {
        self.services.get(value).cloned().ok_or(InvalidUpdate::Undefined { field, value })
    }

    fn telemetry(&self, value: u32) -> Result<Arc<Telemetry>, InvalidUpdate> {
        self.telemetries.get(value).cloned().ok_or(InvalidUpdate::Undefined { field: "local_pod.telemetry", value })
    }

    fn place(&self, value: u32) -> Result<Arc<Place>, InvalidUpdate> {
        self.places.get(value).cloned().ok_or(InvalidUpdate::Undefined { field: "pod.place", value })
    }
}

fn to_port(field: &'static str, value: u32) -> Result<u16, InvalidUpdate> {
    u16::try_from(value).map_err(|_| InvalidUpdate::Port { field, value })
}

fn endpoint(proto::Endpoint { address, port }: proto::Endpoint) -> Result<SocketAddr, InvalidUpdate> {
    Ok(SocketAddr::new(
        address::from_bytes("owner.endpoints.address", &address)?,
        to_port("owner.endpoints.port", port)?,
    ))
}

/// For the model's binary search.
fn ascending<T: Ord>(values: impl Iterator<Item = Result<T, InvalidUpdate>>) -> Result<Arc<[T]>, InvalidUpdate> {
    let mut values = values.collect::<Result<Vec<T>, _>>()?;
    values.sort_unstable();
    values.dedup();
    Ok(values.into())
}

/// In ascending order, because the model uses binary search.
fn pod_labels(labels: Vec<proto::Label>) -> Result<Vec<(String, String)>, InvalidUpdate> {
    let mut known: Vec<(String, String)> = Vec::with_capacity(labels.len());
    for proto::Label { name, value } in labels {
        if known.last().is_some_and(|(last, _)| *last >= name) {
            return Err(InvalidUpdate::LabelOrder { name });
        }
        known.push((name, value));
    }
    Ok(known)
}

fn pod_addresses(list: &[Vec<u8>]) -> Result<Vec<IpAddr>, InvalidAddress> {
    list.iter().map(|bytes| address::from_bytes("pod.addresses", bytes)).collect()
}
