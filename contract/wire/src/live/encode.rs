//! Model to protobuf, at the probe.

use super::MAX_LIVE_REFS;
use crate::refs::{Assigned, Exhausted};
use crate::{address, proto};
use longwire_model::connection::Reporter;
use longwire_model::identity::{Place, Service, Workload};
use longwire_model::live::{Described, Ended, Ending, LiveBatch, LiveName, LivePod, Moved, Whose};
use proto::live_end;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::Arc;

/// Values of each kind that a stream remembers. Beyond it the least recently used ones are forgotten, and defined again when they come
/// back.
const REMEMBERED: usize = 1_024;

/// The batch does not fit into one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a batch has more than {MAX_LIVE_REFS} different workloads, services, pods or places")]
pub struct TooManyNames;

impl From<Exhausted> for TooManyNames {
    fn from(Exhausted: Exhausted) -> Self {
        Self
    }
}

/// The sending side of one stream. After an error the stream must end, because its peer lacks definitions.
#[derive(Debug)]
pub struct LiveEncoder {
    places: Assigned<Place>,
    workloads: Assigned<Workload>,
    services: Assigned<Service>,
    pods: Assigned<LivePod>,
    /// Of the message that is being built.
    defined: proto::LiveBatch,
}

impl Default for LiveEncoder {
    fn default() -> Self {
        Self {
            places: Assigned::new(MAX_LIVE_REFS),
            workloads: Assigned::new(MAX_LIVE_REFS),
            services: Assigned::new(MAX_LIVE_REFS),
            pods: Assigned::new(MAX_LIVE_REFS),
            defined: proto::LiveBatch::default(),
        }
    }
}

impl LiveEncoder {
    pub fn encode(&mut self, batch: &LiveBatch) -> Result<proto::LiveBatch, TooManyNames> {
        self.places.start_message();
        self.workloads.start_message();
        self.services.start_message();
        self.pods.start_message();
        let LiveBatch { generation, at, described, moved, ended, gone, complete, missed } = batch;
        let described = described.iter().map(|(number, connection)| self.connection(*number, connection));
        let described = described.collect::<Result<_, _>>()?;
        let ended = ended.iter().map(|ended| self.end(*at, ended)).collect::<Result<_, _>>()?;
        let defined = std::mem::take(&mut self.defined);
        let forget = proto::LiveForget {
            places: self.places.trim(REMEMBERED),
            workloads: self.workloads.trim(REMEMBERED),
            services: self.services.trim(REMEMBERED),
            pods: self.pods.trim(REMEMBERED),
        };
        Ok(proto::LiveBatch {
            generation: *generation,
            at: *at,
            described,
            moved: moved.iter().map(|(number, moved)| sample(*number, *at, moved)).collect(),
            ended,
            gone: gone.clone(),
            complete: *complete,
            missed: *missed,
            forget: Some(forget).filter(|forget| *forget != proto::LiveForget::default()),
            ..defined
        })
    }

    #[cfg(test)]
    pub(super) fn references(&self) -> [usize; 4] {
        [self.places.len(), self.workloads.len(), self.services.len(), self.pods.len()]
    }

    fn connection(&mut self, number: u32, connection: &Described) -> Result<proto::LiveConnection, TooManyNames> {
        let Described {
            reporter,
            name,
            source,
            destination,
            service,
            requested_service,
            source_address,
            requested_address,
            answered,
            start,
            handshake,
            adopted,
        } = connection;
        Ok(proto::LiveConnection {
            number,
            by_server: *reporter == Reporter::Destination,
            id: match name {
                LiveName::Shared(id) => id.to_vec(),
                LiveName::Local(id) => id.to_be_bytes().to_vec(),
            },
            source_workload: self.workload(source.workload.as_ref())?,
            destination_workload: self.workload(destination.workload.as_ref())?,
            source_pod: self.pod(source.pod.as_ref())?,
            destination_pod: self.pod(destination.pod.as_ref())?,
            service: self.service(service.as_ref())?,
            requested_service: self.service(requested_service.as_ref())?,
            source: Some(endpoint(*source_address)),
            requested: Some(endpoint(*requested_address)),
            answered: answered.map(endpoint),
            start: *start,
            handshake: *handshake,
            adopted: *adopted,
        })
    }

