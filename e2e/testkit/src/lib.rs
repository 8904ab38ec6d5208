//! What tests share: real sockets in network namespaces on a real kernel, and the programs under test.
//!
//! ```text
//! Node (namespace: router, iptables, conntrack) --veth--> Pod (namespace, cgroup) --> sockets --> Truth
//!   |  Manifests --> longwire-operator --> longwire-probe --/metrics--> Scrape              |
//!   +------------------------- Cluster: all of them ------------- Edge: Scrape == Truth ----+
//! ```
//!
//! Nothing outlives the process: only descriptors hold the namespaces, children die with the thread that started them,
//! and a janitor removes cgroups and files even after SIGKILL.

/// `anyhow::ensure!` as the last expression of a check.
#[macro_export]
macro_rules! confirm {
    ($condition:expr, $($message:tt)+) => {
        if $condition { Ok(()) } else { Err(::anyhow::anyhow!($($message)+)) }
    };
}

pub mod binaries;
pub mod cgroup;
pub mod cluster;
pub mod command;
pub mod crew;
pub mod edge;
pub mod floor;
pub mod http;
pub mod janitor;
pub mod kept;
pub mod ledger;
pub mod machine;
pub mod manifests;
pub mod memory_cgroup;
pub mod netns;
pub mod node;
pub mod odd_sockets;
pub mod pair;
pub mod pod;
pub mod probe;
pub mod process;
pub mod prometheus;
pub mod promtool;
pub mod readme;
pub mod scrape;
pub mod siege;
pub mod tcp_info;
pub mod traffic;
pub mod trouble;
pub mod wait;

pub use cluster::{Cluster, Scene};
pub use crew::{Crew, all_at_once, beside};
pub use edge::{Edge, REPORTERS, Truth};
pub use floor::Floor;
pub use kept::Kept;
pub use ledger::{Book, Counts, Ledger, now};
pub use machine::{Machine, PodSpec, start_operator};
pub use memory_cgroup::MemoryCgroup;
pub use netns::Netns;
pub use node::{Node, Slot, iptables};
pub use pair::{Pair, churn_beside};
pub use pod::{Pod, SERVICE_PORT};
pub use probe::{Probe, SAMPLE_INTERVAL, bpftool};
pub use process::Process;
pub use prometheus::{Job, Prometheus, Row};
pub use readme::checkout;
pub use scrape::{Format, Labels, Sample, Scrape};
pub use siege::Siege;
pub use tcp_info::TcpInfo;
pub use traffic::{await_acknowledged, close, drain, exchange, pass, pass_both, receive, reset, send};
pub use wait::{eventually, monotonic, stretched, throughout};
