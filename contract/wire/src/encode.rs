//! Model to protobuf.

use crate::refs::{Dealt, Exhausted, MOST_REFS};
use crate::{address, proto, telemetry, version};
use longwire_model::identity::{Address, Backing, Holder, Owner, Place, Pod, Service, Workload};
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use std::sync::Arc;

/// One message cannot say it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBatch {
    #[error("workloads: more than {MOST_REFS} different ones in one update")]
    Workloads,
    #[error("services: more than {MOST_REFS} different ones in one update")]
    Services,
    #[error("telemetries: more than {MOST_REFS} different ones in one update")]
    Telemetries,
    #[error("places: more than {MOST_REFS} different ones in one update")]
    Places,
}

/// The sending end of one stream. After an error the stream is of no use: its peer has not heard all definitions.
#[derive(Debug)]
pub struct Encoder {
    workloads: Dealt<Workload>,
    services: Dealt<Service>,
    telemetries: Dealt<Telemetry>,
    places: Dealt<Place>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::with_refs(MOST_REFS)
    }
}

impl Encoder {
    fn with_refs(most: u32) -> Self {
        Self {
            workloads: Dealt::new(most),
            services: Dealt::new(most),
            telemetries: Dealt::new(most),
            places: Dealt::new(most),
        }
    }

    pub fn encode(&mut self, update: &Update) -> Result<proto::Update, InvalidBatch> {
        self.workloads.start_message();
        self.services.start_message();
        self.telemetries.start_message();
        self.places.start_message();
        let mut message = Message { refs: self, defined: proto::Update::default() };
        let Update { version, settings, pods, removed_pods, addresses } = update;
        let pods = pods.iter().map(|pod| message.local_pod(pod)).collect::<Result<_, _>>()?;
        let addresses = addresses.iter().map(|address| message.address(address)).collect::<Result<_, _>>()?;
        let (settings, removed_pods) = (settings.as_ref().map(telemetry::settings_to_proto), removed_pods.clone());
        Ok(proto::Update { version: *version, settings, pods, removed_pods, addresses, ..message.defined })
    }
}

/// A message in the making, with the definitions it has to bring along.
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
        let Owner { holder, from, until, sighted } = owner;
        let holder = match holder {
            Holder::Pod(pod) => proto::owner::Holder::Pod(self.pod(pod)?),
            Holder::Service(service) => proto::owner::Holder::Service(self.service(service)?),
            Holder::Node(name) => proto::owner::Holder::Node(name.clone()),
        };
        Ok(proto::Owner { holder: Some(holder), from: *from, until: until.unwrap_or(0), sighted: *sighted })
    }

    fn pod(&mut self, pod: &Pod) -> Result<proto::Pod, InvalidBatch> {
        let Pod { uid, name, addresses, host_network, workload, services, service_account, place, labels } = pod;
        let port = |Backing { target, port, service }: &Backing| {
            let service = self.service(service)?;
            Ok(proto::ServicePort { port: u32::from(*target), service, service_port: u32::from(*port) })
        };
        let label = |(name, value): &(String, String)| proto::Label { name: name.clone(), value: value.clone() };
        let services = services.iter().map(port).collect::<Result<_, _>>()?;
        Ok(proto::Pod {
            uid: uid.clone(),
            name: name.clone(),
            addresses: addresses.iter().copied().map(address::to_bytes).collect(),
            host_network: *host_network,
            workload: self.workload(workload)?,
            services,
            service_account: service_account.clone(),
            place: self.place(place)?,
            labels: labels.iter().map(label).collect(),
        })
    }

    fn workload(&mut self, workload: &Arc<Workload>) -> Result<u32, InvalidBatch> {
        let (r#ref, new) = self.refs.workloads.deal(workload).map_err(|Exhausted| InvalidBatch::Workloads)?;
        if new {
            let Workload { namespace, name, canonical_service, canonical_revision, cluster } = (**workload).clone();
            let defined = proto::Workload { r#ref, namespace, name, canonical_service, canonical_revision, cluster };
            self.defined.workloads.push(defined);
        }
        Ok(r#ref)
    }

    fn service(&mut self, service: &Arc<Service>) -> Result<u32, InvalidBatch> {
        let (r#ref, new) = self.refs.services.deal(service).map_err(|Exhausted| InvalidBatch::Services)?;
        if new {
            let Service { namespace, name, host, cluster } = (**service).clone();
            self.defined.services.push(proto::Service { r#ref, namespace, name, host, cluster });
        }
        Ok(r#ref)
    }

    fn telemetry(&mut self, telemetry: &Arc<Telemetry>) -> Result<u32, InvalidBatch> {
        let (r#ref, new) = self.refs.telemetries.deal(telemetry).map_err(|Exhausted| InvalidBatch::Telemetries)?;
        if new {
            self.defined.telemetries.push(telemetry::to_proto(telemetry, r#ref));
        }
        Ok(r#ref)
    }

    fn place(&mut self, place: &Arc<Place>) -> Result<u32, InvalidBatch> {
        let (r#ref, new) = self.refs.places.deal(place).map_err(|Exhausted| InvalidBatch::Places)?;
        if new {
            let Place { node, zone, region } = (**place).clone();
            self.defined.places.push(proto::Place { r#ref, node, zone, region });
        }
        Ok(r#ref)
    }
}

#[cfg(test)]
mod tests;
