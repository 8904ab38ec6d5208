//! The part of the command line that identifies this replica.

use crate::cluster::lease::Identity;
use clap::Args;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

/// The kernel's file with the machine's name; in a pod, the pod's.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

#[derive(Clone, Debug, Args)]
pub struct Replica {
    /// Name of this operator's pod [default: the host's name]
    #[arg(long, env = "LONGWIRE_POD_NAME", value_name = "NAME")]
    pub(crate) pod_name: Option<String>,

    /// UID of this operator's pod [default: a unique one]
    #[arg(long, env = "LONGWIRE_POD_UID", value_name = "UID")]
    pub(crate) pod_uid: Option<String>,

    /// Address at which probes reach this operator's pod, to which a standby redirects them [default: that of --listen]
    #[arg(long, env = "LONGWIRE_POD_IP", value_name = "ADDRESS")]
    pub(crate) pod_ip: Option<IpAddr>,
}

impl Replica {
    /// As others know it from the Lease. `listen` is the address that it was given.
    pub(crate) fn identity(&self, listen: SocketAddr) -> Identity {
        let Self { pod_name, pod_uid, pod_ip } = self;
        let address = SocketAddr::new(pod_ip.unwrap_or(listen.ip()), listen.port());
        Identity {
            // An underscore parts an identity; a pod's name has none.
            pod: pod_name.clone().unwrap_or_else(hostname).replace('_', "-"),
            uid: pod_uid.clone().unwrap_or_else(own_uid),
            address,
        }
    }
}

fn hostname() -> String {
    fs::read_to_string(HOSTNAME).map_or_else(|_| "longwire-operator".to_owned(), |name| name.trim().to_owned())
}

/// A process number alone may be another's after a restart.
fn own_uid() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", process::id(), now.as_millis())
}
