//! The next steps that `make try` prints.

use super::furnish::{self, Furnished};
use crate::Kubernetes;
use crate::layout::Layout;
use anyhow::{Context, Result, ensure};
use longwire_testkit::checkout;
use std::path::Path;

/// Edges of bookinfo, bytes a second, each once.
pub const QUERY: &str = "sum by (source_workload, destination_workload) \
     (rate(istio_tcp_sent_bytes_total{reporter=\"source\", source_workload_namespace=\"bookinfo\"}[1m])) > 0";

/// One shell line that sets the environment for the cluster and its programs.
pub fn environment() -> Result<String> {
    let layout = Layout::new()?;
    ensure!(layout.kubeconfig("admin").exists(), "no cluster is up: `make try` brings one up");
    let kubernetes = Kubernetes::standing()?;
    let prometheus = furnish::prometheus(&kubernetes).context("no Prometheus: `make try` has not run to its end")?;
    Ok(format!(
        "export KUBECONFIG={} PATH={}:\"$PATH\" PROMETHEUS=http://{prometheus}",
        quoted(&layout.kubeconfig("admin")),
        quoted(&furnish::bin(&kubernetes)?)
    ))
}

pub fn steps(furnished: &Furnished) -> String {
    let checkout = checkout();
    let policy = checkout.join("docs/examples/policies/telemetrypolicy.yaml");
    let Furnished { prometheus, kiali, .. } = furnished;
    let kiali = match kiali {
        Some(address) => format!(
            "Kiali:       http://{address}/api/namespaces/graph?namespaces=bookinfo&graphType=workload&duration=60s&rateTcp=sent\n             (its API; the pages are not part of the Go module that it is built from)"
        ),
        None => "Kiali:       make try KIALI=1".to_owned(),
    };
    format!(
        "Longwire watches a bookinfo on two nodes. In any shell of this machine:

  eval \"$(make --silent -C {} try-env)\"

  kubectl get pods --all-namespaces --output wide
  kubectl get --raw /api/v1/nodes/n1:15020/proxy/metrics | grep '^istio_tcp_sent_bytes_total'
  kubectl apply -f {} && kubectl get longwire --all-namespaces

Who talks to whom, in bytes a second:

  promtool query instant http://{prometheus} '{QUERY}'

Prometheus:  http://{prometheus}
{kiali}
Take all of it down:  make try-down
",
        quoted(checkout),
        quoted(&policy),
    )
}

/// Quoted for a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|one| one.is_ascii_alphanumeric() || "/._-".contains(one));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests;
