//! Pods that are created, make connections and are deleted, and the truth about each of them.

mod turn;
mod verdict;

use super::layout::{Layout, NODES};
use super::namespace::Namespace;
use super::pace::Pace;
use super::running::Running;
use super::talk::{self, Network, PORT};
use super::{Kubernetes, PATIENCE};
use anyhow::{Context, Result};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::api::Api;
use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

pub use turn::{CONNECTIONS, Turn};
pub use verdict::{Verdict, all_but_one_named, none_twice, successors};

/// Two pods a second, if the machine can: a pod takes some five seconds. On a slow one the limit keeps pods from being so
/// many that API server and kubelets no longer do anything else.
const PACE: Pace = Pace { interval: Duration::from_millis(500), most: 12, behind: MissedTickBehavior::Delay };

/// The address of the next pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// The network plugin's default: it goes through its range.
    InTurn,
    /// Mostly the address that was freed last.
    UsedAgain,
}

/// A server and a client on each node, which stay.
#[derive(Debug)]
pub struct Turnover {
    pods: Api<Pod>,
    jobs: Api<Job>,
    image: String,
    layout: Layout,
    /// By node, as in `NODES`.
    servers: [IpAddr; 2],
    visitors: [Running; 2],
    ended: AtomicUsize,
}

impl Turnover {
    pub fn prepare(kubernetes: &Kubernetes, namespace: &Namespace<'_>) -> Result<Arc<Self>> {
        let image = kubernetes.load_program("longwire-traffic")?;
        for node in NODES {
            namespace.apply(&talk::server(&server_of(node), node, Network::Own, PORT, &image))?;
        }
        let server = |node: &str| Ok::<_, anyhow::Error>(talk::await_listening(namespace, &server_of(node), 1)?[0]);
        let visitor = |node: &str| Running::start(namespace, &visitor_of(node), node);
        let [first, second] = NODES;
        let servers = [server(first)?, server(second)?];
        let visitors = [visitor(first)?, visitor(second)?];
        let (pods, jobs, layout) = (namespace.api(), namespace.api(), kubernetes.layout().clone());
        Ok(Arc::new(Self { pods, jobs, image, layout, servers, visitors, ended: AtomicUsize::new(0) }))
    }

    /// Continues until `stop`, then waits for the remaining pods. Waits while the API server is unreachable.
    pub fn run(
        self: &Arc<Self>,
        kubernetes: &Kubernetes,
        addresses: Addresses,
        stop: &AtomicBool,
    ) -> Result<Vec<Turn>> {
        kubernetes.block_on(PACE.keep(stop, |number| {
            if addresses == Addresses::UsedAgain {
                self.forget_addresses()?;
            }
            Ok(Arc::clone(self).turn(number))
        }))
    }

    /// How many pods have come and gone.
    pub fn ended(&self) -> usize {
        self.ended.load(Ordering::Relaxed)
    }

    /// The network plugin goes through its range unless its last position is removed. Then it takes the lowest free
    /// address, mostly the one that was freed last.
    fn forget_addresses(&self) -> Result<()> {
        for node in NODES {
            let note = self.layout.node(node).join("var/lib/cni/networks/e2e/last_reserved_ip.0");
            if note.exists() {
                fs::remove_file(&note).with_context(|| format!("remove {}", note.display()))?;
            }
        }
        Ok(())
    }
}

fn server_of(node: &str) -> String {
    format!("server-{node}")
}

fn visitor_of(node: &str) -> String {
    format!("visitor-{node}")
}

/// Timeout of one pod, including outages of a minute.
const LONGEST: Duration = PATIENCE.saturating_mul(4);
