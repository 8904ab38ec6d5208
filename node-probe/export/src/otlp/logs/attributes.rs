//! The attributes of a record: one table for records and for the documentation. Names are those of OpenTelemetry's conventions where
//! there are such, with the end before those of Kubernetes; others begin with `longwire.` and continue as the field of the access log.

use crate::access_log::address::write_part;
use crate::access_log::id::write_id;
use crate::access_log::known;
use crate::otlp::wire::{write_integer_attribute, write_text_attribute};
use longwire_model::access_log::{AddressPart, Field, Kind};
use longwire_model::identity::Pod;
use longwire_pipeline::event::ConnectionId;
use longwire_pipeline::labels::{LineNames, end_name, line_names};
use longwire_pipeline::log::LogRecord;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A row of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeRow {
    pub name: &'static str,
    pub kind: Kind,
    /// One line of Markdown.
    pub meaning: &'static str,
    /// The field of the access log that says the same.
    pub field: Option<Field>,
}

/// A record, with its names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) record: &'a LogRecord,
    pub(super) names: LineNames<'a>,
}

enum Value<'a> {
    Text(&'a str),
    Address(SocketAddr),
    Id(ConnectionId),
    Number(u64),
}

/// `None`: the record is without the attribute.
type Read = for<'a> fn(&Subject<'a>) -> Option<Value<'a>>;

/// All attributes that a record can have, in their order. One that is not known is left out.
pub fn attributes() -> impl ExactSizeIterator<Item = AttributeRow> {
    TABLE.iter().map(|(name, kind, field, meaning, _)| AttributeRow { name, kind: *kind, meaning, field: *field })
}

/// `scratch`: for texts that are made.
pub(super) fn write_attributes(number: u32, of: &Subject<'_>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    for (name, _, _, _, read) in &TABLE {
        let Some(value) = read(of) else { continue };
        scratch.clear();
        match value {
            Value::Number(value) => {
                write_integer_attribute(number, name, value, out);
                continue;
            }
            Value::Text(text) => {
                write_text_attribute(number, name, text.as_bytes(), out);
                continue;
            }
            Value::Address(address) => write_part(address, AddressPart::WithoutPort, scratch),
            Value::Id(id) => write_id(id, scratch),
        }
        write_text_attribute(number, name, scratch, out);
    }
}

