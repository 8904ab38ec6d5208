//! The kinds that are watched, and what each is reduced to.

use crate::object::{self, EndpointSlice, InvalidObject, Kind, Namespace, Node, Object, Pod, Service};
use k8s_openapi::api::{core::v1 as core, discovery::v1 as discovery};
use kube::Resource;
use longwire_crds::{ExtraStatTags, StatsMatcher, TelemetryPolicy};
use serde::de::DeserializeOwned;
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
pub(super) trait Watched:
    Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + 'static
{
    const KIND: Kind;
    /// What matters of it; `None` for an object that decides nothing.
    fn reduce(self) -> Result<Option<Object>, InvalidObject>;
}

impl Watched for core::Namespace {
    const KIND: Kind = Kind::Namespace;
    fn reduce(self) -> Result<Option<Object>, InvalidObject> {
        Namespace::try_from(self).map(|namespace| Some(Object::Namespace(Arc::new(namespace))))
    }
}

impl Watched for core::Node {
    const KIND: Kind = Kind::Node;
    fn reduce(self) -> Result<Option<Object>, InvalidObject> {
        Node::try_from(self).map(|node| Some(Object::Node(Arc::new(node))))
    }
}

impl Watched for core::Pod {
    const KIND: Kind = Kind::Pod;
    fn reduce(self) -> Result<Option<Object>, InvalidObject> {
        Pod::try_from(self).map(|pod| Some(Object::Pod(Arc::new(pod))))
    }
}

impl Watched for core::Service {
    const KIND: Kind = Kind::Service;
    fn reduce(self) -> Result<Option<Object>, InvalidObject> {
        Service::read(self).map(|service| service.map(Arc::new).map(Object::Service))
    }
}

impl Watched for discovery::EndpointSlice {
    const KIND: Kind = Kind::EndpointSlice;
    fn reduce(self) -> Result<Option<Object>, InvalidObject> {
        EndpointSlice::read(self).map(|slice| slice.map(Arc::new).map(Object::EndpointSlice))
    }
}

impl Watched for TelemetryPolicy {
    const KIND: Kind = Kind::TelemetryPolicy;
    fn reduce(self) -> Result<Option<Object>, InvalidObject> {
        object::TelemetryPolicy::try_from(self).map(|policy| Some(Object::TelemetryPolicy(Arc::new(policy))))
    }
}

impl Watched for ExtraStatTags {
    const KIND: Kind = Kind::ExtraStatTags;
    fn reduce(self) -> Result<Option<Object>, InvalidObject> {
        object::ExtraStatTags::try_from(self).map(|policy| Some(Object::ExtraStatTags(Arc::new(policy))))
    }
}

impl Watched for StatsMatcher {
    const KIND: Kind = Kind::StatsMatcher;
    fn reduce(self) -> Result<Option<Object>, InvalidObject> {
        object::StatsMatcher::try_from(self).map(|policy| Some(Object::StatsMatcher(Arc::new(policy))))
    }
}
