//! An object as the API server sends it, reduced while it is read.

use super::kinds::Watched;
use crate::source::object::{Name, Object};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::borrow::Cow;
use std::marker::PhantomData;

/// Read in two steps, so that one that cannot be read has a name all the same, and does not stop its neighbours.
#[derive(Clone, Debug)]
pub(super) struct Reduced<K> {
    /// Only its name, UID and creation time.
    metadata: ObjectMeta,
    object: Result<Option<Object>, String>,
    kind: PhantomData<fn() -> K>,
}

/// What the store must know of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Name,
    pub(super) version: String,
    pub(super) object: Result<Option<Object>, String>,
}

impl<K> Reduced<K> {
    pub(super) fn name(&self) -> Name {
        let Self { metadata, .. } = self;
        Name::new(metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref().unwrap_or_default())
    }

    pub(super) fn entry(self) -> Entry {
        let name = self.name();
        let Self { metadata, object, .. } = self;
        Entry { name, version: metadata.resource_version.unwrap_or_default(), object }
    }
}

#[derive(Deserialize)]
struct Head {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: Option<String>,
    resource_version: Option<String>,
}

impl<'de, K: Watched> Deserialize<'de> for Reduced<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        // Managed fields are often half of an object, and not used.
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        let Head { metadata } = Head::deserialize(&value).map_err(D::Error::custom)?;
        let object = K::read(&value);
        let Metadata { name, namespace, resource_version } = metadata;
        let metadata = ObjectMeta { name: Some(name), namespace, resource_version, ..Default::default() };
        Ok(Self { metadata, object, kind: PhantomData })
    }
}

impl<K: Watched> Resource for Reduced<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        K::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        K::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        K::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
