//! The backend behind a Service address, as conntrack of the host's network namespace knows it: one question a
//! connection, for the original tuple; where the answers come from is the backend.

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_netfilter::conntrack::{ConntrackAttribute, ConntrackMessage, IPTuple, ProtoTuple, Protocol, Tuple};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily};
use netlink_sys::{Socket, SocketAddr as NetlinkAddr, protocols::NETLINK_NETFILTER};
use std::io;
use std::net::SocketAddr;

/// Large enough for one entry with every attribute the kernel adds.
const REPLY: usize = 8192;

pub(crate) struct Conntrack {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConntrackError {
    #[error("conntrack cannot be asked")]
    Io(#[from] io::Error),
    #[error("conntrack's answer cannot be read: {0}")]
    Decode(#[from] netlink_packet_core::DecodeError),
    #[error("conntrack answered with {0}")]
    Refused(io::Error),
}

impl Conntrack {
    /// Opened in the network namespace of the calling thread: the host's.
    pub(crate) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        socket.bind_auto()?;
        socket.connect(&NetlinkAddr::new(0, 0))?;
        // The kernel has answered by the time send returns; whatever is not there will never be.
        socket.set_non_blocking(true)?;
        Ok(Self { socket, sequence: 0, buffer: vec![0; REPLY] })
    }

    /// Who answers `source` when it dials `destination`. `None`: no such connection is tracked.
    pub(crate) fn backend(
        &mut self,
        source: SocketAddr,
        destination: SocketAddr,
    ) -> Result<Option<SocketAddr>, ConntrackError> {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.socket.send(&question(source, destination, self.sequence), 0)?;
        loop {
            let length = self.socket.recv(&mut &mut self.buffer[..], 0)?;
            let reply = NetlinkMessage::<NetfilterMessage>::deserialize(&self.buffer[..length])?;
            if reply.header.sequence_number == self.sequence {
                return answer(reply);
            }
        }
    }
}

fn question(source: SocketAddr, destination: SocketAddr, sequence: u32) -> Vec<u8> {
    let family = if source.is_ipv4() { NetfilterProtoFamily::IPv4 } else { NetfilterProtoFamily::IPv6 };
    let tuple = vec![
        Tuple::Ip(vec![IPTuple::SourceAddress(source.ip()), IPTuple::DestinationAddress(destination.ip())]),
        Tuple::Proto(vec![
            ProtoTuple::Protocol(Protocol::Tcp),
            ProtoTuple::SourcePort(source.port()),
            ProtoTuple::DestinationPort(destination.port()),
        ]),
    ];
    let get = ConntrackMessage::Get(vec![ConntrackAttribute::CtaTupleOrig(tuple)]);
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    header.sequence_number = sequence;
    let inner = NetfilterMessage::new(NetfilterHeader::new(family, 0, 0), get);
    let mut message = NetlinkMessage::new(header, NetlinkPayload::from(inner));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

fn answer(reply: NetlinkMessage<NetfilterMessage>) -> Result<Option<SocketAddr>, ConntrackError> {
    match reply.payload {
        NetlinkPayload::InnerMessage(message) => match message.inner {
            NetfilterMessageInner::Conntrack(ConntrackMessage::New(attributes)) => Ok(reply_source(&attributes)),
            _ => Ok(None),
        },
        NetlinkPayload::Error(error) => match error.to_io() {
            error if error.kind() == io::ErrorKind::NotFound => Ok(None),
            error => Err(ConntrackError::Refused(error)),
        },
        _ => Ok(None),
    }
}

fn reply_source(attributes: &[ConntrackAttribute]) -> Option<SocketAddr> {
    let tuple = attributes.iter().find_map(|attribute| match attribute {
        ConntrackAttribute::CtaTupleReply(tuple) => Some(tuple),
        _ => None,
    })?;
    let (mut address, mut port) = (None, None);
    for part in tuple {
        match part {
            Tuple::Ip(parts) => {
                address = parts.iter().find_map(|part| match part {
                    IPTuple::SourceAddress(address) => Some(*address),
                    _ => None,
                });
            }
            Tuple::Proto(parts) => {
                port = parts.iter().find_map(|part| match part {
                    ProtoTuple::SourcePort(port) => Some(*port),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    Some(SocketAddr::new(address?, port?))
}
