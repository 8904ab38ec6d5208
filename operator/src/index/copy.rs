//! All objects again, for another index.

use super::Index;
use crate::source::object::Object;
use std::sync::Arc;

impl Index {
    /// They are shared: this is cheap.
    #[must_use]
    pub(crate) fn objects(&self) -> Vec<Object> {
        let Self { pods, services, slices, nodes, namespaces, policies, .. } = self;
        let nodes = nodes.values().map(|node| Object::Node(Arc::clone(node)));
        let namespaces = namespaces.values().map(|namespace| Object::Namespace(Arc::clone(namespace)));
        let pods = pods.values().map(|pod| Object::Pod(Arc::clone(pod)));
        let services = services.values().map(|service| Object::Service(Arc::clone(service)));
        let slices = slices.values().map(|slice| Object::EndpointSlice(Arc::clone(slice)));
        let telemetry = policies.telemetry.values().map(|policy| Object::TelemetryPolicy(Arc::clone(policy)));
        let tags = policies.tags.values().map(|policy| Object::ExtraStatTags(Arc::clone(policy)));
        let stats = policies.stats.values().map(|policy| Object::StatsMatcher(Arc::clone(policy)));
        nodes
            .chain(namespaces)
            .chain(services)
            .chain(slices)
            .chain(pods)
            .chain(telemetry)
            .chain(tags)
            .chain(stats)
            .collect()
    }
}
