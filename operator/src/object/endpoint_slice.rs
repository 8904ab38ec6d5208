use super::{InvalidObject, Name, addresses, is_tcp, namespaced, port};
use k8s_openapi::api::discovery::v1 as k8s;
use std::net::IpAddr;

const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Backends of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSlice {
    pub name: Name,
    /// In the slice's own namespace.
    pub service: Name,
    /// TCP ports of every endpoint, target ports.
    pub ports: Vec<SlicePort>,
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlicePort {
    /// That of the Service's port which leads here.
    pub name: String,
    pub number: u16,
}

/// Ready or not: who is connected was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Pod(PodRef),
    /// Written by hand: whoever has these addresses.
    Addresses(Vec<IpAddr>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRef {
    pub name: Name,
    pub uid: Option<String>,
}

impl EndpointSlice {
    /// `None` for one that no Service names, or that has names instead of addresses.
    pub fn read(slice: k8s::EndpointSlice) -> Result<Option<Self>, InvalidObject> {
        let service = slice.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_NAME));
        let Some(service) = service.filter(|_| slice.address_type != "FQDN") else { return Ok(None) };
        let name = namespaced(&slice.metadata)?;
        let service = Name::new(&name.namespace, service);
        let tcp = slice.ports.unwrap_or_default().into_iter().filter(|port| is_tcp(port.protocol.as_deref()));
        let numbered = tcp.filter_map(|tcp| Some((tcp.port?, tcp.name.unwrap_or_default())));
        let ports = numbered.map(|(number, name)| Ok(SlicePort { name, number: port("ports.port", number)? }));
        let ports = ports.collect::<Result<_, _>>()?;
        let endpoints = slice.endpoints.into_iter().map(|endpoint| read_endpoint(endpoint, &name.namespace));
        Ok(Some(Self { service, ports, endpoints: endpoints.collect::<Result<_, _>>()?, name }))
    }
}

fn read_endpoint(endpoint: k8s::Endpoint, namespace: &str) -> Result<Endpoint, InvalidObject> {
    let target = endpoint.target_ref.filter(|target| target.kind.as_deref() == Some("Pod"));
    if let Some((name, target)) = target.and_then(|target| Some((target.name.clone()?, target))) {
        let namespace = target.namespace.as_deref().unwrap_or(namespace);
        return Ok(Endpoint::Pod(PodRef { name: Name::new(namespace, &name), uid: target.uid }));
    }
    let texts = endpoint.addresses.iter().map(String::as_str);
    Ok(Endpoint::Addresses(addresses("endpoints.addresses", texts)?))
}
