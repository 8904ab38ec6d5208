//! Rows that Kiali accepts, and the fields that it reads.

use longwire_testkit::Row;
use std::net::Ipv4Addr;

pub(super) const UNKNOWN: &str = "unknown";

/// Whether it is a name. For Kiali `-` is one.
pub(super) fn is_ok(value: &str) -> bool {
    !value.is_empty() && value != UNKNOWN
}

/// One end; a Service if the workload's fields are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub(super) cluster: String,
    pub(super) service_namespace: String,
    pub(super) service: String,
    pub(super) workload_namespace: String,
    pub(super) workload: String,
    pub(super) app: String,
    pub(super) version: String,
}

impl End {
    /// Only the Service, as a node between client and server.
    pub(super) fn as_service(&self) -> Self {
        Self {
            cluster: self.cluster.clone(),
            service_namespace: self.service_namespace.clone(),
            service: self.service.clone(),
            ..Self::default()
        }
    }

    pub(super) fn namespace(&self) -> &str {
        if is_ok(&self.workload_namespace) { &self.workload_namespace } else { &self.service_namespace }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Telemetry {
    pub(super) source: End,
    pub(super) destination: End,
    /// `destination_service`.
    pub(super) host: String,
    pub(super) flags: String,
}

impl Telemetry {
    /// Fails with the reason for which Kiali drops the row.
    pub(super) fn of(row: &Row) -> Result<Self, String> {
        let label = |name: &str| row.labels.get(name).cloned();
        // Prometheus drops empty labels, so an empty label is missing.
        let required = |name: &str| label(name).ok_or_else(|| format!("{name} is missing"));
        let cluster = |name: &str| label(name).unwrap_or_else(|| UNKNOWN.to_owned());
        let namespace = required("source_workload_namespace")?;
        let source = End {
            cluster: cluster("source_cluster"),
            // A source has no Service, but Kiali sets its namespace.
            service_namespace: namespace.clone(),
            workload_namespace: namespace,
            workload: required("source_workload")?,
            app: required("source_canonical_service")?,
            version: required("source_canonical_revision")?,
            ..End::default()
        };
        let mut destination = End {
            cluster: cluster("destination_cluster"),
            service_namespace: required("destination_service_namespace")?,
            service: required("destination_service_name")?,
            workload_namespace: required("destination_workload_namespace")?,
            workload: required("destination_workload")?,
            app: required("destination_canonical_service")?,
            version: required("destination_canonical_revision")?,
        };
        let (host, flags) = (required("destination_service")?, required("response_flags")?);
        if is_ok(&source.workload_namespace) {
            if !is_ok(&source.workload) && !is_ok(&source.app) {
                return Err("the source has a namespace and no name".to_owned());
            }
            if label("source_cluster").is_some_and(|cluster| !is_ok(&cluster)) {
                return Err("the source has a namespace and no cluster".to_owned());
            }
        }
        if !is_ok(&destination.cluster) && is_ok(&source.cluster) && is_ok(&destination.service_namespace) {
            destination.cluster.clone_from(&source.cluster);
        }
        let is_address = |name: &str| name.split(':').next().is_some_and(|ip| ip.parse::<Ipv4Addr>().is_ok());
        if !is_ok(&destination.workload) && host == destination.service && is_address(&host) {
            return Err(format!("the destination is an address: {host}"));
        }
        let has_cluster = label("destination_cluster").is_none() || is_ok(&destination.cluster);
        if is_ok(&destination.service_namespace) && !has_cluster {
            return Err("the destination has a namespace and no cluster".to_owned());
        }
        Ok(Self { source, destination, host, flags })
    }
}
