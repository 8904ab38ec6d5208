//! Self-metrics of the operator: the rows of their table.

use super::SelfKind::{Counter, Gauge};
use super::self_metrics::BUILD_INFO;
use super::{SelfKind, SelfMetric};

const fn row(name: &'static str, kind: SelfKind, labels: &'static [&'static str], help: &'static str) -> SelfMetric {
    SelfMetric { name, kind, help, labels }
}

#[rustfmt::skip]
pub const OPERATOR_METRICS: [SelfMetric; 26] = [
    row("longwire_operator_synced", Gauge, &[], "1 once the operator knows every object that existed when it started, else 0."),
    row("longwire_operator_objects", Gauge, &["kind"], "Kubernetes objects that the operator knows now."),
    row("longwire_operator_objects_refused", Gauge, &["kind", "reason"], "TelemetryPolicies, ExtraStatTags and StatsMatchers that are not accepted now, by the reason of their condition."),
    row("longwire_operator_endpointslices_refused", Gauge, &[], "EndpointSlices that are not used now, because those of their namespace take more memory than a namespace may have."),
    row("longwire_operator_identities_left_out", Gauge, &["kind"], "Services and addresses that are not sent to probes now, because there are more than a limit allows."),
    row("longwire_operator_pods_reduced", Gauge, &["limit"], "Pods that run now with a part of their configuration only, because all of it would take too much of a probe's memory."),
    row("longwire_operator_role", Gauge, &["role"], "1 for the role that this replica has now, 0 for the other."),
    row("longwire_operator_streams", Gauge, &[], "Streams of probes that are open now."),
    row("longwire_operator_streams_total", Counter, &[], "Streams of probes that were admitted."),
    row("longwire_operator_streams_refused_total", Counter, &["reason"], "Streams of probes that were refused, or ended because their token is no longer valid."),
    row("longwire_operator_streams_behind", Gauge, &[], "Streams whose probe has not yet acknowledged an update, now."),
    row("longwire_operator_updates_total", Counter, &[], "Updates of the configuration that were sent to probes."),
    row("longwire_operator_address_observations_total", Counter, &["result"], "Addresses that probes observed as local addresses of a pod's container, each reported once a stream."),
    row("longwire_operator_acks_total", Counter, &[], "Updates of the configuration that probes applied."),
    row("longwire_operator_nacks_total", Counter, &[], "Updates of the configuration that probes could not apply."),
    row("longwire_operator_ack_seconds_total", Counter, &[], "Time from an update until the probe had applied everything that was sent, over all streams."),
    row("longwire_operator_tokens_verified_total", Counter, &["by"], "ServiceAccount tokens that were verified, by the verifier."),
    row("longwire_operator_handshakes_refused_total", Counter, &["reason"], "Connections to the control endpoint that ended in their TLS handshake or before they had an admitted stream."),
    row("longwire_operator_connections", Gauge, &["stage"], "Connections to the control endpoint now, by the stage."),
    row("longwire_operator_http_refused_total", Counter, &["listener", "reason"], "HTTP connections to the operator that were refused, cut short or replaced, and scrapes that were answered with 503 because too many ran."),
    row("longwire_operator_scrape_authorizations_total", Counter, &["outcome"], "Requests for this replica's metrics, with --metrics-auth, by whether the reader was authorized."),
    row("longwire_operator_authorization_requests_total", Counter, &["outcome"], "Requests of probes to authorize a reader of their metrics."),
    row("longwire_operator_out_of_descriptors_total", Counter, &["operation"], "Operations that found no free file descriptor; they are tried again."),
    row("longwire_operator_certificate_expiry_timestamp_seconds", Gauge, &["certificate"], "Unix time at which a certificate that the operator serves expires."),
    row("longwire_operator_objects_conflicted", Gauge, &["kind"], "TelemetryPolicies, ExtraStatTags and StatsMatchers of which a part has no effect now, because another object overrides it."),
    BUILD_INFO,
];
