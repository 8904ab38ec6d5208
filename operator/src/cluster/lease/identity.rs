//! The identity of a Lease's holder, as one string.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// A replica. Written `pod_uid_address:port`: names and UIDs in Kubernetes have no underscore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub pod: String,
    /// Another process of the same pod is the same replica, one of a pod with the same name is not.
    pub uid: String,
    /// Where probes reach it.
    pub address: SocketAddr,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a replica's identity, as in pod_uid_192.0.2.1:15010")]
pub(crate) struct InvalidIdentity(String);

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pod, uid, address } = self;
        write!(f, "{pod}_{uid}_{address}")
    }
}

impl FromStr for Identity {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('_');
        let identity = match (parts.next(), parts.next(), parts.next().map(str::parse), parts.next()) {
            (Some(pod), Some(uid), Some(Ok(address)), None) => {
                Some(Self { pod: pod.to_owned(), uid: uid.to_owned(), address })
            }
            _ => None,
        };
        identity.ok_or_else(|| InvalidIdentity(text.to_owned()))
    }
}
