//! Objects of the manifests, from the same files that the operator reads.

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Backends of one port of a Service.
pub(super) type Backends = Vec<(Ipv4Addr, u16)>;

#[derive(Debug)]
pub(super) struct Bookinfo {
    pub(super) node: NodeObject,
    pub(super) pods: Vec<PodObject>,
    pub(super) services: Vec<ServiceObject>,
}

#[derive(Debug)]
pub(super) struct NodeObject {
    pub(super) name: String,
    pub(super) address: Ipv4Addr,
    /// The first address of the node's pod range: the bridge's.
    pub(super) gateway: Ipv4Addr,
}

#[derive(Debug)]
pub(super) struct PodObject {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) app: String,
    /// The Deployment's name.
    pub(super) workload: String,
    pub(super) ipv4: Ipv4Addr,
    pub(super) ipv6: Ipv6Addr,
    /// Named container ports.
    ports: Vec<Value>,
}

#[derive(Debug)]
pub(super) struct ServiceObject {
    pub(super) name: String,
    pub(super) address: Ipv4Addr,
    selector: String,
    ports: Vec<Value>,
}

impl Bookinfo {
    pub(super) fn read(directory: &Path) -> Result<Self> {
        let objects = objects(directory)?;
        let of_kind = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
        let node = of_kind("Node").next().context("no Node among the manifests")?;
        Ok(Self {
            node: NodeObject::read(node).context("the Node")?,
            pods: of_kind("Pod").map(PodObject::read).collect::<Result<_>>()?,
            services: of_kind("Service").map(ServiceObject::read).collect::<Result<_>>()?,
        })
    }

    pub(super) fn service(&self, name: &str) -> Result<&ServiceObject> {
        self.services.iter().find(|service| service.name == name).with_context(|| format!("no Service {name}"))
    }

    /// The ports of a Service with their backends.
    pub(super) fn backends(&self, service: &ServiceObject) -> Result<Vec<(u16, Backends)>> {
        let pods: Vec<&PodObject> = self.pods.iter().filter(|pod| pod.app == service.selector).collect();
        ensure!(!pods.is_empty(), "no pod has the label app={}", service.selector);
        let backends =
            |target: &Value| pods.iter().map(|pod| Ok((pod.ipv4, pod.port(target)?))).collect::<Result<Backends>>();
        service.ports.iter().map(|port| Ok((at(port, "/port")?, backends(&port["targetPort"])?))).collect()
    }
}

impl NodeObject {
    fn read(object: &Value) -> Result<Self> {
        let addresses: Vec<Value> = at(object, "/status/addresses")?;
        let internal = addresses.iter().find(|address| address["type"] == "InternalIP").context("no InternalIP")?;
        let range: String = at(object, "/spec/podCIDR")?;
        let network: Ipv4Addr = range.split('/').next().unwrap_or_default().parse().context("spec.podCIDR")?;
        Ok(Self {
            name: at(object, "/metadata/name")?,
            address: at(internal, "/address")?,
            gateway: Ipv4Addr::from_bits(network.to_bits() + 1),
        })
    }
}

impl PodObject {
    fn read(object: &Value) -> Result<Self> {
        let hash: String = at(object, "/metadata/labels/pod-template-hash")?;
        let owner: String = at(object, "/metadata/ownerReferences/0/name")?;
        Ok(Self {
            name: at(object, "/metadata/name")?,
            uid: at(object, "/metadata/uid")?,
            app: at(object, "/metadata/labels/app")?,
            workload: owner.strip_suffix(&format!("-{hash}")).context("not a Deployment's ReplicaSet")?.to_owned(),
            ipv4: at(object, "/status/podIPs/0/ip")?,
            ipv6: at(object, "/status/podIPs/1/ip")?,
            ports: at(object, "/spec/containers/0/ports")?,
        })
    }

    fn port(&self, target: &Value) -> Result<u16> {
        let Some(name) = target.as_str() else { return at(target, "") };
        let named = self.ports.iter().find(|port| port["name"] == name);
        at(named.with_context(|| format!("pod {} has no port {name}", self.name))?, "/containerPort")
    }
}

impl ServiceObject {
    fn read(object: &Value) -> Result<Self> {
        Ok(Self {
            name: at(object, "/metadata/name")?,
            address: at(object, "/spec/clusterIP")?,
            selector: at(object, "/spec/selector/app")?,
            ports: at(object, "/spec/ports")?,
        })
    }
}

fn objects(directory: &Path) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    let entries = fs::read_dir(directory).with_context(|| format!("read the manifests in {}", directory.display()))?;
    let mut paths: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        for document in fs::read_to_string(path)?.split("\n---\n") {
            objects.push(serde_saphyr::from_str(document).with_context(|| path.display().to_string())?);
        }
    }
    Ok(objects)
}

/// The value at a path of an object.
fn at<T: DeserializeOwned>(object: &Value, path: &str) -> Result<T> {
    let name = &object["metadata"]["name"];
    let value = object.pointer(path).with_context(|| format!("{name} has no {path}"))?;
    T::deserialize(value).with_context(|| format!("{path} of {name}"))
}

#[cfg(test)]
mod tests;
