//! The value of each field, and how it is written.

use super::address::write_address;
use super::escape::{write_json, write_text};
use super::id::write_id;
use super::moment::Moment;
use super::{Line, known};
use crate::number::write_unsigned;
use longwire_model::access_log::Field;
use longwire_pipeline::event::ConnectionId;
use longwire_pipeline::labels::{LineNames, end_name};
use std::net::SocketAddr;

/// Digits of a second's fraction.
const MICROSECONDS: u8 = 6;

#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(u64),
    Time(Moment<'a>),
    Address(SocketAddr),
    Id(ConnectionId),
}

impl<'a> Value<'a> {
    /// `None`: the line is without the field.
    pub(super) fn of(field: Field, line: &Line<'a>) -> Option<Self> {
        let Line { record, names, made, start } = *line;
        Some(match field {
            Field::Time => Self::Time(made),
            Field::Type => Self::Text(record.event.title()),
            Field::Id => Self::Id(record.id),
            Field::Reporter => Self::Text(names.reporter),
            Field::SourceWorkload => Self::Text(names.source.workload),
            Field::SourceNamespace => Self::Text(names.source.namespace),
            Field::SourceCanonicalService => Self::Text(names.source.canonical_service),
            Field::SourceCanonicalRevision => Self::Text(names.source.canonical_revision),
            Field::SourcePod => Self::name(line.source_pod()),
            Field::SourceNode => Self::name(line.source_node()),
            Field::SourceAddress => Self::Address(record.source),
            Field::DestinationWorkload => Self::Text(names.destination.workload),
            Field::DestinationNamespace => Self::Text(names.destination.namespace),
            Field::DestinationCanonicalService => Self::Text(names.destination.canonical_service),
            Field::DestinationCanonicalRevision => Self::Text(names.destination.canonical_revision),
            Field::DestinationPod => Self::name(line.destination_pod()),
            Field::DestinationNode => Self::name(line.destination_node()),
            Field::DestinationAddress => record.answered.map_or(Self::name(None), Self::Address),
            Field::DestinationService => Self::Text(names.service.host),
            Field::DestinationServiceName => Self::Text(names.service.name),
            Field::DestinationServiceNamespace => Self::Text(names.service.namespace),
            Field::RequestedService => {
                Self::name(record.requested_service.as_ref().and_then(|service| known(&service.host)))
            }
            Field::RequestedAddress => Self::Address(record.requested),
            Field::StartTime => Self::Time(start),
            Field::DurationUs => Self::Number(record.duration / 1_000),
            Field::SentBytes => Self::Number(record.totals.sent),
            Field::ReceivedBytes => Self::Number(record.totals.received),
            Field::NewSentBytes => Self::Number(record.new.sent),
            Field::NewReceivedBytes => Self::Number(record.new.received),
            Field::RetransmittedBytes => Self::Number(record.totals.retransmitted_bytes),
            Field::Retransmits => Self::Number(record.totals.retransmits),
            Field::LostPackets => Self::Number(record.totals.lost),
            // A line may be without each of these.
            Field::RttUs => Self::Number(record.rtt_us?.into()),
            Field::MinRttUs => Self::Number(record.min_rtt_us?.into()),
            Field::HandshakeUs => Self::Number(record.handshake? / 1_000),
            Field::ClosedBy => Self::Text(end_name(record.closed_by?)),
            Field::CloseReason => Self::Text(record.close_reason?.name()),
            Field::FailureReason => Self::Text(record.failure?.name()),
            Field::Connections => return (record.connections > 1).then_some(Self::Number(record.connections)),
            Field::Suppressed => return (record.suppressed > 0).then_some(Self::Number(record.suppressed)),
        })
    }

    fn name(known: Option<&'a str>) -> Self {
        Self::Text(known.unwrap_or(LineNames::UNKNOWN))
    }

    pub(super) fn write_json(self, to: &mut Vec<u8>) {
        if let Self::Number(number) = self {
            return write_unsigned(number, to);
        }
        to.push(b'"');
        match self {
            Self::Text(text) => write_json(text, to),
            // None of these has anything to escape.
            Self::Number(_) | Self::Time(_) | Self::Address(_) | Self::Id(_) => self.write_text(to),
        }
        to.push(b'"');
    }

    /// As in JSON, without the quotes.
    pub(super) fn write_text(self, to: &mut Vec<u8>) {
        match self {
            Self::Text(text) => write_text(text, to),
            Self::Number(number) => write_unsigned(number, to),
            Self::Time(time) => time.write_rfc3339(MICROSECONDS, to),
            Self::Address(address) => write_address(address, to),
            Self::Id(id) => write_id(id, to),
        }
    }
}
