//! The kinds that are watched, and how each is read.

use crate::source::object::{EndpointSlice, InvalidObject, Kind, Namespace, Node, Object, Pod, Service};
use crate::source::parse::policy;
use k8s_openapi::api::{core::v1 as core, discovery::v1 as discovery};
use kube::Resource;
use longwire_crds::{ExtraStatTags, StatsMatcher, TelemetryPolicy};
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Debug;
use std::sync::Arc;

pub(super) const ALL: [Kind; 8] = [
    Kind::EndpointSlice,
    Kind::ExtraStatTags,
    Kind::Namespace,
    Kind::Node,
    Kind::Pod,
    Kind::Service,
    Kind::StatsMatcher,
    Kind::TelemetryPolicy,
];

/// A kind as the API server has it.
pub(super) trait Watched: Resource<DynamicType = ()> + Clone + Debug + Send + 'static {
    const KIND: Kind;
    /// The reduced object; `None` for an object that decides nothing. The error names the field.
    fn read(value: &Value) -> Result<Option<Object>, String>;
}

impl Watched for core::Namespace {
    const KIND: Kind = Kind::Namespace;
    fn read(value: &Value) -> Result<Option<Object>, String> {
        reduced(value, |namespace: Self| Ok(Some(Object::Namespace(Arc::new(Namespace::try_from(namespace)?)))))
    }
}

impl Watched for core::Node {
    const KIND: Kind = Kind::Node;
    fn read(value: &Value) -> Result<Option<Object>, String> {
        reduced(value, |node: Self| Ok(Some(Object::Node(Arc::new(Node::try_from(node)?)))))
    }
}

impl Watched for core::Pod {
    const KIND: Kind = Kind::Pod;
    fn read(value: &Value) -> Result<Option<Object>, String> {
        reduced(value, |pod: Self| Ok(Some(Object::Pod(Arc::new(Pod::try_from(pod)?)))))
    }
}

impl Watched for core::Service {
    const KIND: Kind = Kind::Service;
    fn read(value: &Value) -> Result<Option<Object>, String> {
        reduced(value, |service: Self| Ok(Service::read(service)?.map(Arc::new).map(Object::Service)))
    }
}

impl Watched for discovery::EndpointSlice {
    const KIND: Kind = Kind::EndpointSlice;
    fn read(value: &Value) -> Result<Option<Object>, String> {
        reduced(value, |slice: Self| Ok(EndpointSlice::read(slice)?.map(Arc::new).map(Object::EndpointSlice)))
    }
}

impl Watched for TelemetryPolicy {
    const KIND: Kind = Kind::TelemetryPolicy;
    fn read(value: &Value) -> Result<Option<Object>, String> {
        policy::from_api_server(Self::KIND, value).map(Some).map_err(|error| error.to_string())
    }
}

impl Watched for ExtraStatTags {
    const KIND: Kind = Kind::ExtraStatTags;
    fn read(value: &Value) -> Result<Option<Object>, String> {
        policy::from_api_server(Self::KIND, value).map(Some).map_err(|error| error.to_string())
    }
}

impl Watched for StatsMatcher {
    const KIND: Kind = Kind::StatsMatcher;
    fn read(value: &Value) -> Result<Option<Object>, String> {
        policy::from_api_server(Self::KIND, value).map(Some).map_err(|error| error.to_string())
    }
}

fn reduced<'a, K: Deserialize<'a>>(
    value: &'a Value,
    reduce: impl FnOnce(K) -> Result<Option<Object>, InvalidObject>,
) -> Result<Option<Object>, String> {
    let object = serde_path_to_error::deserialize(value).map_err(|error| error.to_string())?;
    reduce(object).map_err(|error| error.to_string())
}
