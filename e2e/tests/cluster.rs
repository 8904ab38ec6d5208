//! What needs a real Kubernetes. Needs root; brings one up for itself and takes it down.

#[path = "cluster/audit.rs"]
mod audit;
#[path = "cluster/fake_nodes.rs"]
mod fake_nodes;
#[path = "cluster/harness.rs"]
mod harness;
#[path = "cluster/helm.rs"]
mod helm;
#[path = "cluster/installed.rs"]
mod installed;
#[path = "cluster/kinds.rs"]
mod kinds;
#[path = "cluster/policies.rs"]
mod policies;
#[path = "cluster/programmed.rs"]
mod programmed;
#[path = "cluster/shop.rs"]
mod shop;
#[path = "cluster/takeover.rs"]
mod takeover;
#[path = "cluster/tokens.rs"]
mod tokens;
