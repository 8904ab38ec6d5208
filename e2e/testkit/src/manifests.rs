//! The operator's directory of manifests, with objects as the API server returns them.

use crate::janitor;
use crate::pod::{PORT, Pod, SERVICE_PORT};
use anyhow::Result;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use tempfile::TempDir;

/// Names and values of labels or annotations.
pub type Pairs = Vec<(String, String)>;

#[derive(Debug)]
pub struct Manifests {
    directory: TempDir,
}

impl Manifests {
    pub fn new() -> Result<Self> {
        Ok(Self { directory: janitor::temporary_directory("manifests")? })
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes or replaces one file atomically, because the operator watches it.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        let unfinished = self.path().join(format!(".{file}.new"));
        fs::write(&unfinished, text)?;
        Ok(fs::rename(unfinished, self.path().join(file))?)
    }
}

pub fn namespace_and_node(address: Ipv4Addr) -> String {
    let [ten, slot, ..] = address.octets();
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: shop}}
---
apiVersion: v1
kind: Node
metadata: {{name: node}}
spec: {{podCIDRs: [{ten}.{slot}.0.0/17]}}
status: {{addresses: [{{type: InternalIP, address: {address}}}, {{type: Hostname, address: node}}]}}
"
    )
}

/// A replica of a Deployment with the workload's name, and its Service.
pub fn pod_and_service(pod: &Pod, node: &str, labels: &Pairs, annotations: &Pairs) -> String {
    let Pod { name, workload, uid, ipv4, ipv6, service_ip, link, .. } = pod;
    let (host_network, labels, annotations) = (link.is_none(), pairs(labels), pairs(annotations));
    format!(
        r#"apiVersion: v1
kind: Pod
metadata:
  name: {name}
  generateName: {workload}-{HASH}-
  namespace: shop
  uid: {uid}
  labels: {{app: {workload}, version: v1, pod-template-hash: {HASH}, {labels}}}
  annotations: {{{annotations}}}
  ownerReferences:
  - {{apiVersion: apps/v1, kind: ReplicaSet, name: {workload}-{HASH}, uid: 5f0c1f2e-0000-4000-8000-000000000001, controller: true}}
spec:
  nodeName: {node}
  hostNetwork: {host_network}
  containers:
  - {{name: main, image: "example.org/{workload}:1", ports: [{{name: tcp, containerPort: {PORT}, protocol: TCP}}]}}
status: {{phase: Running, podIP: {ipv4}, podIPs: [{{ip: {ipv4}}}, {{ip: "{ipv6}"}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {workload}, namespace: shop}}
spec:
  clusterIP: {service_ip}
  clusterIPs: [{service_ip}]
  selector: {{app: {workload}}}
  ports: [{{name: tcp, port: {SERVICE_PORT}, targetPort: {PORT}, protocol: TCP}}]
"#
    )
}

/// A Service `namespace/name` with this creation timestamp. `spec`: the inside of a YAML flow mapping.
pub fn service(name: &str, created: &str, spec: &str, balanced: &[Ipv4Addr]) -> String {
    let (namespace, name) = name.split_once('/').expect("namespace/name");
    let ingress: Vec<_> = balanced.iter().map(|address| format!("{{ip: {address}}}")).collect();
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}, creationTimestamp: \"{created}\"}}\n\
         spec: {{{spec}}}\nstatus: {{loadBalancer: {{ingress: [{}]}}}}\n---\n",
        ingress.join(", ")
    )
}

/// An EndpointSlice with addresses only.
pub fn slice(service: &str, family: &str, addresses: &str, port: u16) -> String {
    let (namespace, name) = service.split_once('/').expect("namespace/name");
    format!(
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: {family}\n\
         metadata: {{name: {name}-{}, namespace: {namespace}, labels: {{kubernetes.io/service-name: {name}}}}}\n\
         endpoints: [{{addresses: [\"{addresses}\"]}}]\nports: [{{port: {port}}}]\n---\n",
        family.to_lowercase()
    )
}

/// A specification of one of Longwire's kinds, in YAML, for the pods of a namespace.
pub fn telemetry(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: telemetry.longwire.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         spec: {spec}\n---\n"
    )
}

/// The pod template's hash in the names of test pods.
pub const HASH: &str = "7d4b9c6f5d";

/// The inside of a YAML flow mapping. JSON strings are valid YAML.
fn pairs(pairs: &Pairs) -> String {
    pairs.iter().map(|(key, value)| format!("{key}: {}, ", serde_json::Value::from(value.as_str()))).collect()
}
