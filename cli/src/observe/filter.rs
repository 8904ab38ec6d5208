//! Whether what happened to a connection is wanted, by an expression. Pure.

use super::stages::What;
use longwire_live::Connection;
use longwire_live::connection::{ConnectionStatus, Phase, Side};
use longwire_live::end::{self, EndReport, ServiceReference};
use longwire_model::expression::{Attribute, Condition, End, Facts, Happened, Property, Quantity, ServicePart, Word};
use std::borrow::Cow;
use std::net::IpAddr;

#[cfg(test)]
mod tests;

/// As the standard labels have it.
const UNKNOWN: &str = "unknown";

/// Reads nothing that the API's objects do not have.
#[derive(Clone, Debug)]
pub(crate) struct Filter(Condition);

impl Filter {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let condition = Condition::parse(text).map_err(|error| error.to_string())?;
        if let Some(label) = condition.labels().next() {
            return Err(format!(
                "the live API does not say which end has the label {label:?}: select it with -l instead"
            ));
        }
        if let Some(attribute) = condition.attributes().iter().find(|attribute| !is_served(**attribute)) {
            return Err(format!("the live API does not have {}: filter by another attribute", attribute.name()));
        }
        Ok(Self(condition))
    }

    pub(super) fn holds(&self, what: What, connection: &Connection) -> bool {
        let Some(status) = &connection.status else { return false };
        // Only a missing label is an error, and it reads none.
        self.0.holds(&Event { what, connection, status }).unwrap_or(false)
    }
}

fn is_served(attribute: Attribute) -> bool {
    match attribute {
        Attribute::Of(_, property) => match property {
            Property::Address
            | Property::Workload
            | Property::Namespace
            | Property::Pod
            | Property::Node
            | Property::Zone => true,
            Property::CanonicalService
            | Property::CanonicalRevision
            | Property::ServiceAccount
            | Property::Region
            | Property::Cluster => false,
        },
        Attribute::Service(_) | Attribute::Requested(_) | Attribute::Reporter | Attribute::IpFamily => true,
    }
}

struct Event<'a> {
    what: What,
    connection: &'a Connection,
    status: &'a ConnectionStatus,
}

impl Event<'_> {
    fn end(&self, end: End) -> &end::End {
        match end {
            End::Source => &self.connection.spec.source,
            End::Destination => &self.connection.spec.destination,
        }
    }

    /// The API names it only if it is another one than the Service, which has a port if its address was requested.
    fn requested(&self) -> Option<&ServiceReference> {
        let spec = &self.connection.spec;
        spec.requested_service.as_ref().or_else(|| spec.service.as_ref().filter(|service| service.port.is_some()))
    }

    fn reports(&self) -> impl Iterator<Item = &EndReport> {
        [&self.status.source, &self.status.destination].into_iter().flatten()
    }

    /// Of both ends.
    fn sum(&self, of: fn(&EndReport) -> Option<u64>) -> u64 {
        self.reports().filter_map(of).fold(0, u64::saturating_add)
    }

    fn ip_family(&self) -> &'static str {
        let address = [End::Source, End::Destination].iter().find_map(|end| self.end(*end).address.as_ref());
        match address.and_then(|address| address.parse().ok()) {
            Some(IpAddr::V4(_)) => "ipv4",
            Some(IpAddr::V6(_)) => "ipv6",
            None => UNKNOWN,
        }
    }
}

impl Facts for Event<'_> {
    fn text(&self, attribute: Attribute) -> Cow<'_, str> {
        let known = match attribute {
            Attribute::Of(end, property) => of(self.end(end), property),
            Attribute::Service(part) => self.connection.spec.service.as_ref().and_then(|service| named(service, part)),
            Attribute::Requested(part) => self.requested().and_then(|service| named(service, part)),
            Attribute::Reporter if self.status.source.is_some() => Some("source"),
            Attribute::Reporter => self.status.destination.map(|_| "destination"),
            Attribute::IpFamily => Some(self.ip_family()),
        };
        Cow::Borrowed(known.unwrap_or(UNKNOWN))
    }

    fn port(&self, end: End) -> u16 {
        self.end(end).port.unwrap_or_default()
    }

    fn label(&self, _: End, _: &str) -> Option<&str> {
        None
    }

    fn happened(&self) -> Option<&dyn Happened> {
        Some(self)
    }
}

fn of(end: &end::End, property: Property) -> Option<&str> {
    match property {
        Property::Address => end.address.as_deref(),
        Property::Workload => end.workload.as_deref(),
        Property::Namespace => end.namespace.as_deref(),
        Property::Pod => end.pod.as_deref(),
        Property::Node => end.node.as_deref(),
        Property::Zone => end.zone.as_deref(),
        Property::CanonicalService
        | Property::CanonicalRevision
        | Property::ServiceAccount
        | Property::Region
        | Property::Cluster => None,
    }
}

fn named(service: &ServiceReference, part: ServicePart) -> Option<&str> {
    match part {
        ServicePart::Host => service.host.as_deref(),
        ServicePart::Name => service.name.as_deref(),
        ServicePart::Namespace => service.namespace.as_deref(),
    }
}

impl Happened for Event<'_> {
    fn quantity(&self, quantity: Quantity) -> i64 {
        let value = match quantity {
            Quantity::Duration => self.status.duration_milliseconds.unwrap_or_default().saturating_mul(1_000),
            Quantity::SentBytes => self.status.bytes.from_destination,
            Quantity::ReceivedBytes => self.status.bytes.from_source,
            Quantity::RetransmittedBytes => self.sum(|end| end.retransmitted_bytes),
            Quantity::Retransmits => self.sum(|end| end.retransmits),
            Quantity::LostPackets => self.sum(|end| end.lost_packets),
            Quantity::Rtt => self.reports().find_map(|end| end.rtt_microseconds).unwrap_or_default().into(),
            Quantity::Handshake => self.status.handshake_microseconds.unwrap_or_default(),
        };
        i64::try_from(value).unwrap_or(i64::MAX)
    }

    fn word(&self, word: Word) -> &str {
        let reason = |phase| self.status.reason.as_deref().filter(|_| self.status.phase == phase);
        let known = match word {
            Word::Event => Some(match self.what {
                What::Open => "connect",
                What::Close => "close",
                What::Fail => "failed",
            }),
            Word::ClosedBy => self.status.closed_by.map(|side| match side {
                Side::Source => "source",
                Side::Destination => "destination",
            }),
            Word::CloseReason => reason(Phase::Closed),
            Word::FailureReason => reason(Phase::Failed),
        };
        known.unwrap_or(UNKNOWN)
    }
}
