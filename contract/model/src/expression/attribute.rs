//! The attributes of a connection that an expression may use.

use std::fmt;

/// An end of a connection: its client or its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    Source,
    Destination,
}

/// An attribute that is a string. Ports are ints and labels may be missing, so both are separate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    Of(End, Property),
    /// The Service of the destination pod and target port, by the rule that both ends share.
    Service(ServicePart),
    /// The Service whose address the client connected to.
    Requested(ServicePart),
    Reporter,
    IpFamily,
}

/// Attributes that both ends have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Property {
    Address,
    Workload,
    Namespace,
    Pod,
    CanonicalService,
    CanonicalRevision,
    ServiceAccount,
    Node,
    Zone,
    Region,
    Cluster,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServicePart {
    Host,
    Name,
    Namespace,
}

impl End {
    pub const ALL: [Self; 2] = [Self::Source, Self::Destination];

    /// As expressions write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.name() == name)
    }

    pub(super) const fn port_name(self) -> &'static str {
        match self {
            Self::Source => "source.port",
            Self::Destination => "destination.port",
        }
    }

    pub(super) const fn labels_name(self) -> &'static str {
        match self {
            Self::Source => "source.labels",
            Self::Destination => "destination.labels",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Property {
    const ALL: [Self; 11] = [
        Self::Address,
        Self::Workload,
        Self::Namespace,
        Self::Pod,
        Self::CanonicalService,
        Self::CanonicalRevision,
        Self::ServiceAccount,
        Self::Node,
        Self::Zone,
        Self::Region,
        Self::Cluster,
    ];

    /// Names for the source and for the destination.
    const fn names(self) -> [&'static str; 2] {
        match self {
            Self::Address => ["source.address", "destination.address"],
            Self::Workload => ["source.workload", "destination.workload"],
            Self::Namespace => ["source.namespace", "destination.namespace"],
            Self::Pod => ["source.pod", "destination.pod"],
            Self::CanonicalService => ["source.canonical_service", "destination.canonical_service"],
            Self::CanonicalRevision => ["source.canonical_revision", "destination.canonical_revision"],
            Self::ServiceAccount => ["source.service_account", "destination.service_account"],
            Self::Node => ["source.node", "destination.node"],
            Self::Zone => ["source.zone", "destination.zone"],
            Self::Region => ["source.region", "destination.region"],
            Self::Cluster => ["source.cluster", "destination.cluster"],
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Address => "IP address of the end, without the port; of the destination that of the backend",
            Self::Workload => "name of the workload: a Deployment's, not its ReplicaSet's",
            Self::Namespace => "namespace of the workload",
            Self::Pod => "name of the pod",
            Self::CanonicalService => "canonical service of the workload, as Istio names it",
            Self::CanonicalRevision => {
                "canonical revision of the workload, as Istio names it; `latest` if it names none"
            }
            Self::ServiceAccount => "name of the pod's ServiceAccount",
            Self::Node => "name of the node the pod runs on",
            Self::Zone => "zone of the node, from its label `topology.kubernetes.io/zone`",
            Self::Region => "region of the node, from its label `topology.kubernetes.io/region`",
            Self::Cluster => "cluster of the workload",
        }
    }
}

impl ServicePart {
    const ALL: [Self; 3] = [Self::Host, Self::Name, Self::Namespace];
}

impl Attribute {
    /// All attributes, in the order of the documentation.
    pub const ALL: [Self; 30] = {
        let mut all = [Self::Reporter; 30];
        let mut at = 0;
        while at < 11 {
            all[at] = Self::Of(End::Source, Property::ALL[at]);
            all[at + 11] = Self::Of(End::Destination, Property::ALL[at]);
            at += 1;
        }
        at = 0;
        while at < 3 {
            all[at + 22] = Self::Service(ServicePart::ALL[at]);
            all[at + 25] = Self::Requested(ServicePart::ALL[at]);
            at += 1;
        }
        all[29] = Self::IpFamily;
        all
    };

    /// As expressions write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Of(End::Source, property) => property.names()[0],
            Self::Of(End::Destination, property) => property.names()[1],
            Self::Service(ServicePart::Host) => "destination.service.host",
            Self::Service(ServicePart::Name) => "destination.service.name",
            Self::Service(ServicePart::Namespace) => "destination.service.namespace",
            Self::Requested(ServicePart::Host) => "destination.service.requested.host",
            Self::Requested(ServicePart::Name) => "destination.service.requested.name",
            Self::Requested(ServicePart::Namespace) => "destination.service.requested.namespace",
            Self::Reporter => "connection.reporter",
            Self::IpFamily => "connection.ip_family",
        }
    }

    /// Its description, one line of Markdown.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Of(_, property) => property.help(),
            Self::Service(ServicePart::Host) => "host name of the Service behind the destination's pod and port",
            Self::Service(ServicePart::Name) => "name of the Service behind the destination's pod and port",
            Self::Service(ServicePart::Namespace) => "namespace of the Service behind the destination's pod and port",
            Self::Requested(ServicePart::Host) => "host name of the Service whose address the client requested",
            Self::Requested(ServicePart::Name) => "name of the Service whose address the client requested",
            Self::Requested(ServicePart::Namespace) => "namespace of the Service whose address the client requested",
            Self::Reporter => "the end that reports: `source` or `destination`",
            Self::IpFamily => "`ipv4` or `ipv6`",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.name() == name)
    }
}