#[rustfmt::skip]
const TABLE: [(&str, Kind, Option<Field>, &str, Read); 45] = {
    use Field as F;
    use Kind::{Integer, String};
    [
        ("network.transport", String, None, "`tcp`", |_| Some(Value::Text("tcp"))),
        ("network.type", String, None, "`ipv4` or `ipv6`", |of| Some(Value::Text(of.network()))),
        ("longwire.id", String, Some(F::Id), "of the connection, 32 hexadecimal digits, equal at both ends; `local-` and a number where this end cannot compute it", |of| of.id()),
        ("longwire.reporter", String, Some(F::Reporter), "the end that reports: `source` or `destination`", |of| Some(Value::Text(of.names.reporter))),
        ("source.address", String, Some(F::SourceAddress), "the client's address, as the reporting socket has it", |of| Some(Value::Address(of.record.source))),
        ("source.port", Integer, Some(F::SourceAddress), "the client's port", |of| Some(port(of.record.source))),
        ("client.address", String, Some(F::SourceAddress), "as `source.address`", |of| Some(Value::Address(of.record.source))),
        ("client.port", Integer, Some(F::SourceAddress), "as `source.port`", |of| Some(port(of.record.source))),
        ("destination.address", String, Some(F::DestinationAddress), "the server's own address, behind any Service", |of| of.record.answered.map(Value::Address)),
        ("destination.port", Integer, Some(F::DestinationAddress), "the server's own port", |of| of.record.answered.map(port)),
        ("server.address", String, Some(F::RequestedAddress), "the server's address, as the reporting socket has it: a Service's if the client requested one", |of| Some(Value::Address(of.record.requested))),
        ("server.port", Integer, Some(F::RequestedAddress), "the port of `server.address`", |of| Some(port(of.record.requested))),
        ("server.k8s.service.host", String, Some(F::RequestedService), "host name of the Service that the client requested, where this end knows it", |of| text(of.requested_service())),
        ("source.k8s.namespace.name", String, Some(F::SourceNamespace), "namespace of the client's workload", |of| name(of.names.source.namespace)),
        ("source.k8s.workload.name", String, Some(F::SourceWorkload), "the client's workload, as the label `source_workload`", |of| name(of.names.source.workload)),
        ("source.k8s.pod.name", String, Some(F::SourcePod), "name of the client's pod", |of| text(of.source_pod())),
        ("source.k8s.node.name", String, Some(F::SourceNode), "node of the client's pod", |of| text(node(&of.record.source_pod))),
        ("source.service.name", String, Some(F::SourceCanonicalService), "the client's canonical service, as the label `source_canonical_service`", |of| name(of.names.source.canonical_service)),
        ("source.service.version", String, Some(F::SourceCanonicalRevision), "its revision, as the label `source_canonical_revision`", |of| known(of.names.source.canonical_service).map(|_| Value::Text(of.names.source.canonical_revision))),
        ("destination.k8s.namespace.name", String, Some(F::DestinationNamespace), "namespace of the server's workload", |of| name(of.names.destination.namespace)),
        ("destination.k8s.workload.name", String, Some(F::DestinationWorkload), "the server's workload, as the label `destination_workload`", |of| name(of.names.destination.workload)),
        ("destination.k8s.pod.name", String, Some(F::DestinationPod), "name of the server's pod", |of| text(of.destination_pod())),
        ("destination.k8s.node.name", String, Some(F::DestinationNode), "node of the server's pod", |of| text(node(&of.record.destination_pod))),
        ("destination.service.name", String, Some(F::DestinationCanonicalService), "the server's canonical service, as the label `destination_canonical_service`", |of| name(of.names.destination.canonical_service)),
        ("destination.service.version", String, Some(F::DestinationCanonicalRevision), "its revision, as the label `destination_canonical_revision`", |of| known(of.names.destination.canonical_service).map(|_| Value::Text(of.names.destination.canonical_revision))),
        ("destination.k8s.service.name", String, Some(F::DestinationServiceName), "the Service of the connection, as the label `destination_service_name`; `PassthroughCluster` outside the cluster", |of| name(of.names.service.name)),
        ("destination.k8s.service.namespace", String, Some(F::DestinationServiceNamespace), "as the label `destination_service_namespace`", |of| name(of.names.service.namespace)),
        ("destination.k8s.service.host", String, Some(F::DestinationService), "host name of the Service, as the label `destination_service`", |of| name(of.names.service.host)),
        ("longwire.start_time_unix_nano", Integer, Some(F::StartTime), "established or adopted, or for a failure first tried; nanoseconds since 1970", |of| Some(Value::Number(of.record.start))),
        ("longwire.duration_us", Integer, Some(F::DurationUs), F::DurationUs.help(), |of| Some(Value::Number(of.record.duration / 1_000))),
        ("longwire.sent_bytes", Integer, Some(F::SentBytes), F::SentBytes.help(), |of| Some(Value::Number(of.record.totals.sent))),
        ("longwire.received_bytes", Integer, Some(F::ReceivedBytes), F::ReceivedBytes.help(), |of| Some(Value::Number(of.record.totals.received))),
        ("longwire.new_sent_bytes", Integer, Some(F::NewSentBytes), "of `longwire.sent_bytes`, since the record before of this connection", |of| Some(Value::Number(of.record.new.sent))),
        ("longwire.new_received_bytes", Integer, Some(F::NewReceivedBytes), "of `longwire.received_bytes`, since the record before of this connection", |of| Some(Value::Number(of.record.new.received))),
        ("longwire.retransmitted_bytes", Integer, Some(F::RetransmittedBytes), F::RetransmittedBytes.help(), |of| Some(Value::Number(of.record.totals.retransmitted_bytes))),
        ("longwire.retransmits", Integer, Some(F::Retransmits), F::Retransmits.help(), |of| Some(Value::Number(of.record.totals.retransmits))),
        ("longwire.lost_packets", Integer, Some(F::LostPackets), F::LostPackets.help(), |of| Some(Value::Number(of.record.totals.lost))),
        ("longwire.rtt_us", Integer, Some(F::RttUs), F::RttUs.help(), |of| of.record.rtt_us.map(|us| Value::Number(us.into()))),
        ("longwire.min_rtt_us", Integer, Some(F::MinRttUs), F::MinRttUs.help(), |of| of.record.min_rtt_us.map(|us| Value::Number(us.into()))),
        ("longwire.handshake_us", Integer, Some(F::HandshakeUs), F::HandshakeUs.help(), |of| of.record.handshake.map(|time| Value::Number(time / 1_000))),
        ("longwire.closed_by", String, Some(F::ClosedBy), F::ClosedBy.help(), |of| of.record.closed_by.map(|end| Value::Text(end_name(end)))),
        ("longwire.close_reason", String, Some(F::CloseReason), F::CloseReason.help(), |of| of.record.close_reason.map(|reason| Value::Text(reason.name()))),
        ("error.type", String, Some(F::FailureReason), F::FailureReason.help(), |of| of.record.failure.map(|reason| Value::Text(reason.name()))),
        ("longwire.connections", Integer, Some(F::Connections), "how many the record stands for, where the kernel side summed several up; absent: one", |of| several(of.record.connections, 1)),
        ("longwire.suppressed", Integer, Some(F::Suppressed), "records of the pod that were left out since its last one; absent: none", |of| several(of.record.suppressed, 0)),
    ]
};

impl<'a> Subject<'a> {
    pub(super) fn of(record: &'a LogRecord) -> Self {
        Self { record, names: line_names(&record.edge) }
    }

    pub(super) fn source_pod(&self) -> Option<&'a str> {
        self.record.source_pod.as_ref().and_then(|pod| known(&pod.name))
    }

    pub(super) fn destination_pod(&self) -> Option<&'a str> {
        self.record.destination_pod.as_ref().and_then(|pod| known(&pod.name))
    }

    pub(super) fn requested_service(&self) -> Option<&'a str> {
        self.record.requested_service.as_ref().and_then(|service| known(&service.host))
    }

    /// Several connections have one each.
    fn id(&self) -> Option<Value<'a>> {
        match self.record.id {
            ConnectionId::Several => None,
            id @ (ConnectionId::Shared(_) | ConnectionId::Local(_)) => Some(Value::Id(id)),
        }
    }

    fn network(&self) -> &'static str {
        match self.record.source.ip().to_canonical() {
            IpAddr::V4(_) => "ipv4",
            IpAddr::V6(_) => "ipv6",
        }
    }
}

fn node(pod: &Option<Arc<Pod>>) -> Option<&str> {
    pod.as_ref().and_then(|pod| known(&pod.place.node))
}

fn name(name: &str) -> Option<Value<'_>> {
    text(known(name))
}

fn text(text: Option<&str>) -> Option<Value<'_>> {
    text.map(Value::Text)
}

fn port(address: SocketAddr) -> Value<'static> {
    Value::Number(address.port().into())
}

/// Where it is more than that.
fn several(number: u64, usual: u64) -> Option<Value<'static>> {
    (number > usual).then_some(Value::Number(number))
}
