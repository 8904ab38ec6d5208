//! What the operator says of itself: the rows that its self-metrics are made from.

use super::SelfKind::{Counter, Gauge};
use super::self_metrics::BUILD_INFO;
use super::{SelfKind, SelfMetric};

const fn row(name: &'static str, kind: SelfKind, labels: &'static [&'static str], help: &'static str) -> SelfMetric {
    SelfMetric { name, kind, help, labels }
}

#[rustfmt::skip]
pub const OPERATOR_METRICS: [SelfMetric; 23] = [
    row("longwire_operator_synced", Gauge, &[], "1 once everything that was there at the start is known."),
    row("longwire_operator_objects", Gauge, &["kind"], "Objects known now."),
    row("longwire_operator_objects_refused", Gauge, &["reason"], "TelemetryPolicies, ExtraStatTags and StatsMatchers that are not accepted, by the reason of their condition."),
    row("longwire_operator_pods_reduced", Gauge, &["limit"], "Pods that run with less than is configured for them, because that would take too much of a probe's memory: more than one `pod`, or all pods of a `node`, may take."),
    row("longwire_operator_role", Gauge, &["role"], "1 for what this replica is now: holder of the Lease, or standby."),
    row("longwire_operator_streams", Gauge, &[], "Streams of probes now."),
    row("longwire_operator_streams_total", Counter, &[], "Streams of probes that were admitted."),
    row("longwire_operator_streams_refused_total", Counter, &["reason"], "Streams refused, or ended because what admitted them no longer holds."),
    row("longwire_operator_streams_behind", Gauge, &[], "Streams with an update that the probe has not yet answered."),
    row("longwire_operator_updates_total", Counter, &[], "Updates sent to probes."),
    row("longwire_operator_sightings_total", Counter, &[], "Addresses that probes saw a pod's container speak from, each told once a stream."),
    row("longwire_operator_sightings_strange_total", Counter, &[], "Of these, those of pods that are not on the probe's node, or not any more."),
    row("longwire_operator_address_observations_outside_total", Counter, &[], "Of these, those that name nobody: no node's pod range contains the address, and no pod had it lately."),
    row("longwire_operator_acks_total", Counter, &[], "Updates that probes have applied."),
    row("longwire_operator_nacks_total", Counter, &[], "Updates that probes could not apply."),
    row("longwire_operator_ack_seconds_total", Counter, &[], "Time that streams were behind, until they had caught up."),
    row("longwire_operator_tokens_verified_total", Counter, &["by"], "Tokens verified: by the API server, by its answer of the last seconds, or by its keys while it was away."),
    row("longwire_operator_handshakes_refused_total", Counter, &["reason"], "Connections that ended in their TLS handshake or before they had an admitted stream; `plaintext` is one without TLS."),
    row("longwire_operator_connections", Gauge, &["stage"], "Connections of the control endpoint now: in their TLS handshake, pending (without an admitted stream), admitted."),
    row("longwire_operator_http_refused_total", Counter, &["listener", "reason"], "Connections of the two HTTP listeners that were refused, cut short or replaced, and scrapes answered with 503 because too many ran."),
    row("longwire_operator_out_of_descriptors_total", Counter, &["operation"], "What found no file descriptor left, and is tried again."),
    row("longwire_operator_certificate_expiry_timestamp_seconds", Gauge, &["certificate"], "When what is served expires, Unix time: the leaf, and the newest authority."),
    BUILD_INFO,
];
