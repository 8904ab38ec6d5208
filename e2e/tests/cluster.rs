//! What needs a real Kubernetes. Needs root; brings one up for itself and takes it down.

#[path = "cluster/harness.rs"]
mod harness;
