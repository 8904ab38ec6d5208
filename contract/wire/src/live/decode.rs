//! Protobuf to model, at the operator. No input makes it panic, or remember more than a stream may.

mod definitions;

pub(super) use definitions::MAX_DEFINED;

use super::{MAX_COUNT, MAX_LIVE_REFS};
use crate::address::{self, InvalidAddress};
use crate::proto;
use definitions::Definitions;
use longwire_model::connection::{CloseReason, FailReason, Reporter, Traffic};
use longwire_model::live::{Described, Ended, Ending, LiveBatch, LiveEnd, LiveName, Moved, Whose};
use proto::live_end;
use std::net::SocketAddr;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLive {
    #[error("{field}: missing")]
    Missing { field: &'static str },
    #[error("{field}: {value} is not between 1 and {MAX_LIVE_REFS}")]
    Ref { field: &'static str, value: u32 },
    #[error("{field}: nothing was defined as {value}")]
    Undefined { field: &'static str, value: u32 },
    #[error("the workloads, services, pods and places of a stream take more than {MAX_DEFINED} bytes")]
    TooManyNames,
    #[error("{field}: {value} is not a port")]
    Port { field: &'static str, value: u32 },
    #[error("{field}: {value} is more than anything comes to, {MAX_COUNT}")]
    Count { field: &'static str, value: u64 },
    #[error("connection.id: {bytes} bytes instead of 16 or 8")]
    Id { bytes: usize },
    #[error(transparent)]
    Address(#[from] InvalidAddress),
}

/// The receiving side of one stream. After an error the stream must end, because definitions may be missing.
#[derive(Debug, Default)]
pub struct LiveDecoder(Definitions);

impl LiveDecoder {
    pub fn decode(&mut self, batch: proto::LiveBatch) -> Result<LiveBatch, InvalidLive> {
        let proto::LiveBatch {
            generation,
            at,
            places,
            workloads,
            services,
            pods,
            described,
            moved,
            ended,
            gone,
            complete,
            missed,
            forget,
        } = batch;
        self.0.places(places)?;
        self.0.workloads(workloads)?;
        self.0.services(services)?;
        self.0.pods(pods)?;
        let numbered = |described: proto::LiveConnection| {
            let number = number("described.number", described.number)?;
            Ok((number, self.connection(described)?))
        };
        let described = described.into_iter().map(numbered).collect::<Result<_, InvalidLive>>()?;
        let ended = ended.into_iter().map(|ended| self.end(at, ended)).collect::<Result<_, _>>()?;
        self.0.forget(&forget.unwrap_or_default());
        let read = |sample: proto::LiveSample| Ok((number("moved.number", sample.number)?, traffic(at, &sample)));
        let moved = moved.into_iter().map(read).collect::<Result<_, InvalidLive>>()?;
        Ok(LiveBatch { generation, at, described, moved, ended, gone, complete, missed })
    }

    #[cfg(test)]
    pub(super) fn references(&self) -> [usize; 4] {
        self.0.references()
    }

    fn connection(&self, connection: proto::LiveConnection) -> Result<Described, InvalidLive> {
        let proto::LiveConnection {
            number: _,
            by_server,
            id,
            source_workload,
            destination_workload,
            source_pod,
            destination_pod,
            service,
            requested_service,
            source,
            requested,
            answered,
            start,
            handshake,
            adopted,
        } = connection;
        let end = |workload: u32, pod: u32| {
            Ok::<_, InvalidLive>(LiveEnd { workload: self.0.workload(workload)?, pod: self.0.pod(pod)? })
        };
        Ok(Described {
            reporter: if by_server { Reporter::Destination } else { Reporter::Source },
            name: name(&id)?,
            source: end(source_workload, source_pod)?,
            destination: end(destination_workload, destination_pod)?,
            service: self.0.service("connection.service", service)?,
            requested_service: self.0.service("connection.requested_service", requested_service)?,
            source_address: endpoint("connection.source", source)?,
            requested_address: endpoint("connection.requested", requested)?,
            answered: answered.map(|answered| endpoint("connection.answered", Some(answered))).transpose()?,
            start,
            handshake,
            adopted,
        })
    }

    fn end(&self, at: u64, end: proto::LiveEnd) -> Result<(Whose, Moved, Ended), InvalidLive> {
        let proto::LiveEnd { whose, last, at: over, handshake, how } = end;
        let whose = match whose.ok_or(InvalidLive::Missing { field: "ended.whose" })? {
            live_end::Whose::Number(value) => Whose::Number(number("ended.number", value)?),
            live_end::Whose::Connection(connection) => Whose::Described(Box::new(self.connection(connection)?)),
        };
        let how = match how.ok_or(InvalidLive::Missing { field: "ended.how" })? {
            live_end::How::Closed(proto::LiveClose { by, reason }) => Ending::Closed {
                by: [Reporter::Source, Reporter::Destination].into_iter().find(|end| end.name() == by),
                reason: (!reason.is_empty()).then(|| close_reason(&reason)),
            },
            live_end::How::Failed(reason) => Ending::Failed(fail_reason(&reason)),
        };
        let last = last.ok_or(InvalidLive::Missing { field: "ended.last" })?;
        Ok((whose, traffic(at, &last), Ended { at: over, how, handshake }))
    }
}

fn number(field: &'static str, value: u32) -> Result<u32, InvalidLive> {
    if value == 0 { Err(InvalidLive::Missing { field }) } else { Ok(value) }
}

fn name(id: &[u8]) -> Result<LiveName, InvalidLive> {
    if let Ok(shared) = <[u8; 16]>::try_from(id) {
        return Ok(LiveName::Shared(shared));
    }
    let local = <[u8; 8]>::try_from(id).map_err(|_| InvalidLive::Id { bytes: id.len() })?;
    Ok(LiveName::Local(u64::from_be_bytes(local)))
}

fn endpoint(field: &'static str, endpoint: Option<proto::Endpoint>) -> Result<SocketAddr, InvalidLive> {
    let proto::Endpoint { address, port } = endpoint.ok_or(InvalidLive::Missing { field })?;
    let port = u16::try_from(port).map_err(|_| InvalidLive::Port { field, value: port })?;
    Ok(SocketAddr::new(address::from_bytes(field, &address)?, port))
}

/// A newer probe may know more reasons.
fn close_reason(name: &str) -> CloseReason {
    CloseReason::ALL.into_iter().find(|reason| reason.name() == name).unwrap_or(CloseReason::Other)
}

fn fail_reason(name: &str) -> FailReason {
    FailReason::ALL.into_iter().find(|reason| reason.name() == name).unwrap_or(FailReason::Other)
}

fn traffic(now: u64, sample: &proto::LiveSample) -> Moved {
    let proto::LiveSample {
        number: _,
        age,
        sent,
        received,
        retransmitted_bytes,
        retransmits,
        lost,
        rtt_us,
        min_rtt_us,
    } = *sample;
    let known = |us: u32| (us != 0).then_some(us);
    Moved {
        at: now.wrapping_sub(age),
        traffic: Traffic { sent, received, retransmitted_bytes, retransmits, lost },
        rtt_us: known(rtt_us),
        min_rtt_us: known(min_rtt_us),
    }
}
