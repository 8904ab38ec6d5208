//! Messages of a probe.

use crate::address::{self, InvalidAddress};
use crate::proto;
use crate::proto::probe_message::Message;
use longwire_model::identity::ObservedAddress;
use std::fmt;
use std::net::IpAddr;

#[cfg(test)]
mod tests;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromProbe {
    Hello(Hello),
    Interest(Interest),
    /// The update of this version is applied.
    Ack {
        version: u64,
    },
    /// The update of this version could not be applied.
    Nack {
        version: u64,
        error: String,
    },
    /// A newer token of the same pod.
    Authenticate(Token),
    /// Addresses that pods of its node were seen to use.
    ObservedAddresses(Vec<ObservedAddress>),
    /// A notice about the node, for an Event.
    Notice(String),
}

/// A ServiceAccount token. It is a secret, so no log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// First message of a stream: the probe's identity and the versions that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    pub node: String,
    pub probe_version: String,
    /// UID and version of each pod that it has.
    pub pods: Vec<(String, u64)>,
    /// Addresses that it queries, with the version of the answer it has; 0: none.
    pub addresses: Vec<(IpAddr, u64)>,
}

/// A change of the addresses that the probe queries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    pub add: Vec<IpAddr>,
    pub drop: Vec<IpAddr>,
}

/// Most former pods of an address in a message.
const MAX_GONE: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    #[error(
        "message: none of hello, interest, ack, nack, authenticate, observed_addresses, notice, or one from a newer probe"
    )]
    Empty,
    #[error("hello.node: empty, must be the name of the probe's node")]
    NoNode,
    #[error(transparent)]
    Address(#[from] InvalidAddress),
}

impl TryFrom<proto::ProbeMessage> for FromProbe {
    type Error = InvalidMessage;

    fn try_from(message: proto::ProbeMessage) -> Result<Self, Self::Error> {
        Ok(match message.message.ok_or(InvalidMessage::Empty)? {
            Message::Hello(hello) => Self::Hello(hello.try_into()?),
            Message::Interest(proto::Interest { add, drop }) => Self::Interest(Interest {
                add: addresses("interest.add", &add)?,
                drop: addresses("interest.drop", &drop)?,
            }),
            Message::Ack(proto::Ack { version }) => Self::Ack { version },
            Message::Nack(proto::Nack { version, error }) => Self::Nack { version, error },
            Message::Authenticate(proto::Authenticate { token }) => Self::Authenticate(Token(token)),
            Message::Notice(proto::Notice { text }) => Self::Notice(text),
            Message::ObservedAddresses(proto::ObservedAddresses { addresses }) => {
                let read = |proto::ObservedAddress { pod_uid: uid, address, since, mut gone_pod_uids }| {
                    gone_pod_uids.truncate(MAX_GONE);
                    let address = address::from_bytes("observed_addresses.address", &address)?;
                    Ok(ObservedAddress { uid, address, since, gone: gone_pod_uids })
                };
                Self::ObservedAddresses(addresses.into_iter().map(read).collect::<Result<_, InvalidAddress>>()?)
            }
        })
    }
}

impl TryFrom<proto::Hello> for Hello {
    type Error = InvalidMessage;

    fn try_from(hello: proto::Hello) -> Result<Self, Self::Error> {
        let proto::Hello { node, probe_version, pods, addresses } = hello;
        if node.is_empty() {
            return Err(InvalidMessage::NoNode);
        }
        let known = |known: proto::KnownAddress| {
            Ok((address::from_bytes("hello.addresses.address", &known.address)?, known.version))
        };
        Ok(Self {
            node,
            probe_version,
            pods: pods.into_iter().map(|proto::KnownPod { uid, version }| (uid, version)).collect(),
            addresses: addresses.into_iter().map(known).collect::<Result<_, InvalidAddress>>()?,
        })
    }
}

impl From<FromProbe> for proto::ProbeMessage {
    fn from(message: FromProbe) -> Self {
        let message = match message {
            FromProbe::Hello(hello) => Message::Hello(hello.into()),
            FromProbe::Interest(Interest { add, drop }) => {
                let bytes = |addresses: Vec<IpAddr>| addresses.into_iter().map(address::to_bytes).collect();
                Message::Interest(proto::Interest { add: bytes(add), drop: bytes(drop) })
            }
            FromProbe::Ack { version } => Message::Ack(proto::Ack { version }),
            FromProbe::Nack { version, error } => Message::Nack(proto::Nack { version, error }),
            FromProbe::Authenticate(Token(token)) => Message::Authenticate(proto::Authenticate { token }),
            FromProbe::Notice(text) => Message::Notice(proto::Notice { text }),
            FromProbe::ObservedAddresses(observations) => {
                let write = |ObservedAddress { uid, address, since, gone }: ObservedAddress| proto::ObservedAddress {
                    pod_uid: uid,
                    address: address::to_bytes(address),
                    since,
                    gone_pod_uids: gone,
                };
                Message::ObservedAddresses(proto::ObservedAddresses {
                    addresses: observations.into_iter().map(write).collect(),
                })
            }
        };
        Self { message: Some(message) }
    }
}

impl From<Hello> for proto::Hello {
    fn from(hello: Hello) -> Self {
        let Hello { node, probe_version, pods, addresses } = hello;
        let known = |(address, version)| proto::KnownAddress { address: address::to_bytes(address), version };
        Self {
            node,
            probe_version,
            pods: pods.into_iter().map(|(uid, version)| proto::KnownPod { uid, version }).collect(),
            addresses: addresses.into_iter().map(known).collect(),
        }
    }
}

fn addresses(field: &'static str, list: &[Vec<u8>]) -> Result<Vec<IpAddr>, InvalidAddress> {
    list.iter().map(|bytes| address::from_bytes(field, bytes)).collect()
}
