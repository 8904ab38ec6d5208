//! Longwire in the cluster: its images, its objects, and what its probes say.

use super::Kubernetes;
use super::layout::address;
use crate::scrape::{Format, Scrape};
use crate::{http, probe};
use anyhow::{Result, ensure};

/// Where it is installed.
pub const NAMESPACE: &str = "longwire-system";
pub const OPERATOR: &str = include_str!("../../cluster/longwire/operator.yaml");
pub const PROBE: &str = include_str!("../../cluster/longwire/probe.yaml");

/// Builds and loads the image of the probe and installs its DaemonSet.
pub fn install_probes(kubernetes: &Kubernetes) -> Result<()> {
    kubernetes.apply(&PROBE.replace("${probe}", &kubernetes.load_program("longwire-probe")?))
}

/// The same with the operator's Deployment and its rights.
pub fn install_operator(kubernetes: &Kubernetes) -> Result<()> {
    kubernetes.apply(&OPERATOR.replace("${operator}", &kubernetes.load_program("longwire-operator")?))
}

/// One path of the probe on a node.
pub fn get(node: &str, path: &str) -> Result<http::Response> {
    http::get_from((address(node), probe::PORT).into(), path)
}

pub fn scrape(node: &str) -> Result<Scrape> {
    let response = get(node, "/metrics")?;
    ensure!(response.status == 200, "/metrics of {node} says {}", response.status);
    Scrape::parse(&String::from_utf8(response.body)?, Format::Text)
}
