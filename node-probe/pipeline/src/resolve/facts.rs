//! The attributes of a connection that tags may read. What is not known is `unknown`, as in the labels of the table.

use super::resolution::Resolution;
use crate::labels::{EdgeNames, ServiceNames, UNKNOWN, or_unknown};
use longwire_model::expression::{Attribute, End, Facts, Property, ServicePart};
use longwire_model::identity::{Place, Pod};
use std::borrow::Cow;
use std::net::IpAddr;

impl Resolution {
    fn pod(&self, end: End) -> Option<&Pod> {
        match end {
            End::Source => self.source_pod.as_deref(),
            End::Destination => self.destination_pod.as_deref(),
        }
    }

    fn address(&self, end: End) -> IpAddr {
        match end {
            End::Source => self.source.address(),
            End::Destination => self.destination_pod_address.into(),
        }
    }

    /// Names as they were when the connection opened, the rest from the pod.
    fn property(&self, end: End, property: Property) -> Cow<'_, str> {
        let names = EdgeNames::of(self.edge());
        let names = match end {
            End::Source => names.source,
            End::Destination => names.destination,
        };
        let of_pod = |read: fn(&Pod) -> &str| self.pod(end).map_or(UNKNOWN, |pod| or_unknown(read(pod)));
        let of_place = |read: fn(&Place) -> &str| self.place(end).map_or(UNKNOWN, |place| or_unknown(read(place)));
        let text = match property {
            Property::Address => return self.address(end).to_string().into(),
            Property::Workload => names.workload,
            Property::Namespace => names.namespace,
            Property::CanonicalService => names.canonical_service,
            Property::CanonicalRevision => names.canonical_revision,
            Property::Cluster => names.cluster,
            Property::Pod => of_pod(|pod| &pod.name),
            Property::ServiceAccount => of_pod(|pod| &pod.service_account),
            Property::Node => of_place(|place| &place.node),
            Property::Zone => of_place(|place| &place.zone),
            Property::Region => of_place(|place| &place.region),
        };
        text.into()
    }

    fn requested_part(&self, part: ServicePart) -> &str {
        self.requested_service.as_ref().map_or(UNKNOWN, |service| part_of(ServiceNames::of_service(service), part))
    }
}

impl Facts for Resolution {
    fn text(&self, attribute: Attribute) -> Cow<'_, str> {
        match attribute {
            Attribute::Of(end, property) => self.property(end, property),
            Attribute::Service(part) => part_of(EdgeNames::of(self.edge()).service, part).into(),
            Attribute::Requested(part) => self.requested_part(part).into(),
            Attribute::Reporter => EdgeNames::of(self.edge()).reporter().into(),
            Attribute::IpFamily if self.source.address().is_ipv4() => "ipv4".into(),
            Attribute::IpFamily => "ipv6".into(),
        }
    }

    fn port(&self, end: End) -> u16 {
        match end {
            End::Source => self.source.port(),
            End::Destination => self.destination.port(),
        }
    }

    fn label(&self, end: End, name: &str) -> Option<&str> {
        self.pod(end)?.label(name)
    }
}

fn part_of(names: ServiceNames<'_>, part: ServicePart) -> &str {
    match part {
        ServicePart::Host => names.host,
        ServicePart::Name => names.name,
        ServicePart::Namespace => names.namespace,
    }
}
