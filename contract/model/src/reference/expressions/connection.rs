//! The connections for which the page shows values.

use crate::expression::{Attribute, End, Facts, Property, ServicePart};
use std::borrow::Cow;

/// One end, with its known attributes.
#[derive(Clone, Copy, Debug)]
struct Known {
    workload: &'static str,
    namespace: &'static str,
    pod: &'static str,
    revision: &'static str,
    account: &'static str,
    node: &'static str,
    zone: &'static str,
    region: &'static str,
    cluster: &'static str,
    labels: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    ends: [Known; 2],
    addresses: [&'static str; 2],
    ports: [u16; 2],
    /// Host, name and namespace.
    service: [&'static str; 3],
    requested: [&'static str; 3],
    reporter: &'static str,
}

const UNKNOWN: &str = "unknown";
const UNRESOLVED: Known = Known {
    workload: UNKNOWN,
    namespace: UNKNOWN,
    pod: UNKNOWN,
    revision: "latest",
    account: UNKNOWN,
    node: UNKNOWN,
    zone: UNKNOWN,
    region: UNKNOWN,
    cluster: UNKNOWN,
    labels: &[],
};
const FRONTEND: Known = Known {
    workload: "frontend",
    namespace: "shop-staging",
    pod: "frontend-5d8c9b6f7-x2x7k",
    revision: "v3",
    account: "frontend",
    node: "node-1",
    zone: "eu-west-1a",
    region: "eu-west-1",
    cluster: "Kubernetes",
    labels: &[("team", "web"), ("app.kubernetes.io/part-of", "shop")],
};
const CART: Known = Known {
    workload: "cart",
    namespace: "shop-staging",
    pod: "cart-7c6bbf7f9d-b5r9s",
    revision: "v2-canary",
    account: "cart",
    node: "node-2",
    zone: "eu-west-1b",
    region: "eu-west-1",
    cluster: "Kubernetes",
    labels: &[("team", "Checkout"), ("environment", "staging")],
};
const CART_SERVICE: [&str; 3] = ["cart.shop-staging.svc.cluster.local", "cart", "shop-staging"];

/// A pod that connects to a Service.
pub(super) const INSIDE: Connection = Connection {
    ends: [FRONTEND, CART],
    addresses: ["10.244.1.7", "10.244.2.31"],
    ports: [41_230, 80],
    service: CART_SERVICE,
    requested: CART_SERVICE,
    reporter: "source",
};
const FROM_OUTSIDE: Connection = Connection {
    ends: [UNRESOLVED, FRONTEND],
    addresses: ["203.0.113.9", "10.244.1.7"],
    ports: [58_012, 8_080],
    service: ["frontend.shop-staging.svc.cluster.local", "frontend", "shop-staging"],
    requested: [UNKNOWN; 3],
    reporter: "destination",
};
const TO_OUTSIDE: Connection = Connection {
    ends: [CART, UNRESOLVED],
    addresses: ["10.244.2.31", "198.51.100.20"],
    ports: [39_118, 5_432],
    service: [UNKNOWN, "PassthroughCluster", UNKNOWN],
    requested: [UNKNOWN; 3],
    reporter: "source",
};
pub(super) const CONNECTIONS: [(&str, Connection); 3] = [
    ("`frontend` to the Service `cart`, both in the namespace `shop-staging`", INSIDE),
    ("a client on the internet to `frontend`", FROM_OUTSIDE),
    ("`cart` to a database outside the cluster", TO_OUTSIDE),
];

const fn index(end: End) -> usize {
    match end {
        End::Source => 0,
        End::Destination => 1,
    }
}

impl Facts for Connection {
    fn text(&self, attribute: Attribute) -> Cow<'_, str> {
        let part = |[host, name, namespace]: [&'static str; 3], part| match part {
            ServicePart::Host => host,
            ServicePart::Name => name,
            ServicePart::Namespace => namespace,
        };
        let text = match attribute {
            Attribute::Of(end, Property::Address) => self.addresses[index(end)],
            Attribute::Of(end, property) => {
                let known = self.ends[index(end)];
                match property {
                    Property::Workload | Property::CanonicalService | Property::Address => known.workload,
                    Property::Namespace => known.namespace,
                    Property::Pod => known.pod,
                    Property::CanonicalRevision => known.revision,
                    Property::ServiceAccount => known.account,
                    Property::Node => known.node,
                    Property::Zone => known.zone,
                    Property::Region => known.region,
                    Property::Cluster => known.cluster,
                }
            }
            Attribute::Service(which) => part(self.service, which),
            Attribute::Requested(which) => part(self.requested, which),
            Attribute::Reporter => self.reporter,
            Attribute::IpFamily => "ipv4",
        };
        text.into()
    }

    fn port(&self, end: End) -> u16 {
        self.ports[index(end)]
    }

    fn label(&self, end: End, name: &str) -> Option<&str> {
        self.ends[index(end)].labels.iter().find(|(label, _)| *label == name).map(|(_, value)| *value)
    }
}
