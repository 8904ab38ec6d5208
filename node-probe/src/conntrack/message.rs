//! Queries to conntrack and its replies, in netlink's format (`linux/netfilter/nfnetlink_conntrack.h`).

use netlink_packet_core::{
    DecodeError, DefaultNla, Emitable, NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload, Nla,
    NlaBuffer,
};
use netlink_packet_netfilter::conntrack::{ConntrackAttribute, ConntrackMessage, IPTuple, ProtoTuple, Protocol, Tuple};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily};
use std::io;
use std::net::SocketAddr;

/// Two bytes, big-endian.
const CTA_ZONE: u16 = 18;
/// Nested: the fields of the original and of the reply tuple that have to match.
const CTA_FILTER: u16 = 25;
const CTA_FILTER_ORIG_FLAGS: u16 = 1;
const CTA_FILTER_REPLY_FLAGS: u16 = 2;
/// Both addresses, the protocol and both ports.
const WHOLE_TUPLE: u32 = 1 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5;

/// A connection as its client opened it, and the zone to look in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) zone: u16,
}

/// A tracked connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    /// Source of the replies.
    pub(super) backend: SocketAddr,
    pub(super) zone: u16,
}

#[derive(Debug)]
pub(super) enum Answer {
    Entry(Entry),
    /// No entry, or no further one.
    Nothing,
    Refused(io::Error),
}

impl Query {
    /// A query for one entry.
    pub(super) fn get(self, sequence: u32) -> Vec<u8> {
        let zone = (self.zone != 0)
            .then(|| ConntrackAttribute::Other(DefaultNla::new(CTA_ZONE, self.zone.to_be_bytes().to_vec())));
        self.message(sequence, NLM_F_REQUEST, zone)
    }

    /// A dump of all entries with this tuple, in any zone.
    pub(super) fn search(self, sequence: u32) -> Vec<u8> {
        let flags = [(CTA_FILTER_ORIG_FLAGS, WHOLE_TUPLE), (CTA_FILTER_REPLY_FLAGS, 0)];
        let parts = flags.map(|(kind, flags)| DefaultNla::new(kind, flags.to_ne_bytes().to_vec()));
        let filter = ConntrackAttribute::Other(holding(CTA_FILTER, &parts));
        let length = filter.buffer_len();
        let mut bytes = self.message(sequence, NLM_F_REQUEST | NLM_F_DUMP, Some(filter));
        // The kernel requires NLA_F_NESTED, which the crate sets only on attributes that it knows.
        let last = bytes.len() - length;
        NlaBuffer::new(&mut bytes[last..]).set_nested_flag();
        bytes
    }

    fn message(self, sequence: u32, flags: u16, more: Option<ConntrackAttribute>) -> Vec<u8> {
        let Self { source, destination, .. } = self;
        let family = if source.is_ipv4() { NetfilterProtoFamily::IPv4 } else { NetfilterProtoFamily::IPv6 };
        let tuple = vec![
            Tuple::Ip(vec![IPTuple::SourceAddress(source.ip()), IPTuple::DestinationAddress(destination.ip())]),
            Tuple::Proto(vec![
                ProtoTuple::Protocol(Protocol::Tcp),
                ProtoTuple::SourcePort(source.port()),
                ProtoTuple::DestinationPort(destination.port()),
            ]),
        ];
        let mut attributes = vec![ConntrackAttribute::CtaTupleOrig(tuple)];
        attributes.extend(more);
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = sequence;
        let inner = NetfilterMessage::new(NetfilterHeader::new(family, 0, 0), ConntrackMessage::Get(attributes));
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(inner));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        bytes
    }
}

fn holding(kind: u16, parts: &[DefaultNla]) -> DefaultNla {
    let mut bytes = vec![0; parts.buffer_len()];
    parts.emit(&mut bytes);
    DefaultNla::new(kind, bytes)
}

/// The first reply to the query with this sequence number, in one received buffer.
pub(super) fn answer_to(sequence: u32, received: &[u8]) -> Option<Result<Answer, DecodeError>> {
    let mut rest = received;
    while !rest.is_empty() {
        let message = match NetlinkMessage::<NetfilterMessage>::deserialize(rest) {
            Ok(message) => message,
            Err(error) => return Some(Err(error)),
        };
        let length = (message.header.length as usize).next_multiple_of(4);
        if message.header.sequence_number == sequence
            && let Some(answer) = answer(message.payload)
        {
            return Some(Ok(answer));
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    None
}

/// `None`: an entry without addresses and ports.
fn answer(payload: NetlinkPayload<NetfilterMessage>) -> Option<Answer> {
    match payload {
        NetlinkPayload::InnerMessage(message) => match message.inner {
            NetfilterMessageInner::Conntrack(ConntrackMessage::New(attributes)) => {
                entry(&attributes).map(Answer::Entry)
            }
            _ => None,
        },
        NetlinkPayload::Error(error) => Some(match error.to_io() {
            error if error.kind() == io::ErrorKind::NotFound => Answer::Nothing,
            error => Answer::Refused(error),
        }),
        _ => Some(Answer::Nothing),
    }
}

fn entry(attributes: &[ConntrackAttribute]) -> Option<Entry> {
    let (mut original, mut reply, mut zone) = (None, None, 0);
    for attribute in attributes {
        match attribute {
            ConntrackAttribute::CtaTupleOrig(tuple) => original = ends(tuple),
            ConntrackAttribute::CtaTupleReply(tuple) => reply = ends(tuple),
            ConntrackAttribute::Other(other) if other.kind() == CTA_ZONE => zone = big_endian(other)?,
            _ => {}
        }
    }
    let ((source, destination), (backend, _)) = (original?, reply?);
    Some(Entry { source, destination, backend, zone })
}

fn big_endian(attribute: &DefaultNla) -> Option<u16> {
    let mut bytes = [0; 2];
    (attribute.value_len() == bytes.len()).then(|| {
        attribute.emit_value(&mut bytes);
        u16::from_be_bytes(bytes)
    })
}

/// Source and destination.
fn ends(tuple: &[Tuple]) -> Option<(SocketAddr, SocketAddr)> {
    let (mut addresses, mut ports) = ((None, None), (None, None));
    for part in tuple {
        match part {
            Tuple::Ip(parts) => {
                for part in parts {
                    match part {
                        IPTuple::SourceAddress(address) => addresses.0 = Some(*address),
                        IPTuple::DestinationAddress(address) => addresses.1 = Some(*address),
                        _ => {}
                    }
                }
            }
            Tuple::Proto(parts) => {
                for part in parts {
                    match part {
                        ProtoTuple::SourcePort(port) => ports.0 = Some(*port),
                        ProtoTuple::DestinationPort(port) => ports.1 = Some(*port),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Some((SocketAddr::new(addresses.0?, ports.0?), SocketAddr::new(addresses.1?, ports.1?)))
}
