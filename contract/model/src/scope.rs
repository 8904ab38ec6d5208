//! How far apart the ends of a connection are: what a cloud's bill asks of its bytes.

use crate::identity::Place;

#[cfg(test)]
mod tests;

/// The label `scope` of `longwire_tcp_locality_bytes_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    SameZone,
    CrossZone,
    CrossRegion,
    /// The server's address is outside the cluster.
    External,
    Unknown,
}

impl Scope {
    pub const ALL: [Self; 5] = [Self::SameZone, Self::CrossZone, Self::CrossRegion, Self::External, Self::Unknown];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SameZone => "same_zone",
            Self::CrossZone => "cross_zone",
            Self::CrossRegion => "cross_region",
            Self::External => "external",
            Self::Unknown => "unknown",
        }
    }

    /// For the reference.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::SameZone => "both pods run on one node, or on nodes of the same zone",
            Self::CrossZone => "the nodes are in different zones, and not known to be in different regions",
            Self::CrossRegion => "the nodes are in different regions",
            Self::External => "the server's address is outside the cluster; only the client's end knows it",
            Self::Unknown => {
                "one end is not known, or it is the node itself, or its node has no zone label; at the server's end also every client from outside the cluster"
            }
        }
    }

    /// Between pods at these places. Zones of different regions may have one name, so regions are compared first; what is not known
    /// is no difference.
    #[must_use]
    pub fn between(one: &Place, other: &Place) -> Self {
        let are_known = |one: &str, other: &str| !one.is_empty() && !other.is_empty();
        if are_known(&one.node, &other.node) && one.node == other.node {
            return Self::SameZone;
        }
        if are_known(&one.region, &other.region) && one.region != other.region {
            return Self::CrossRegion;
        }
        match are_known(&one.zone, &other.zone) {
            true if one.zone == other.zone => Self::SameZone,
            true => Self::CrossZone,
            false => Self::Unknown,
        }
    }
}
