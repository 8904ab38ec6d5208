//! A row as an object of the API.

#[cfg(test)]
mod tests;

use super::merge::{Directions, Kernel, Merged, Phase, Why};
use super::row::{Facts, Key, RowState, Side};
use super::uid;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use longwire_live::Connection;
use longwire_live::connection::{self as api, ConnectionSpec, ConnectionStatus};
use longwire_live::end::{self, End, EndReport, ServiceReference};
use longwire_model::canonical::Labels;
use longwire_model::connection::Reporter;
use longwire_model::identity::{Service, UnixNanos};

/// As the view of this namespace has it. `now`: the operator's clock.
pub(super) fn connection(state: &RowState, namespace: &str, now: UnixNanos) -> Connection {
    let RowState { facts, merged, revision, .. } = state;
    let mut connection = Connection::new(&facts.name, spec(facts));
    let metadata = &mut connection.metadata;
    metadata.namespace = Some(namespace.to_owned());
    metadata.uid = Some(uid_of(facts));
    metadata.resource_version = Some(revision.to_string());
    metadata.labels = Some(labels(facts, namespace)).filter(|labels| !labels.is_empty());
    connection.status = Some(status(facts, merged, now));
    connection
}

fn uid_of(facts: &Facts) -> String {
    match &facts.key {
        Key::Shared(id) => uid::of_bits(u128::from_be_bytes(*id)),
        Key::Local { .. } => uid::of_text(&format!("longwire connection {}", facts.name)),
    }
}

/// Labels of the pods of the namespace. Of both ends, the source's win.
fn labels(facts: &Facts, namespace: &str) -> Labels {
    let pods = [&facts.destination, &facts.source].into_iter().filter_map(|side| side.pod.as_ref());
    let own = pods.filter(|pod| pod.namespace() == namespace);
    own.flat_map(|pod| pod.labels()).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn spec(facts: &Facts) -> ConnectionSpec {
    let Facts { source, destination, service, requested_service, requested_address, .. } = facts;
    let named = |service: &Service, port| ServiceReference {
        name: known(&service.name),
        namespace: known(&service.namespace),
        host: known(&service.host),
        port,
    };
    // The requested port is the Service's where the client requested a Service.
    let is_translated = destination.address.is_some_and(|own| own != *requested_address);
    let other = requested_service.as_deref().filter(|requested| service.as_deref() != Some(requested));
    let own_port = (is_translated && other.is_none()).then(|| requested_address.port());
    ConnectionSpec {
        source: end(source),
        destination: end(destination),
        service: service.as_deref().map(|service| named(service, own_port)),
        requested_service: other.map(|other| named(other, is_translated.then(|| requested_address.port()))),
        requested_address: Some(requested_address.to_string()),
    }
}

fn end(side: &Side) -> End {
    let pod = side.pod.as_ref();
    End {
        pod: pod.map(|pod| pod.name().to_owned()),
        namespace: pod.map(|pod| pod.namespace().to_owned()),
        workload: pod.and_then(|pod| known(pod.workload())),
        node: pod.and_then(|pod| pod.node()).map(str::to_owned),
        zone: pod.and_then(|pod| pod.zone()).map(str::to_owned),
        address: side.address.map(|address| address.ip().to_canonical().to_string()),
        port: side.address.map(|address| address.port()),
    }
}

pub(super) fn known(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn status(facts: &Facts, merged: &Merged, now: UnixNanos) -> ConnectionStatus {
    let [source, destination] = merged.kernels.map(|kernel| kernel.map(report));
    let until = match merged.phase {
        Phase::Open => Some(now),
        Phase::Closed | Phase::Failed => merged.end,
    };
    let is_known = facts.start > 0;
    ConnectionStatus {
        phase: match merged.phase {
            Phase::Open => api::Phase::Open,
            Phase::Closed => api::Phase::Closed,
            Phase::Failed => api::Phase::Failed,
        },
        reason: merged.why.map(|why| match why {
            Why::Closed(reason) => reason.name().to_owned(),
            Why::Failed(reason) => reason.name().to_owned(),
        }),
        closed_by: merged.closed_by.map(|end| match end {
            Reporter::Source => api::Side::Source,
            Reporter::Destination => api::Side::Destination,
        }),
        start_time: time(facts.start),
        end_time: merged.end.and_then(time),
        observed_time: time(merged.observed),
        duration_milliseconds: until.filter(|_| is_known).map(|until| until.saturating_sub(facts.start) / 1_000_000),
        bytes: directions(merged.bytes),
        bytes_per_second: directions(merged.bytes_per_second),
        source,
        destination,
        handshake_microseconds: merged.handshake.map(|nanoseconds| nanoseconds / 1_000),
        adopted: facts.adopted,
        one_ended: matches!(facts.key, Key::Local { .. }),
    }
}

/// 0 is not known.
pub(super) fn time(at: UnixNanos) -> Option<MicroTime> {
    (at > 0).then(|| Timestamp::from_nanosecond(i128::from(at)).ok().map(MicroTime)).flatten()
}

pub(super) fn directions(of: Directions) -> end::Directions {
    end::Directions { from_source: of.from_source, from_destination: of.from_destination }
}

fn report(kernel: Kernel) -> EndReport {
    EndReport {
        rtt_microseconds: kernel.rtt_us,
        min_rtt_microseconds: kernel.min_rtt_us,
        retransmits: Some(kernel.retransmits),
        retransmitted_bytes: Some(kernel.retransmitted_bytes),
        lost_packets: Some(kernel.lost),
        stale: kernel.is_stale,
    }
}
