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

pub mod binaries;
pub mod cgroup;
pub mod churn;
pub mod cluster;
pub mod command;
pub mod edge;
pub mod floor;
pub mod http;
pub mod janitor;
pub mod kept;
pub mod machine;
pub mod manifests;
pub mod memory_cgroup;
pub mod netns;
pub mod node;
pub mod odd_sockets;
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
