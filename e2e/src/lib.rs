//! The harness of the tests and of the demo: real sockets in network namespaces on a real kernel.
//!
//! ```text
//! Node (namespace: router, iptables, conntrack) --veth--> Pod (namespace, cgroup) --> sockets --> Truth
//!   |  Manifests --> longwire-operator --> longwire-probe --/metrics--> Scrape              |
//!   +------------------------- Cluster: all of them ------------- Edge: Scrape == Truth ----+
//! ```
//!
//! Tests of Kubernetes use a real one: see `kubernetes`.
//!
//! Nothing outlives the process: only descriptors hold the namespaces, children die with the thread that started them,
//! and a janitor removes cgroups and files even after SIGKILL.

pub mod alerts;
pub mod asked;
pub mod bench;
pub mod binaries;
pub mod cgroup;
pub mod churn;
pub mod cluster;
pub mod command;
pub mod consumers;
pub mod demo;
pub mod edge;
pub mod floor;
pub mod grafana;
pub mod http;
pub mod janitor;
pub mod kept;
pub mod kiali;
pub mod kubernetes;
pub mod machine;
pub mod manifests;
pub mod memory_cgroup;
pub mod netns;
pub mod node;
pub mod odd_sockets;
pub mod pictures;
pub mod pod;
pub mod probe;
pub mod process;
pub mod prometheus;
pub mod promql;
pub mod readme;
pub mod scale;
pub mod scrape;
pub mod siege;
pub mod steady;
pub mod tcp_info;
pub mod traffic;
pub mod trial;
pub mod trouble;
pub mod wait;
pub mod wrong_specs;
