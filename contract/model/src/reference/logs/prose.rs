//! Text of the section beside its tables.

pub(super) const OPENING: &str = "\
## Access logs

An access log has a line for each connection that closes or fails, and, where a policy asks for it, for each that is established and for each interval of a long one. It is off until `spec.accessLogs` of a [TelemetryPolicy](configuration.md#access-logs) or a pod's annotation switches it on:

```yaml
apiVersion: telemetry.longwire.io/v1alpha1
kind: TelemetryPolicy
metadata: {name: logs, namespace: shop}
spec:
  accessLogs: {enabled: true}
```

Each probe writes the lines of its node's pods to its standard output, unless a policy names [exporters](#exporters); its own log goes to standard error. `kubectl logs` shows both:

```sh
kubectl logs --namespace longwire-system --selector app=longwire-probe --tail 20
```

If both pods are logged, both ends of a connection write a line, each on its node, with one `id`. Where all connections of an edge are logged and have ended, the bytes of its lines `End` add up to `istio_tcp_sent_bytes_total` and `istio_tcp_received_bytes_total`, and their number to `istio_tcp_connections_closed_total`; a line with `connections` counts as so many. So do the lines `Failed` to `longwire_tcp_connections_failed_total`. \
Lines that a filter, a sample, `minDuration`, `until` or a limit leaves out are missing in such sums, and connections that the probe gave up on have no line `End`.

A probe makes lines without waiting for their reader. It keeps at most about 30,000 lines that are not written yet. Lines that it leaves out are counted by reason in `longwire_probe_access_log_lines_dropped_total`; those beyond a rate or a full queue also in the field `suppressed` of the pod's next line. \
A probe that is killed loses no line of a connection that its saved state has, unless their reader is more than 100 ms behind. The next probe may repeat lines of the last five seconds with the same `id` and `type`; their cumulative fields are right, so take the largest of an `id`.

A connection is read once a reporting interval, so its line `Connect` comes at its first reading, and one that ends before has none. The first line `Periodic` comes one to two intervals after the start, so that the lines of many connections do not come all at once.

## Fields

The format `json` writes one object a line, with these fields in this order. A string that is not known is `unknown`, as in the labels of the series. A field whose meaning says when it is absent is left out then. Integers are JSON numbers. \"As the label\" means the label of `istio_tcp_*` in [metrics.md](metrics.md).

";

pub(super) const TEXT: &str = r#"
The line of a connection that closed, at the client's end:

```json
{"time":"2026-12-01T13:40:00.123456Z","type":"End","id":"4d125d5b865f3297f20fd18659ed5bb7","reporter":"source","source_workload":"web","source_namespace":"shop","source_canonical_service":"web-app","source_canonical_revision":"v1","source_pod":"web-0","source_node":"node-1","source_address":"10.0.0.1:45784","destination_workload":"db","destination_namespace":"shop","destination_canonical_service":"db-app","destination_canonical_revision":"v1","destination_pod":"db-0","destination_node":"node-2","destination_address":"10.1.2.3:5432","destination_service":"db.shop.svc.cluster.local","destination_service_name":"db","destination_service_namespace":"shop","requested_service":"db.shop.svc.cluster.local","requested_address":"10.96.0.5:5433","start_time":"2026-12-01T13:40:00.109744Z","duration_us":13712,"sent_bytes":406,"received_bytes":108,"new_sent_bytes":400,"new_received_bytes":100,"retransmitted_bytes":30,"retransmits":2,"lost_packets":1,"rtt_us":345,"min_rtt_us":120,"handshake_us":210,"closed_by":"destination","close_reason":"fin"}
```

## Format strings

A `format` with a `%` in it is a format string with Envoy's command operators. Operators that only a proxy can fill are refused, and the message lists those that can be used. There is no proxy between the two ends, so `UPSTREAM` and `DOWNSTREAM` operators are about the same connection. A value that is not known is `-`. Format strings are only allowed in the root namespace, because the lines of all namespaces are in one log. `%OPERATOR:12%` cuts a value to 12 characters, and `%%` is a percent sign.

"#;

pub(super) const PRESETS: &str = r#"
## Formats of others

The same connection's line in the formats `istio`, `ztunnel` and `kmesh`, in this order. `istio` is what a sidecar of Istio writes by default for TCP, `ztunnel` what Istio's ztunnel writes at a connection's end, and `kmesh` what Kmesh writes periodically and at the end:

```text
[2026-12-01T13:40:00.109Z] "- - -" 0 - - - "-" 108 406 13 - "-" "-" "-" "-" "10.1.2.3:5432" outbound|5433||db.shop.svc.cluster.local 10.0.0.1:45784 10.96.0.5:5433 10.0.0.1:45784 - -
2026-12-01T13:40:00.123456Z	info	access	connection complete	src.addr=10.0.0.1:45784 src.workload="web-0" src.namespace="shop" dst.addr=10.1.2.3:5432 dst.service="db.shop.svc.cluster.local" dst.workload="db-0" dst.namespace="shop" direction="outbound" bytes_sent=108 bytes_recv=406 duration="13ms"
accesslog: 2026-12-01 13:40:00.123456789 +0000 UTC src.addr=10.0.0.1:45784, src.workload=web-0, src.namespace=shop, dst.addr=10.1.2.3:5432, dst.service=db.shop.svc.cluster.local, dst.workload=db-0, dst.namespace=shop, start_time=2026-12-01 13:40:00.109744444 +0000 UTC, direction=OUTBOUND, state=BPF_TCP_CLOSE, sent_bytes=108, received_bytes=406, packet_loss=1, retransmissions=2, srtt=345us, min_rtt=120us, duration=13.712345ms
```

`bytes_sent` of `ztunnel` and `sent_bytes` of `kmesh` are bytes that the reporting end sent, as there; fields that need mTLS are left out.
"#;

pub(super) const FILTER: &str = "
## Filters

`filter` is an [expression](expressions.md) that is true or false. It may read everything that tags may, and these attributes, which have their values at the moment of the event. Times are ints in microseconds; `duration(\"1m30s\")` writes one.

```yaml
filter: 'destination.namespace == \"shop\" && (connection.duration > duration(\"10s\") || connection.retransmits > 0)'
```

";

pub(super) const CLOSING: &str = "
An expression that has no value, because a pod lacks the label that it reads, leaves the line out; `longwire_probe_access_log_filter_errors_total` counts it.
";
