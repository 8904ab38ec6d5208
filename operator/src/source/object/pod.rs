use super::series::Bearer;
use super::{
    AnnotationSettings, InvalidObject, Kind, LeftOut, Metadata, Name, SeriesAnnotation, is_tcp, namespaced,
    nanoseconds, port,
};
use k8s_openapi::api::core::v1 as k8s;
use longwire_model::canonical::Labels;
use longwire_model::identity::UnixNanos;
use longwire_model::limits::MAX_LABEL_BYTES;
use longwire_model::owner::{Controller, Naming};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Named ports of one pod that are kept.
const MAX_PORTS: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    pub name: Name,
    /// A pod without a UID is identified by its name.
    pub uid: String,
    /// Of a mirror pod: the UID by which its node knows the static pod.
    pub(crate) mirrors: Option<String>,
    /// The first labels by name, up to [`MAX_LABEL_BYTES`].
    pub labels: Labels,
    /// How many more there are.
    pub(crate) labels_left_out: usize,
    /// Name of the Deployment, CronJob, ... that it is a replica of.
    pub workload: String,
    pub node: Option<String>,
    /// Name of its ServiceAccount, in its own namespace.
    pub(crate) service_account: String,
    pub(crate) host_network: bool,
    /// All of `status.podIPs`.
    pub addresses: Vec<IpAddr>,
    /// 0: unknown.
    pub started: UnixNanos,
    /// No container runs any more, and another pod may have its addresses.
    pub ended: bool,
    /// When the last of its containers stopped, to the second; 0: unknown.
    pub(crate) finished: UnixNanos,
    /// Its condition `Ready` is true.
    pub ready: bool,
    /// Named TCP ports of its containers.
    pub ports: BTreeMap<String, u16>,
    pub series: SeriesAnnotation,
    /// Of its other annotations.
    pub annotation_settings: Option<Box<AnnotationSettings>>,
    /// Another mesh's data plane reports its connections.
    pub meshed: bool,
}

impl Pod {
    /// The UID in the names of its cgroups, by which probes know it.
    #[must_use]
    pub(crate) fn node_uid(&self) -> &str {
        self.mirrors.as_deref().unwrap_or(&self.uid)
    }

    /// Whether Kubernetes has given it an address.
    #[must_use]
    pub(crate) fn has_uid(&self) -> bool {
        self.uid != self.name.to_string()
    }

    /// The addresses at which it is reached. A hostNetwork pod shares those of its node.
    #[must_use]
    pub(crate) fn living_addresses(&self) -> &[IpAddr] {
        if self.ended { &[] } else { &self.addresses }
    }
}

impl TryFrom<k8s::Pod> for Pod {
    type Error = InvalidObject;

    fn try_from(pod: k8s::Pod) -> Result<Self, Self::Error> {
        let k8s::Pod { mut metadata, spec, status } = pod;
        let (spec, status) = (spec.unwrap_or_default(), status.unwrap_or_default());
        let name = namespaced(&metadata)?;
        let workload = workload(&metadata, &name);
        let (labels, labels_left_out) = bounded(metadata.labels.take().unwrap_or_default());
        let mut left_out = LeftOut::default();
        let (addresses, ports) = (pod_addresses(&status, &mut left_out), named_ports(&spec, &mut left_out));
        left_out.log(Kind::Pod, &name);
        Ok(Self {
            mirrors: static_pod(&metadata, spec.node_name.as_deref()),
            uid: metadata.uid.clone().filter(|uid| !uid.is_empty()).unwrap_or_else(|| name.to_string()),
            workload,
            addresses,
            started: nanoseconds(status.start_time.as_ref()),
            ended: has_ended(&metadata, &status),
            finished: finished(&status),
            ready: is_ready(&status),
            ports,
            series: SeriesAnnotation::of(metadata.annotations.as_ref(), Bearer::Pod),
            annotation_settings: AnnotationSettings::of(metadata.annotations.as_ref()),
            meshed: is_meshed(metadata.annotations.as_ref()) || is_proxy(&labels),
            node: spec.node_name.filter(|node| !node.is_empty()),
            service_account: service_account(spec.service_account_name),
            host_network: spec.host_network.unwrap_or(false),
            labels,
            labels_left_out,
            name,
        })
    }
}

