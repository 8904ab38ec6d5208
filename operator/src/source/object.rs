//! Kubernetes objects, reduced to the fields that decide a name or a series. Past this point nothing is checked twice.

use longwire_model::limits::MAX_LABEL_BYTES;
use std::fmt;
use std::sync::Arc;

mod address;
mod annotation_settings;
mod endpoint_slice;
mod namespace;
mod node;
mod pod;
pub mod policy;
mod series;
mod service;
#[cfg(test)]
mod tests;
mod unreadable;

use address::{LeftOut, port};
pub use annotation_settings::MAX_ENTRIES;
pub(crate) use annotation_settings::{
    AnnotationSettings, EXTRA_STAT_TAGS, Entries, MAX_ENTRY_BYTES, STATS_PREFIXES, STATS_REGEXPS, STATS_SUFFIXES,
};
pub use endpoint_slice::{Endpoint, EndpointSlice};
pub(crate) use endpoint_slice::{PodRef, SlicePort};
pub use namespace::Namespace;
pub use node::Node;
pub use pod::Pod;
pub use policy::{ExtraStatTags, Refusal, StatsMatcher, TelemetryPolicy};
pub(crate) use series::{SeriesAnnotation, is_of_pods};
pub use service::Service;
#[cfg(test)]
pub(crate) use service::ServicePort;
pub(crate) use service::Target;
pub(crate) use unreadable::Unreadable;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    EndpointSlice,
    ExtraStatTags,
    Namespace,
    Node,
    Pod,
    Service,
    StatsMatcher,
    TelemetryPolicy,
}

impl Kind {
    /// Those that configure Longwire.
    pub const POLICIES: [Self; 3] = [Self::ExtraStatTags, Self::StatsMatcher, Self::TelemetryPolicy];

    /// As the API server's paths name it.
    #[must_use]
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::EndpointSlice => "endpointslices",
            Self::ExtraStatTags => "extrastattags",
            Self::Namespace => "namespaces",
            Self::Node => "nodes",
            Self::Pod => "pods",
            Self::Service => "services",
            Self::StatsMatcher => "statsmatchers",
            Self::TelemetryPolicy => "telemetrypolicies",
        }
    }

    /// One of those that configure Longwire.
    #[must_use]
    pub(crate) fn is_policy(self) -> bool {
        Self::POLICIES.contains(&self)
    }

    /// Whether objects of this kind share a budget of their namespace.
    #[must_use]
    pub(crate) fn is_bounded(self) -> bool {
        self.is_policy() || self == Self::EndpointSlice
    }
}

/// Name of an object among those of its kind; the namespace of a cluster-wide one is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    pub namespace: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub kind: Kind,
    pub name: Name,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    EndpointSlice(Arc<EndpointSlice>),
    ExtraStatTags(Arc<ExtraStatTags>),
    Namespace(Arc<Namespace>),
    Node(Arc<Node>),
    Pod(Arc<Pod>),
    Service(Arc<Service>),
    StatsMatcher(Arc<StatsMatcher>),
    TelemetryPolicy(Arc<TelemetryPolicy>),
    /// A policy object that is there, but that this operator cannot read.
    Unreadable(Arc<Unreadable>),
}

impl Object {
    #[must_use]
    pub fn key(&self) -> Key {
        let (kind, name) = match self {
            Self::EndpointSlice(slice) => (Kind::EndpointSlice, slice.name.clone()),
            Self::Namespace(namespace) => (Kind::Namespace, Name::cluster_wide(&namespace.name)),
            Self::Node(node) => (Kind::Node, Name::cluster_wide(&node.name)),
            Self::Pod(pod) => (Kind::Pod, pod.name.clone()),
            Self::Service(service) => (Kind::Service, service.name.clone()),
            Self::ExtraStatTags(tags) => return tags.key.clone(),
            Self::StatsMatcher(stats) => return stats.key.clone(),
            Self::TelemetryPolicy(telemetry) => return telemetry.key.clone(),
            Self::Unreadable(unreadable) => return unreadable.key.clone(),
        };
        Key { kind, name }
    }
}

impl Name {
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    #[must_use]
    pub(crate) fn cluster_wide(name: &str) -> Self {
        Self::new("", name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind, self.name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidObject {
    #[error("metadata.name: missing")]
    NoName,
    #[error("{field}: {value:?} is not an IP address")]
    Address { field: &'static str, value: String },
    #[error("{field}: {value} is not a port")]
    Port { field: &'static str, value: i32 },
    #[error("{field}: more than 1024 addresses")]
    TooManyAddresses { field: &'static str },
    #[error("spec.ports: more than 1024 for TCP")]
    TooManyPorts,
    #[error("{field}: {bytes} bytes, and {MAX_LABEL_BYTES} are the most that are read")]
    TooLong { field: &'static str, bytes: usize },
}

/// Names that Kubernetes gives an object without a namespace of its own.
const DEFAULT_NAMESPACE: &str = "default";

type Metadata = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

pub(crate) fn namespaced(metadata: &Metadata) -> Result<Name, InvalidObject> {
    let namespace = metadata.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    Ok(Name::new(namespace.unwrap_or(DEFAULT_NAMESPACE), &cluster_wide(metadata)?))
}

fn cluster_wide(metadata: &Metadata) -> Result<String, InvalidObject> {
    metadata.name.clone().filter(|name| !name.is_empty()).ok_or(InvalidObject::NoName)
}

fn is_tcp(protocol: Option<&str>) -> bool {
    protocol.is_none_or(|protocol| protocol == "TCP")
}

/// Nanoseconds since the epoch; 0 when the time is missing or before the epoch.
fn nanoseconds(time: Option<&k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>) -> u64 {
    time.map_or(0, |time| u64::try_from(time.0.as_nanosecond()).unwrap_or(0))
}
