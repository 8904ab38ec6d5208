//! Self-metrics of the operator: the rows of their table.

use super::SelfKind::{Counter, Gauge, Histogram};
use super::operator_names as names;
use super::self_metrics::BUILD_INFO;
use super::{SelfKind, SelfMetric};

const fn row(name: &'static str, kind: SelfKind, labels: &'static [&'static str], help: &'static str) -> SelfMetric {
    SelfMetric { name, kind, help, labels }
}

#[rustfmt::skip]
pub const OPERATOR_LOOP_DURATION: SelfMetric = row("longwire_operator_loop_duration_seconds", Histogram, &["loop"], "Duration of the turns of a loop of the operator: from when it wakes until it waits again.");
#[rustfmt::skip]
pub const OPERATOR_LOOP_DELAY: SelfMetric = row("longwire_operator_loop_delay_seconds", Histogram, &["loop"], "Delay with which a clock wakes a loop of the operator: time from when its turn was due until it began.");

#[rustfmt::skip]
pub const OPERATOR_METRICS: [SelfMetric; 41] = [
    row(names::SYNCED, Gauge, &[], "1 once the operator knows every object that existed when it started, else 0."),
    row(names::OBJECTS, Gauge, &["kind"], "Kubernetes objects that the operator knows now."),
    row(names::OBJECTS_REFUSED, Gauge, &["kind", "reason"], "TelemetryPolicies, ExtraStatTags and StatsMatchers that are not accepted now, by the reason of their condition."),
    row(names::ENDPOINTSLICES_REFUSED, Gauge, &[], "EndpointSlices that are not used now, because those of their namespace take more memory than a namespace may have."),
    row(names::IDENTITIES_LEFT_OUT, Gauge, &["kind"], "Services and addresses that are not sent to probes now, because there are more than a limit allows."),
    row(names::PODS_REDUCED, Gauge, &["limit"], "Pods that run now with a part of their configuration only, because all of it would take too much of a probe's memory."),
    row(names::ROLE, Gauge, &["role"], "1 for the role that this replica has now, 0 for the other."),
    row(names::STREAMS, Gauge, &[], "Streams of probes that are open now."),
    row(names::STREAMS_TOTAL, Counter, &[], "Streams of probes that were admitted."),
    row(names::STREAMS_REFUSED, Counter, &["reason"], "Streams of probes that were refused, or ended because their token is no longer valid."),
    row(names::STREAMS_BEHIND, Gauge, &[], "Streams whose probe has not yet acknowledged an update, now."),
    row(names::UPDATES, Counter, &[], "Updates of the configuration that were sent to probes."),
    row(names::ADDRESS_OBSERVATIONS, Counter, &["result"], "Addresses that probes observed as local addresses of a pod's container, each reported once a stream."),
    row(names::ACKS, Counter, &[], "Updates of the configuration that probes applied."),
    row(names::NACKS, Counter, &[], "Updates of the configuration that probes could not apply."),
    row(names::ACK_SECONDS, Counter, &[], "Time from an update until the probe had applied everything that was sent, over all streams."),
    row(names::TOKENS_VERIFIED, Counter, &["by"], "ServiceAccount tokens that were verified, by the verifier."),
    row(names::HANDSHAKES_REFUSED, Counter, &["reason"], "Connections to the control endpoint that ended in their TLS handshake or before they had an admitted stream."),
    row(names::CONNECTIONS, Gauge, &["stage"], "Connections to the control endpoint now, by the stage."),
    row(names::HTTP_REFUSED, Counter, &["listener", "reason"], "HTTP connections to the operator that were refused, cut short or replaced, and scrapes that were answered with 503 because too many ran."),
    row(names::SCRAPE_AUTHORIZATIONS, Counter, &["outcome"], "Requests for this replica's metrics, with --metrics-auth, by whether the reader was authorized."),
    row(names::AUTHORIZATION_REQUESTS, Counter, &["outcome"], "Requests of probes to authorize a reader of their metrics."),
    row(names::OUT_OF_DESCRIPTORS, Counter, &["operation"], "Operations that found no free file descriptor; they are tried again."),
    row(names::CERTIFICATE_EXPIRY, Gauge, &["certificate"], "Unix time at which a certificate that the operator serves expires."),
    row(names::OBJECTS_CONFLICTED, Gauge, &["kind"], "TelemetryPolicies, ExtraStatTags and StatsMatchers of which a part has no effect now, because another object overrides it."),
    row(names::LIVE_REGISTERED, Gauge, &[], "1 if the live API is served, this replica can verify the API server, and the API server knows this operator's authority, else 0. Only with --live-listen."),
    row(names::LIVE_REQUESTS, Counter, &["resource", "verb", "code"], "Requests to the live API that this replica answered, by the HTTP status code."),
    row(names::LIVE_REFUSED, Counter, &["reason"], "Connections to the live API that were refused, most of them in their TLS handshake."),
    row(names::LIVE_WATCHES, Gauge, &[], "Watches of the live API that run now."),
    row(names::LIVE_ROWS, Gauge, &[], "Connections of pods that the live API has now, with those that ended in the last minute. 0 unless somebody is interested in them."),
    row(names::LIVE_EDGES, Gauge, &[], "Edges of the live API: pairs of workloads with their Service whose connections it adds up. 0 unless somebody is interested in them."),
    row(names::LIVE_EDGES_LEFT_OUT, Counter, &[], "Connections that are in no edge of the live API, because there are as many edges as it keeps, or as one node may bring."),
    row(names::LIVE_MISSED, Counter, &[], "Updates of live connections that probes left out, because they could not be sent in time. The next update has what they said."),
    row(names::LIVE_DISBELIEVED, Counter, &["reason"], "Connections reported by probes that the live API does not show, by the reason."),
    row(names::LIVE_NODES_MISSING, Gauge, &[], "Nodes whose probe had not answered when the last list of connections was made."),
    row(names::LIVE_RELAYED, Gauge, &[], "Connections to the live API that this replica passes on to the leader now, because it is a standby."),
    row(names::WATCHDOG_MISSES, Counter, &["loop"], "Times that a loop of the operator woke 200 ms too late or later, or worked for so long without a step. A turn that still lasts counts."),
    row(names::WATCHDOG_MEGA_MISSES, Counter, &["loop"], "Times that a loop of the operator woke 1 s too late or later, or worked for so long without a step. They count as misses, too."),
    OPERATOR_LOOP_DURATION,
    OPERATOR_LOOP_DELAY,
    BUILD_INFO,
];
