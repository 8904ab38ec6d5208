use super::{InvalidObject, Kind, LeftOut, Name, Pod, is_tcp, namespaced, nanoseconds, port};
use k8s_openapi::api::core::v1 as k8s;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use longwire_model::canonical::Labels;
use longwire_model::identity::UnixNanos;
use longwire_model::limits::MAX_LABEL_BYTES;
use std::collections::BTreeSet;
use std::net::IpAddr;

#[cfg(test)]
mod tests;

/// TCP ports of one Service that are kept.
const MAX_PORTS: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub name: Name,
    /// 0: unknown, taken for older than all others.
    pub created: UnixNanos,
    /// ClusterIPs, which the API server gives to one Service alone. A headless Service has none.
    pub addresses: Vec<IpAddr>,
    /// What its load balancer's controller has written into the status.
    pub(crate) load_balancer: Vec<IpAddr>,
    /// `externalIPs`: any addresses at all.
    pub(crate) external: Vec<IpAddr>,
    /// Empty: its endpoints are written by hand or by another controller.
    pub selector: Labels,
    /// For TCP.
    pub ports: Vec<ServicePort>,
    /// How many more there are.
    pub(crate) ports_left_out: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Empty where there is only one.
    pub name: String,
    pub number: u16,
    pub(crate) target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Port(u16),
    /// The name of a port, which each pod resolves.
    Named(String),
}

impl Service {
    /// Of pods in its own namespace. An empty selector selects no pod: the endpoints are written by hand.
    #[must_use]
    pub fn selects(&self, pod: &Pod) -> bool {
        !self.selector.is_empty() && self.selector.iter().all(|(label, value)| pod.labels.get(label) == Some(value))
    }

    /// The TCP ports that it listens on, ascending.
    #[must_use]
    pub fn numbers(&self) -> Vec<u16> {
        let numbers: BTreeSet<u16> = self.ports.iter().map(|port| port.number).collect();
        numbers.into_iter().collect()
    }

    /// `None` for an `ExternalName`: that is an entry in DNS and no end of a connection.
    pub fn read(service: k8s::Service) -> Result<Option<Self>, InvalidObject> {
        let spec = service.spec.unwrap_or_default();
        if spec.type_.as_deref() == Some("ExternalName") {
            return Ok(None);
        }
        let name = namespaced(&service.metadata)?;
        let selector = spec.selector.clone().unwrap_or_default();
        let bytes = selector.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_LABEL_BYTES {
            return Err(InvalidObject::TooLong { field: "spec.selector", bytes });
        }
        let created = nanoseconds(service.metadata.creation_timestamp.as_ref());
        let load_balancer = service.status.and_then(|status| status.load_balancer);
        let mut left_out = LeftOut::default();
        let addresses = cluster_addresses(&spec, &mut left_out);
        let mut external =
            left_out.addresses("spec.externalIPs", spec.external_ips.iter().flatten().map(String::as_str));
        let mut load_balancer = ingress_addresses(load_balancer.as_ref(), &mut left_out);
        // Each once, by its strongest right.
        load_balancer.retain(|address| !addresses.contains(address));
        external.retain(|address| !addresses.contains(address) && !load_balancer.contains(address));
        let tcp = spec.ports.iter().flatten().filter(|port| is_tcp(port.protocol.as_deref()));
        let mut ports: Vec<_> = tcp.filter_map(|port| left_out.keep(service_port(port))).collect();
        let ports_left_out = ports.len().saturating_sub(MAX_PORTS);
        if ports_left_out > 0 {
            ports.truncate(MAX_PORTS);
            left_out.keep::<()>(Err(InvalidObject::TooManyPorts));
        }
        left_out.log(Kind::Service, &name);
        Ok(Some(Self { name, created, addresses, load_balancer, external, selector, ports, ports_left_out }))
    }
}

fn cluster_addresses(spec: &k8s::ServiceSpec, left_out: &mut LeftOut) -> Vec<IpAddr> {
    let several = spec.cluster_ips.as_deref().filter(|several| !several.is_empty());
    let cluster = several.unwrap_or(spec.cluster_ip.as_slice()).iter().map(String::as_str);
    left_out.addresses("spec.clusterIPs", cluster.filter(|ip| !ip.is_empty() && *ip != "None"))
}

fn ingress_addresses(load_balancer: Option<&k8s::LoadBalancerStatus>, left_out: &mut LeftOut) -> Vec<IpAddr> {
    let ingress = load_balancer.and_then(|status| status.ingress.as_deref()).unwrap_or_default();
    let ingress = ingress.iter().filter_map(|ingress| ingress.ip.as_deref()).filter(|ip| !ip.is_empty());
    left_out.addresses("status.loadBalancer.ingress.ip", ingress)
}

fn service_port(listed: &k8s::ServicePort) -> Result<ServicePort, InvalidObject> {
    let number = port("spec.ports.port", listed.port)?;
    Ok(ServicePort { name: listed.name.clone().unwrap_or_default(), number, target: target(listed, number)? })
}

/// Without a target port it is the Service's own; a name in digits is a number.
fn target(listed: &k8s::ServicePort, own: u16) -> Result<Target, InvalidObject> {
    const FIELD: &str = "spec.ports.targetPort";
    match listed.target_port.as_ref() {
        None | Some(IntOrString::Int(0)) => Ok(Target::Port(own)),
        Some(IntOrString::Int(number)) => port(FIELD, *number).map(Target::Port),
        Some(IntOrString::String(name)) if name.is_empty() => Ok(Target::Port(own)),
        Some(IntOrString::String(name)) => match name.parse() {
            Ok(number) => port(FIELD, number).map(Target::Port),
            Err(_) => Ok(Target::Named(name.clone())),
        },
    }
}