    fn end(&mut self, at: u64, (whose, last, ended): &(Whose, Moved, Ended)) -> Result<proto::LiveEnd, TooManyNames> {
        let whose = match whose {
            Whose::Number(number) => live_end::Whose::Number(*number),
            Whose::Described(connection) => live_end::Whose::Connection(self.connection(0, connection)?),
        };
        let Ended { at: over, how, handshake } = ended;
        let how = match how {
            Ending::Closed { by, reason } => live_end::How::Closed(proto::LiveClose {
                by: by.map_or("", Reporter::name).to_owned(),
                reason: reason.map_or("", |reason| reason.name()).to_owned(),
            }),
            Ending::Failed(reason) => live_end::How::Failed(reason.name().to_owned()),
        };
        Ok(proto::LiveEnd {
            whose: Some(whose),
            last: Some(sample(0, at, last)),
            at: *over,
            handshake: *handshake,
            how: Some(how),
        })
    }

    fn workload(&mut self, workload: Option<&Arc<Workload>>) -> Result<u32, TooManyNames> {
        let (r#ref, is_new) = assign(&mut self.workloads, workload)?;
        if let Some(workload) = workload.filter(|_| is_new) {
            let Workload { namespace, name, canonical_service, canonical_revision, cluster } = (**workload).clone();
            let defined = proto::Workload { r#ref, namespace, name, canonical_service, canonical_revision, cluster };
            self.defined.workloads.push(defined);
        }
        Ok(r#ref)
    }

    fn service(&mut self, service: Option<&Arc<Service>>) -> Result<u32, TooManyNames> {
        let (r#ref, is_new) = assign(&mut self.services, service)?;
        if let Some(service) = service.filter(|_| is_new) {
            let Service { namespace, name, host, cluster } = (**service).clone();
            self.defined.services.push(proto::Service { r#ref, namespace, name, host, cluster });
        }
        Ok(r#ref)
    }

    fn pod(&mut self, pod: Option<&Arc<LivePod>>) -> Result<u32, TooManyNames> {
        let (r#ref, is_new) = assign(&mut self.pods, pod)?;
        if let Some(pod) = pod.filter(|_| is_new) {
            let LivePod { uid, name, place } = (**pod).clone();
            let place = self.place(&place)?;
            self.defined.pods.push(proto::LivePod { r#ref, uid, name, place });
        }
        Ok(r#ref)
    }

    fn place(&mut self, place: &Arc<Place>) -> Result<u32, TooManyNames> {
        let (r#ref, is_new) = self.places.assign(place)?;
        if is_new {
            let Place { node, zone, region } = (**place).clone();
            self.defined.places.push(proto::Place { r#ref, node, zone, region });
        }
        Ok(r#ref)
    }
}

/// 0: there is none.
fn assign<T: Eq + Hash>(values: &mut Assigned<T>, value: Option<&Arc<T>>) -> Result<(u32, bool), TooManyNames> {
    Ok(value.map(|value| values.assign(value)).transpose()?.unwrap_or_default())
}

fn endpoint(endpoint: SocketAddr) -> proto::Endpoint {
    proto::Endpoint { address: address::to_bytes(endpoint.ip()), port: endpoint.port().into() }
}

fn sample(number: u32, now: u64, moved: &Moved) -> proto::LiveSample {
    let Moved { at, traffic, rtt_us, min_rtt_us } = *moved;
    proto::LiveSample {
        number,
        age: now.wrapping_sub(at),
        sent: traffic.sent,
        received: traffic.received,
        retransmitted_bytes: traffic.retransmitted_bytes,
        retransmits: traffic.retransmits,
        lost: traffic.lost,
        rtt_us: rtt_us.unwrap_or_default(),
        min_rtt_us: min_rtt_us.unwrap_or_default(),
    }
}
