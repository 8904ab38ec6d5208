//! The documents that name the group, its version and its resources.

use crate::resources::{RESOURCES, Scope};
use crate::{API_VERSION, GROUP, VERSION};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    APIGroup, APIGroupList, APIResource, APIResourceList, GroupVersionForDiscovery, ObjectMeta,
};
use kube::core::discovery::v2::{
    APIGroupDiscovery, APIGroupDiscoveryList, APIResourceDiscovery, APIVersionDiscovery, GroupVersionKind,
};
use serde::Serialize;
use serde_json::{Value, json};

/// The media type of [`aggregated`], of the version that Kubernetes has declared stable.
pub const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What `/apis` answers to a client that does not know aggregated discovery.
#[must_use]
pub fn groups() -> Value {
    json(&APIGroupList { groups: vec![own_group()] })
}

/// What `/apis/<group>` answers.
#[must_use]
pub fn group() -> Value {
    json(&own_group())
}

fn own_group() -> APIGroup {
    let version = GroupVersionForDiscovery { group_version: API_VERSION.to_owned(), version: VERSION.to_owned() };
    APIGroup {
        name: GROUP.to_owned(),
        preferred_version: Some(version.clone()),
        server_address_by_client_cidrs: None,
        versions: vec![version],
    }
}

/// What `/apis/<group>/<version>` answers.
#[must_use]
pub fn resources() -> Value {
    let resources = RESOURCES.iter().map(|resource| APIResource {
        kind: resource.kind.to_owned(),
        name: resource.plural.to_owned(),
        namespaced: resource.scope == Scope::Namespaced,
        short_names: (!resource.short_names.is_empty()).then(|| resource.owned_short_names()),
        singular_name: resource.singular.to_owned(),
        verbs: resource.verb_names(),
        ..APIResource::default()
    });
    json(&APIResourceList { group_version: API_VERSION.to_owned(), resources: resources.collect() })
}

/// What `/apis` answers to a client that asks for [`AGGREGATED`].
#[must_use]
pub fn aggregated() -> Value {
    // A client panics on a resource without its kind (client-go 0.26).
    let kind = |kind: &str| GroupVersionKind {
        group: Some(GROUP.to_owned()),
        version: Some(VERSION.to_owned()),
        kind: Some(kind.to_owned()),
    };
    let resources = RESOURCES.iter().map(|resource| APIResourceDiscovery {
        resource: Some(resource.plural.to_owned()),
        response_kind: Some(kind(resource.kind)),
        scope: Some(resource.scope.name().to_owned()),
        singular_resource: Some(resource.singular.to_owned()),
        verbs: resource.verb_names(),
        short_names: resource.owned_short_names(),
        ..APIResourceDiscovery::default()
    });
    let version = APIVersionDiscovery {
        version: Some(VERSION.to_owned()),
        resources: resources.collect(),
        freshness: Some("Current".to_owned()),
    };
    let metadata = ObjectMeta { name: Some(GROUP.to_owned()), ..ObjectMeta::default() };
    let group = APIGroupDiscovery { metadata: Some(metadata), versions: vec![version] };
    let mut document = json(&APIGroupDiscoveryList { metadata: None, items: vec![group] });
    document["kind"] = json!("APIGroupDiscoveryList");
    document["apiVersion"] = json!("apidiscovery.k8s.io/v2");
    document
}

fn json<T: Serialize>(document: &T) -> Value {
    serde_json::to_value(document).unwrap_or_default()
}
