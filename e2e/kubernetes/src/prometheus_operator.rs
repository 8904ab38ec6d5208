//! A real prometheus-operator: a process of this machine that runs a Prometheus in the cluster for PodMonitors and
//! PrometheusRules with the label `release: prometheus`.

use super::layout::{NODES, script, text};
use super::{Kubernetes, images, start_here};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Process, Prometheus, command, eventually, http};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const NAMESPACE: &str = "monitoring";
const PROMETHEUS: &str = include_str!("../../cluster/prometheus.yaml");

/// Removed when dropped, with its CRDs and all their objects.
#[derive(Debug)]
pub struct PrometheusOperator<'a> {
    kubernetes: &'a Kubernetes,
    kinds: String,
    process: Process,
}

impl<'a> PrometheusOperator<'a> {
    pub fn start(kubernetes: &'a Kubernetes) -> Result<Self> {
        let built = built()?;
        for image in ["prometheus.tar", "reloader.tar"] {
            kubernetes.load_image(&built.join(image))?;
        }
        let kinds = definitions(&built)?;
        kubernetes.apply(&kinds)?;
        // It checks once, at its start, which CRDs exist.
        kubernetes.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])?;
        let (program, kubeconfig) = (built.join("operator"), kubernetes.layout().kubeconfig("admin"));
        let line = [
            "env".to_owned(),
            format!("KUBECONFIG={}", kubeconfig.display()),
            text(&program)?.to_owned(),
            "--web.listen-address=127.0.0.1:0".to_owned(),
            "--prometheus-config-reloader=e2e.local/prometheus-config-reloader:1".to_owned(),
        ];
        let operator = Self { kubernetes, kinds, process: start_here("prometheus-operator", &line)? };
        kubernetes.apply(PROMETHEUS)?;
        Ok(operator)
    }

    /// Its Prometheus, once that is ready.
    pub fn prometheus(&self) -> Result<Prometheus> {
        let address = eventually(super::PATIENCE, || {
            let pod = ["--namespace", NAMESPACE, "pod", "prometheus-here-0"];
            let address = SocketAddr::new(self.kubernetes.address(&pod, "{.status.podIP}")?, 9090);
            ensure!(http::get_from(address, "/-/ready")?.status == 200, "it is not ready");
            Ok(address)
        });
        let said = || {
            let words = ["--namespace", NAMESPACE, "logs", "prometheus-here-0", "--all-containers", "--tail=20"];
            format!("{}\n{}", self.process.last_words(), self.kubernetes.kubectl(&words).unwrap_or_default())
        };
        Prometheus::at(address.with_context(said)?)
    }
}

impl Drop for PrometheusOperator<'_> {
    fn drop(&mut self) {
        // Remains are removed with the cluster.
        let _ = self.kubernetes.delete(PROMETHEUS);
        let _ = self.kubernetes.delete(&self.kinds);
    }
}

/// Imports a Prometheus with Kubernetes service discovery on both nodes, under the image name of a manifest.
pub fn load_prometheus(kubernetes: &Kubernetes, name: &str) -> Result<()> {
    kubernetes.load_image(&built()?.join("prometheus.tar"))?;
    NODES.iter().try_for_each(|node| images::tag(&kubernetes.node(node)?, "e2e.local/prometheus:1", name))
}

fn built() -> Result<PathBuf> {
    Ok(command::converse(text(&script("prometheus-operator"))?, &[])?.trim().into())
}

fn definitions(built: &Path) -> Result<String> {
    let mut all = String::new();
    for file in fs::read_dir(built.join("crds"))? {
        all += &fs::read_to_string(file?.path())?;
        all += "\n---\n";
    }
    Ok(all)
}
