//! All values of the labels of self-metrics, with their meanings.

use super::operator_names;

/// The values of one label of some metrics.
#[derive(Clone, Copy, Debug)]
pub struct LabelValues {
    pub metrics: &'static [&'static str],
    pub label: &'static str,
    /// Value and meaning.
    pub values: &'static [(&'static str, &'static str)],
}

/// Labels whose values are names from the cluster or the kernel, and so cannot be listed.
pub const OPEN_LABELS: [&str; 7] = ["namespace", "exporter", "program", "component", "version", "commit", "build"];

/// Whether a label of a metric can have this value.
#[must_use]
pub fn is_listed(metric: &str, label: &str, value: &str) -> bool {
    let of_it = LABEL_VALUES.iter().filter(|row| row.label == label && row.metrics.contains(&metric));
    of_it.flat_map(|row| row.values).any(|(listed, _)| *listed == value)
}

const SETS: [(&str, &str); 5] = [
    ("service", "edges: the series sets `istio` and `longwire`"),
    ("workload", "the series set `kmesh-workload`"),
    ("connection", "long connections: the series set `kmesh-connection`"),
    ("cluster", "Envoy's statistics: the series set `envoy`"),
    ("locality", "two workloads and how far apart they are: the series set `longwire-locality`"),
];

const OUTCOMES: [(&str, &str); 8] = [
    ("admitted", "the reader may read, and the answer is sent"),
    ("kept", "the reader was admitted before, and the authorizer does not answer now"),
    ("no_token", "the request has no bearer token"),
    ("malformed", "the header `Authorization` has no bearer token"),
    ("unauthenticated", "the API server does not accept the token"),
    ("forbidden", "the token's account may not read metrics"),
    ("unavailable", "the authorizer does not answer now"),
    ("busy", "too many tokens wait for a decision"),
];

