//! Tests of a real Kubernetes. Needs root; brings a cluster up and removes it.

#[path = "cluster/addresses.rs"]
mod addresses;
#[path = "cluster/admission.rs"]
mod admission;
#[path = "cluster/audit.rs"]
mod audit;
#[path = "cluster/bad_input.rs"]
mod bad_input;
#[path = "cluster/bad_input_calm.rs"]
mod bad_input_calm;
#[path = "cluster/churn.rs"]
mod churn;
#[path = "cluster/dashboards.rs"]
mod dashboards;
#[path = "cluster/examples.rs"]
mod examples;
#[path = "cluster/fake_nodes.rs"]
mod fake_nodes;
#[path = "cluster/full_budget.rs"]
mod full_budget;
#[path = "cluster/harness.rs"]
mod harness;
#[path = "cluster/helm.rs"]
mod helm;
#[path = "cluster/impostor.rs"]
mod impostor;
#[path = "cluster/installed.rs"]
mod installed;
#[path = "cluster/kiali.rs"]
mod kiali;
#[path = "cluster/kinds.rs"]
mod kinds;
#[path = "cluster/noticed.rs"]
mod noticed;
#[path = "cluster/outage.rs"]
mod outage;
#[path = "cluster/policies.rs"]
mod policies;
#[path = "cluster/programmed.rs"]
mod programmed;
#[path = "cluster/quiet.rs"]
mod quiet;
#[path = "cluster/readers.rs"]
mod readers;
#[path = "cluster/readme.rs"]
mod readme;
#[path = "cluster/shop.rs"]
mod shop;
#[path = "cluster/takeover.rs"]
mod takeover;
#[path = "cluster/tokens.rs"]
mod tokens;
#[path = "cluster/unusual_versions.rs"]
mod unusual_versions;
