//! Names of the objects that chart and operator share, and audiences of tokens.

/// The operator: its Deployment, Service, ServiceAccount, roles and Lease, and who owns the fields that it writes.
pub const OPERATOR: &str = "longwire-operator";
/// The Secret with the operator's certificate, and the ConfigMap with the authorities that probes trust.
pub const TLS_SECRET: &str = "longwire-operator-tls";
pub const CA_CONFIG_MAP: &str = "longwire-operator-ca";
/// The key of the authorities in the ConfigMap.
pub const CA_BUNDLE: &str = "ca.crt";
/// The DaemonSet that cleans nodes when Longwire is uninstalled.
pub const CLEANUP: &str = "longwire-cleanup";

/// The audience of a probe's token.
pub const CONTROL_AUDIENCE: &str = "longwire-operator";
/// The audience of the token of a reader of metrics.
pub const METRICS_AUDIENCE: &str = "longwire-metrics";