#[rustfmt::skip]
pub const LABEL_VALUES: &[LabelValues] = &[
    LabelValues { metrics: &["longwire_probe_kernel_losses_total"], label: "kind", values: &[
        ("record_dropped", "the end of a connection: ring buffer and fallback were full, because the probe had not read them for a long time"),
        ("connections_full", "a connection: there were more than twice `--max-connections` (65,536 at least)"),
        ("connections_share_full", "a connection of a pod that already has a quarter of the entries in the kernel's map"),
        ("aggregation_share_full", "the end of a connection of a pod with too many different peers while the ring buffer was full"),
    ] },
    LabelValues { metrics: &["longwire_probe_kernel_exceptions_total"], label: "kind", values: &[
        ("close_kept", "the end of a connection was kept in the fallback, because the ring buffer was full"),
        ("close_aggregated", "the end of a connection was summed with others, because the ring buffer was full; its duration is not known"),
        ("announce_deferred", "the beginning of a connection was reported by a later pass"),
        ("cgroup_deferred", "the name of a cgroup was reported by a later pass"),
        ("listeners_full", "the map had no room for a listening port; which end opened adopted connections to it may not be known"),
        ("untracked_close", "a connection that was first seen when it ended; nothing of it is counted"),
        ("recovered_close", "the end of a connection was seen by the second program"),
        ("inert", "a connection began while no probe had run for 15 minutes; it is not followed until a probe adopts it"),
        ("half_open_share_full", "a connection of a pod with many half-open ones lacks the time that its connect took"),
        ("half_open_full", "a connection lacks the time that its connect took, because all pods together have many half-open ones"),
        ("shares_full", "a pod counts against the share of the host's processes, because too many pods have a share"),
        ("missed_open", "the kernel skipped the program at the beginning of a connection; all of the connection is counted later"),
        ("map_busy", "a map was in use by the interrupted program; the connection is found later"),
        ("bypass_sockmap", "a socket whose bytes a program may hand to another socket"),
        ("bypass_tls", "a socket with kernel TLS in a device: its counters include TLS records instead of payload"),
        ("bypass_smc", "an SMC socket, whose payload goes through shared memory"),
    ] },
    LabelValues { metrics: &["longwire_probe_records_skipped_total"], label: "reason", values: &[
        ("invalid_size", "a record of another size than the probe expects. It should stay at 0"),
        ("invalid_kind", "a record of an unknown kind. It should stay at 0"),
        ("invalid_id", "a record of a connection without an id. It should stay at 0"),
        ("unknown", "a sample of a connection whose open was not reported, or for which there was no room"),
        ("late", "a sample or record of a connection that had ended"),
        ("untracked", "the end of a connection that the BPF programs had not seen before"),
        ("unadopted", "the end of a connection older than the probe, which it had not adopted"),
    ] },
    LabelValues { metrics: &["longwire_probe_connections_ignored_total"], label: "reason", values: &[
        ("host", "of a process outside pods, or from such a process to a pod of this node"),
        ("foreign", "of a pod that is not this node's"),
        ("local_leg", "inside one pod"),
        ("role_unknown", "it is not known which end opened it"),
        ("dropped", "too many connections waited for the name of their own pod. This is a loss"),
    ] },
    LabelValues { metrics: &["longwire_probe_connections_unresolved_total"], label: "reason", values: &[
        ("ambiguous", "when the connection opened, the address had no owner, had two, or belonged to a node"),
        ("unanswered", "the operator did not answer for the address in time"),
        ("backend", "connection tracking did not know which backend of the Service was chosen"),
        ("outside", "a client from outside the cluster, or a masqueraded one"),
        ("forced", "the wait was cut short because too many connections waited"),
    ] },
    LabelValues { metrics: &["longwire_probe_table_evictions_total", "longwire_probe_table_entries"], label: "table", values: &[
        ("addresses", "owners of addresses, known or requested"),
        ("cgroups", "names of cgroups"),
        ("joins", "connections that wait for their other end on this node"),
        ("scrapers", "scrapers, with what each has seen"),
    ] },
    LabelValues { metrics: &["longwire_probe_table_evictions_total"], label: "table", values: &[
        ("closed", "connections that ended, for which late records may arrive"),
    ] },
    LabelValues { metrics: &["longwire_probe_table_entries"], label: "table", values: &[
        ("pods", "pods of this node"),
    ] },
    LabelValues {
        metrics: &["longwire_probe_label_sets", "longwire_probe_series", "longwire_probe_label_sets_expired_total", "longwire_probe_overflowed_total"],
        label: "kind",
        values: &SETS,
    },
    LabelValues { metrics: &["longwire_probe_overflowed_total"], label: "kind", values: &[
        ("namespace", "the share of the namespace in the label `namespace` was full"),
        ("peer", "the part of another namespace's share for connections with the namespace in the label `namespace` was full"),
        ("tag_value", "a value of a tag that has its maximum of values"),
    ] },
    LabelValues { metrics: &["longwire_probe_updates_total"], label: "result", values: &[
        ("applied", "the probe has applied it"),
        ("refused", "the probe could not apply it, and keeps the previous configuration"),
    ] },
    LabelValues { metrics: &["longwire_probe_queue_full_total"], label: "queue", values: &[
        ("conntrack", "queries to connection tracking; a connection that has waited for 3 s is named by its Service only"),
        ("operator", "reports to the operator: the probe reopens its stream, and sends all of them on it"),
    ] },
    LabelValues { metrics: &["longwire_probe_access_log_lines_dropped_total"], label: "reason", values: &[
        ("pod_rate", "the pod has as many lines a second as `rateLimit` of its policy allows, or half of the node's"),
        ("node_rate", "all pods of the node have as many as `rateLimit` of the policy for the whole cluster allows, by default 10,000"),
        ("queue_full", "lines are written more slowly than they are made, and some 30,000 wait"),
        ("not_written", "writing to standard output failed"),
    ] },
    LabelValues {
        metrics: &[
            "longwire_probe_export_requests_total",
            "longwire_probe_export_retries_total",
            "longwire_probe_export_rejected_total",
        ],
        label: "signal",
        values: &[("metrics", "series"), ("logs", "access logs")],
    },
    LabelValues { metrics: &["longwire_probe_export_requests_total"], label: "result", values: &[
        ("accepted", "the receiver has accepted all of it; of statsd, the kernel has taken the packet"),
        ("partial", "the receiver has accepted it without some data points or log records, or with a warning"),
        ("refused", "the receiver does not want it, and it is not sent again"),
        ("gave_up", "it could not be delivered in time, or the packet could not be sent. The next export has the metrics too"),
    ] },
    LabelValues { metrics: &["longwire_probe_export_dropped_log_records_total"], label: "reason", values: &[
        ("queue_full", "8,192 records wait to be sent, because the receiver is slow or away"),
        ("refused", "the receiver has refused their request"),
        ("gave_up", "their request could not be delivered within 5 minutes, or before the probe stopped"),
        ("not_written", "the file could not be written"),
    ] },
    LabelValues { metrics: &["longwire_probe_export_dropped_lines_total"], label: "reason", values: &[
        ("too_long", "the line is longer than any receiver reads"),
        ("removed", "its label set was removed before the line could be sent"),
    ] },
    LabelValues { metrics: &["longwire_probe_conntrack_searches_total"], label: "result", values: &[
        ("found", "the connection was found"),
        ("nothing", "the table has no such connection"),
    ] },
    LabelValues {
        metrics: &[
            "longwire_probe_watchdog_misses_total",
            "longwire_probe_watchdog_mega_misses_total",
            "longwire_probe_loop_duration_seconds",
            "longwire_probe_loop_delay_seconds",
        ],
        label: "loop",
        values: &[
            ("sampler", "the thread that reads the ring buffer, runs the passes and saves the state"),
            ("control", "the task that reads from the operator and writes to it, while there is a stream"),
            ("http", "the task that accepts scrapes"),
        ],
    },
    LabelValues {
        metrics: &[
            operator_names::WATCHDOG_MISSES,
            operator_names::WATCHDOG_MEGA_MISSES,
            "longwire_operator_loop_duration_seconds",
            "longwire_operator_loop_delay_seconds",
        ],
        label: "loop",
        values: &[
            ("writer", "the task that takes in objects, compiles configurations and publishes them"),
            ("live", "the task that joins what probes say of live connections"),
            ("http", "the task that accepts requests for the operator's metrics"),
        ],
    },
    LabelValues { metrics: &["longwire_probe_saves_total"], label: "result", values: &[
        ("saved", "the state is on disk"),
        ("failed", "the state could not be written; the previous file stays"),
    ] },
    LabelValues { metrics: &["longwire_probe_restart_losses"], label: "kind", values: &[
        ("states", "the whole state: all counters start at 0"),
        ("connections", "live connections that could not be continued"),
        ("pending_connections", "connections that waited for names"),
        ("label_sets", "label sets, whose counters start at 0"),
        ("state_items", "other items of the saved state"),
        ("record_bytes", "bytes of records that the previous probe had not read"),
    ] },
    LabelValues { metrics: &["longwire_probe_out_of_descriptors_total"], label: "operation", values: &[
        ("accept", "accepting an HTTP connection"),
        ("adoption", "a search for connections whose beginning was missed"),
        ("save", "saving the state"),
        ("operator", "connecting to the operator"),
        ("statistics", "reading how often programs were skipped"),
        ("process", "reading the metrics `process_*`"),
        ("cgroup", "finding the name of a cgroup"),
        ("conntrack", "a query to connection tracking"),
    ] },
    LabelValues { metrics: &[operator_names::OUT_OF_DESCRIPTORS], label: "operation", values: &[
        ("accept", "accepting an HTTP connection"),
        ("control", "accepting a connection of a probe"),
        ("manifests", "reading `--manifests`"),
        ("api_server", "connecting to the API server"),
        ("process", "reading the metrics `process_*`"),
    ] },
    LabelValues { metrics: &["longwire_probe_http_refused_total", operator_names::HTTP_REFUSED], label: "listener", values: &[
        ("metrics", "`--metrics-listen`"),
        ("health", "`--health-listen`"),
    ] },
    LabelValues { metrics: &["longwire_probe_http_refused_total", operator_names::HTTP_REFUSED], label: "reason", values: &[
        ("header_timeout", "the headers of the request were not complete in time"),
        ("idle_timeout", "no request came in time"),
        ("write_timeout", "the client read nothing of the response for too long"),
        ("response_timeout", "the whole response took too long"),
        ("slow_reader", "the client read slowly while others waited"),
        ("replaced", "the connection was idle, and a new one needed its slot"),
        ("too_many_connections", "every slot was taken by a request in progress"),
        ("http2", "the client used HTTP/2"),
        ("malformed", "the request is not HTTP/1, or its headers are too large"),
        ("too_many_scrapes", "too many scrapes waited: the response was 503"),
    ] },
    LabelValues {
        metrics: &["longwire_probe_scrape_authorizations_total", operator_names::SCRAPE_AUTHORIZATIONS, operator_names::AUTHORIZATION_REQUESTS],
        label: "outcome",
        values: &OUTCOMES,
    },
    LabelValues { metrics: &[operator_names::AUTHORIZATION_REQUESTS], label: "outcome", values: &[
        ("no_stream", "the request came on a connection without an admitted stream"),
    ] },
    LabelValues { metrics: &[operator_names::LIVE_REQUESTS], label: "resource", values: &[
        ("connections", "the connections"),
        ("edges", "the edges"),
        ("probes", "the probes"),
        ("discovery", "names and versions of the group's resources"),
        ("openapi", "schemas of the group's kinds"),
        ("health", "whether the API is served"),
        ("other", "a path that does not exist, or a method that is not served there"),
    ] },
    LabelValues { metrics: &[operator_names::LIVE_REQUESTS], label: "verb", values: &[
        ("get", "one object or document"),
        ("list", "a list of objects"),
        ("watch", "a watch of objects, counted when it begins"),
        ("other", "a request that is not served"),
    ] },
    LabelValues { metrics: &[operator_names::LIVE_REQUESTS], label: "code", values: &[
        ("200", "answered"),
        ("301", "an OpenAPI document is at another address"),
        ("304", "the client has the document already"),
        ("400", "the request is malformed, or has a selector that is not known"),
        ("401", "the API server named no user"),
        ("403", "the user may not do this"),
        ("404", "the object or path does not exist"),
        ("405", "the method or verb is not served"),
        ("406", "the client accepts no media type that is served"),
        ("410", "the version or the continue token is too old"),
        ("422", "options of the request contradict each other"),
        ("429", "too many requests at a time"),
        ("503", "no operator leads, or the API server did not authorize the request"),
        ("504", "the version is newer than any of this API"),
        ("other", "any other code"),
    ] },
    LabelValues { metrics: &[operator_names::LIVE_DISBELIEVED], label: "reason", values: &[
        ("no_pod", "the end that reports is no pod"),
        ("foreign_pod", "the end that reports is a pod of another node, or of none that is known"),
        ("long_name", "the name of a Service is longer than Kubernetes allows"),
        ("held", "another probe or socket reports this end already"),
        ("other_pod", "the other end names another pod, and the connection is shown so already"),
        ("full", "there are as many connections as the operator keeps"),
        ("node_full", "the node has as many connections as one may have"),
        ("number", "the probe has given the number to another connection"),
    ] },
    LabelValues { metrics: &[operator_names::LIVE_REFUSED], label: "reason", values: &[
        ("too_many", "too many connections or handshakes at a time"),
        ("no_front_proxy", "this replica cannot verify the API server: it knows no usable configuration of the front proxy"),
        ("no_certificate", "the client presented no certificate"),
        ("certificate", "the client's certificate is not the API server's"),
        ("plaintext", "the client does not use TLS"),
        ("refused_by_peer", "the client does not accept the certificate"),
        ("protocol", "the client violates the TLS protocol, or supports no common version or cipher"),
        ("broken", "the connection broke"),
        ("timeout", "the handshake took too long"),
    ] },
    LabelValues { metrics: &[operator_names::OBJECTS], label: "kind", values: &[
        ("pods", "Pods"),
        ("services", "Services"),
        ("endpointslices", "EndpointSlices"),
        ("nodes", "Nodes"),
        ("namespaces", "Namespaces"),
    ] },
    LabelValues { metrics: &[operator_names::OBJECTS_REFUSED, operator_names::OBJECTS_CONFLICTED], label: "kind", values: &[
        ("telemetrypolicies", "TelemetryPolicies"),
        ("extrastattags", "ExtraStatTags"),
        ("statsmatchers", "StatsMatchers"),
    ] },
    LabelValues { metrics: &[operator_names::OBJECTS_REFUSED], label: "reason", values: &[
        ("Invalid", "a field has a value that cannot be used"),
        ("NotRootNamespace", "a field is for the whole cluster, and the object is not in the operator's root namespace"),
        ("TooLarge", "the object exceeds the size limit of an object"),
        ("NamespaceBudgetExceeded", "older objects of the namespace use its whole budget"),
    ] },
    LabelValues { metrics: &[operator_names::IDENTITIES_LEFT_OUT], label: "kind", values: &[
        ("claim", "a Service's claim to an address that more than 1,024 share, or of more than 64 of one namespace by `externalIPs`, or with which a Service claims more than 16,384 ports of addresses"),
        ("service", "a Service of a pod's port, beyond 256 in addition to the first, or beyond 1,024 such ports"),
        ("port", "a TCP port of a Service, beyond 1,024"),
        ("endpoint", "an endpoint that a Service's EndpointSlices name by address, beyond 256"),
    ] },
    LabelValues { metrics: &[operator_names::PODS_REDUCED], label: "limit", values: &[
        ("pod", "the limit of one pod's configuration in a probe's memory"),
        ("node", "the limit of the configuration of all pods of a node"),
    ] },
    LabelValues { metrics: &[operator_names::ROLE], label: "role", values: &[
        ("leader", "it holds the Lease and serves probes"),
        ("standby", "it has the same state, and takes over when the leader stops"),
    ] },
    LabelValues { metrics: &[operator_names::ADDRESS_OBSERVATIONS], label: "result", values: &[
        ("accepted", "the pod owns the address from now on"),
        ("not_on_node", "the pod is not on the probe's node, or not any more"),
        ("outside", "no node's pod CIDR contains the address, and no pod had it recently"),
    ] },
    LabelValues { metrics: &[operator_names::STREAMS_REFUSED], label: "reason", values: &[
        ("no_token", "there is no token"),
        ("invalid", "the token is not a valid one of this cluster, as checked without the API server"),
        ("rejected", "the API server does not accept the token"),
        ("expired", "the token has expired"),
        ("other_account", "the token is of another ServiceAccount than the probe's"),
        ("not_bound", "the token is not bound to a pod"),
        ("pod_gone", "the token's pod is not known to exist"),
        ("other_node", "the token's pod is on another node than the one in hello"),
        ("other_pod", "the new token is of another pod than the stream's"),
        ("not_synced", "this replica has not listed all pods yet"),
        ("unverifiable", "tokens cannot be verified now"),
        ("busy", "too many tokens or calls wait"),
        ("too_many", "the node has too many streams or calls"),
        ("too_many_calls", "the connection calls too often, and ends"),
        ("replaced", "a newer stream of the same node replaced it"),
        ("evicted", "the connection had no admitted stream, and another one needed its slot"),
        ("no_stream", "a live stream on a connection without an admitted stream"),
        ("invalid_report", "a live stream with a report that cannot be true"),
    ] },
    LabelValues { metrics: &[operator_names::HANDSHAKES_REFUSED], label: "reason", values: &[
        ("plaintext", "the client does not use TLS"),
        ("protocol", "the client violates the TLS protocol, or supports no common version or cipher"),
        ("refused_by_peer", "the client does not accept the certificate"),
        ("broken", "the connection broke"),
        ("timeout", "the handshake took too long"),
        ("rate", "too many handshakes came from its address"),
        ("not_accepted", "the operator could not accept the connection"),
        ("no_stream", "no stream was admitted in time"),
        ("evicted", "the connection had no admitted stream, and another one needed its slot"),
        ("busy", "too many connections wait for a stream"),
    ] },
    LabelValues { metrics: &[operator_names::TOKENS_VERIFIED], label: "by", values: &[
        ("api_server", "a TokenReview of the API server"),
        ("cached", "the API server's answer, a few seconds old"),
        ("keys", "the API server's keys, while it did not answer"),
    ] },
    LabelValues { metrics: &[operator_names::CONNECTIONS], label: "stage", values: &[
        ("handshake", "in the TLS handshake"),
        ("pending", "without an admitted stream"),
        ("admitted", "with an admitted stream"),
    ] },
    LabelValues { metrics: &[operator_names::CERTIFICATE_EXPIRY], label: "certificate", values: &[
        ("leaf", "the serving certificate"),
        ("authority", "the newest CA that signs it"),
    ] },
];