/// A kubelet writes this annotation into the mirror pod that it creates in the API server for a static pod. Any creator of
/// pods can write it too, so the value must have the shape of a kubelet's hash, which no UID has, and the node must be the
/// owner.
fn static_pod(metadata: &Metadata, node: Option<&str>) -> Option<String> {
    let hash = metadata.annotations.as_ref()?.get("kubernetes.io/config.mirror")?;
    let is_hash = hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let mut owners = metadata.owner_references.iter().flatten();
    let is_nodes =
        owners.any(|owner| owner.controller == Some(true) && owner.kind == "Node" && Some(&*owner.name) == node);
    (is_hash && is_nodes).then(|| hash.clone())
}

/// The labels that are kept, and how many are not.
fn bounded(mut labels: Labels) -> (Labels, usize) {
    let all = labels.len();
    let mut bytes = 0;
    labels.retain(|name, value| {
        bytes += name.len() + value.len();
        bytes <= MAX_LABEL_BYTES
    });
    let left_out = all - labels.len();
    (labels, left_out)
}

/// The ServiceAccount of a pod that names none.
fn service_account(named: Option<String>) -> String {
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}

fn workload(metadata: &Metadata, name: &Name) -> String {
    let no_labels = Labels::new();
    let owners = metadata.owner_references.iter().flatten();
    let controller = owners.into_iter().find(|owner| owner.controller == Some(true));
    let controller = controller.map(|owner| Controller { kind: owner.kind.clone(), name: owner.name.clone() });
    let naming = Naming {
        pod: &name.name,
        generate_name: metadata.generate_name.as_deref().unwrap_or(""),
        labels: metadata.labels.as_ref().unwrap_or(&no_labels),
        controller: controller.as_ref(),
    };
    naming.workload().to_owned()
}

fn pod_addresses(status: &k8s::PodStatus, left_out: &mut LeftOut) -> Vec<IpAddr> {
    let several = status.pod_ips.iter().flatten().map(|ip| ip.ip.as_str());
    let found = left_out.addresses("status.podIPs.ip", several.filter(|ip| !ip.is_empty()));
    if !found.is_empty() {
        return found;
    }
    left_out.addresses("status.podIP", status.pod_ip.as_deref().filter(|ip| !ip.is_empty()))
}

/// It has completed, or it is being deleted and its last container has stopped.
fn has_ended(metadata: &Metadata, status: &k8s::PodStatus) -> bool {
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    let stopped =
        |container: &k8s::ContainerStatus| container.state.as_ref().is_some_and(|state| state.terminated.is_some());
    let all_stopped = !containers.is_empty() && containers.iter().all(stopped);
    matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"))
        || metadata.deletion_timestamp.is_some() && all_stopped
}

fn finished(status: &k8s::PodStatus) -> UnixNanos {
    let containers = status.container_statuses.iter().flatten();
    let ends = containers.filter_map(|container| container.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref());
    ends.map(|end| nanoseconds(Some(end))).max().unwrap_or(0)
}

fn is_ready(status: &k8s::PodStatus) -> bool {
    status.conditions.iter().flatten().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Ports of containers that run as long as the pod; of two ports with one name the first.
fn named_ports(spec: &k8s::PodSpec, left_out: &mut LeftOut) -> BTreeMap<String, u16> {
    let sidecars = spec.init_containers.iter().flatten();
    let sidecars = sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let mut named = BTreeMap::new();
    for listed in spec.containers.iter().chain(sidecars).flat_map(|container| container.ports.iter().flatten()) {
        let Some(name) = listed.name.as_deref().filter(|name| !name.is_empty()) else { continue };
        if is_tcp(listed.protocol.as_deref()) && !named.contains_key(name) && named.len() < MAX_PORTS {
            let number = left_out.keep(port("spec.containers.ports.containerPort", listed.container_port));
            named.extend(number.map(|number| (name.to_owned(), number)));
        }
    }
    named
}

fn is_meshed(annotations: Option<&BTreeMap<String, String>>) -> bool {
    let Some(annotations) = annotations else { return false };
    annotations.contains_key("sidecar.istio.io/status")
        || annotations.get("ambient.istio.io/redirection").is_some_and(|value| value == "enabled")
}

/// The proxy of Istio's ambient mode, which reports what it carries itself.
fn is_proxy(labels: &Labels) -> bool {
    ["app", "app.kubernetes.io/name"].iter().any(|name| labels.get(*name).is_some_and(|value| value == "ztunnel"))
}
