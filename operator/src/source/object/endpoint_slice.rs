use super::{InvalidObject, Kind, LeftOut, Name, Pod, is_tcp, namespaced, nanoseconds, port};
use k8s_openapi::api::discovery::v1 as k8s;
use longwire_model::identity::UnixNanos;
use std::net::IpAddr;

const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// What a slice takes with its place in the index, beside its names.
const SLICE: usize = 1_024;
/// The same of an endpoint, and of one of its addresses: most of it is the way from a pod or address back to the slice.
const ENDPOINT: usize = 768;
const PORT: usize = 64;
/// Service ports that one port of a slice may give a pod.
const OFFER: usize = 48;

/// Backends of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSlice {
    pub name: Name,
    pub uid: String,
    /// 0: unknown, taken for older than all others.
    pub created: UnixNanos,
    /// In the slice's own namespace.
    pub service: Name,
    /// TCP ports of every endpoint, target ports.
    pub ports: Vec<SlicePort>,
    /// In order, so that a pod is found among thousands.
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlicePort {
    /// That of the Service's port which leads here.
    pub name: String,
    pub number: u16,
}

/// Ready or not, because a connection that exists was accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    Pod(PodRef),
    /// Written by hand: the owners of these addresses. A pod of another namespace counts as one of these, because the slice's
    /// author may name any pod there.
    Addresses(Vec<IpAddr>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
        let created = nanoseconds(slice.metadata.creation_timestamp.as_ref());
        let uid = slice.metadata.uid.clone().unwrap_or_default();
        let service = Name::new(&name.namespace, service);
        let tcp = slice.ports.unwrap_or_default().into_iter().filter(|port| is_tcp(port.protocol.as_deref()));
        let numbered = tcp.filter_map(|tcp| Some((tcp.port?, tcp.name.unwrap_or_default())));
        let mut left_out = LeftOut::default();
        let mut slice_port =
            |(number, name)| Some(SlicePort { name, number: left_out.keep(port("ports.port", number))? });
        let ports = numbered.filter_map(&mut slice_port).collect();
        let listed = slice.endpoints.into_iter();
        let mut endpoints: Vec<_> =
            listed.map(|endpoint| read_endpoint(endpoint, &name.namespace, &mut left_out)).collect();
        left_out.log(Kind::EndpointSlice, &name);
        endpoints.sort_unstable();
        Ok(Some(Self { uid, created, service, ports, endpoints, name }))
    }

    /// Bytes of memory that it takes, with links to it and answers that contain it. Estimated, the same in every process.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Self { name, uid, created: _, service, ports, endpoints } = self;
        let length = |name: &Name| name.namespace.len() + name.name.len();
        let endpoint = |endpoint: &Endpoint| match endpoint {
            Endpoint::Pod(PodRef { name, uid }) => ENDPOINT + 2 * length(name) + uid.as_ref().map_or(0, String::len),
            Endpoint::Addresses(addresses) => ENDPOINT * addresses.len().max(1),
        };
        let own = SLICE + 4 * length(name) + 2 * length(service) + uid.len();
        let listed = endpoints.iter().map(endpoint).sum::<usize>();
        let offered = ports.iter().map(|port| PORT + port.name.len() + OFFER * endpoints.len()).sum::<usize>();
        own + listed + offered
    }

    /// Present, so that the selector of its Service does not count, but with no endpoints.
    #[must_use]
    pub(crate) fn without_room(&self) -> Self {
        let Self { name, uid, created, service, .. } = self.clone();
        Self { name, uid, created, service, ports: Vec::new(), endpoints: Vec::new() }
    }

    /// Some of its endpoints are addresses and no pods.
    #[must_use]
    pub(crate) fn names_addresses(&self) -> bool {
        self.addresses().next().is_some()
    }

    /// Those of its endpoints that are no pods.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let listed = self.endpoints.iter().filter_map(|endpoint| match endpoint {
            Endpoint::Addresses(addresses) => Some(addresses),
            Endpoint::Pod(_) => None,
        });
        listed.flatten().copied()
    }

    /// Whether it names this pod: a pod that was created again under the name is another one.
    #[must_use]
    pub fn names(&self, pod: &Pod) -> bool {
        let first = self.endpoints.partition_point(|endpoint| match endpoint {
            Endpoint::Pod(PodRef { name, .. }) => *name < pod.name,
            Endpoint::Addresses(_) => false,
        });
        let mut of_name = self.endpoints[first..].iter().map_while(|endpoint| match endpoint {
            Endpoint::Pod(named) if named.name == pod.name => Some(named),
            _ => None,
        });
        let is_it = |named: &PodRef| named.uid.as_ref().is_none_or(|uid| *uid == pod.uid || !pod.has_uid());
        of_name.any(is_it)
    }
}

fn read_endpoint(endpoint: k8s::Endpoint, namespace: &str, left_out: &mut LeftOut) -> Endpoint {
    let target = endpoint.target_ref.filter(|target| target.kind.as_deref() == Some("Pod"));
    let target = target.filter(|target| target.namespace.as_deref().is_none_or(|named| named == namespace));
    if let Some((name, target)) = target.and_then(|target| Some((target.name.clone()?, target))) {
        return Endpoint::Pod(PodRef { name: Name::new(namespace, &name), uid: target.uid });
    }
    let texts = endpoint.addresses.iter().map(String::as_str);
    Endpoint::Addresses(left_out.addresses("endpoints.addresses", texts))
}
