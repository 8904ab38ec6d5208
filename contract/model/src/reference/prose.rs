//! Text of the page beside its tables.

use crate::series::SeriesSet;

pub(super) const OPENING: &str = "\
# Metrics

<!-- Made from contract/model/src/series and reference; do not edit. `UPDATE_REFERENCE=1 cargo test -p longwire-model` generates it. -->

Every series of a probe, on `/metrics` and `/stats/prometheus`; at the end those of the operator, on its `/metrics`. Names are those of the text format 0.0.4. In OpenMetrics 1.0 the names of samples are the same, a counter's HELP and TYPE name the family without `_total`, and `le` is `1.0`
instead of `1`.

Counters have 64 bits from the kernel to the exposition. A counter starts at 0 with its series, and is reset only if the series expires or the probe loses its saved state. A family appears with its first label set. A label set appears in a family when a pod for which the metric is enabled has the first
connection.

Labels are those of the tables unless a policy replaces, removes or adds some: a replaced label keeps its position, added labels follow in the order of their names. Equal label sets are one series, and their values are summed: if a policy removes `reporter`, both ends of a
connection add to one series, and bytes keep their direction.
";

pub(super) const CLOSING: &str = "
## Values that are not names

No label is ever empty.

| value | label | meaning |
| --- | --- | --- |
| `unknown` | any naming label | the workload is not known: the address is a node's, or its owner changed about when the connection opened; the operator did not answer in time; conntrack did not know the backend; the client is outside the cluster or masqueraded. \
`longwire_probe_connections_unresolved_total` counts them by reason. Also: the object leaves the label empty |
| `latest` | `*_canonical_revision` | the pod has no revision label, or the workload is unknown |
| `PassthroughCluster` | `destination_service_name` | the client connected to an address outside the cluster |
| `unknown` | a tag | its expression resulted in nothing, or reads a label that the pod does not have; the latter is counted in `longwire_probe_expression_errors_total` |
| `overflow` | all naming labels together | the overflow series: a budget had no room for another label set, see below |
| `overflow` | a tag | the tag already has its maximum of values on the node |
| `-` | `response_flags` | always |

## Where the two reporters of an edge may differ

If both probes saw a connection from its open, and it ended gracefully, `reporter=\"source\"` and `reporter=\"destination\"` have the same bytes, and the same labels apart from `reporter`. The exceptions:

| case | difference |
| --- | --- |
| the connection was aborted: RST, timeout, a killed process or node | each end reports its own socket: the sender the bytes it sent, the receiver the bytes that arrived in order |
| the connection was adopted: older than the probe | counted from adoption on, not in `opened`, but in `closed`; two probes adopt at different times, and `opened` less `closed` can be negative |
| ambiguous or masqueraded addresses | one end may know names that are `unknown` to the other, so that one connection is in two edges |
| the connection is still open | bytes in flight are sent and not yet received, and samples are up to one interval apart |
| failed attempts | only the client's end reports them, because the server's may not exist |
| a metric that is disabled for one of the pods | that end does not report it |
| tags | each end's pod has its own tags, and if the client is on another node, the server's end does not know which Service was requested |

## Budgets

`--max-series` is the maximum number of lines of `istio`, `longwire`, `kmesh-workload` and `envoy` in a scrape. A label set is charged for its lines in a scrape: for its counters when its first connection begins, for reasons of failures and for histograms when they appear. \
A failed attempt is charged only for the metrics of failures. If there is no room, a connection is counted in the overflow series of its reporter until it ends; if only some metrics have no room, in the overflow series of those. A histogram or a reason that appears later is counted in the overflow series until there is room. \
The sum over all label sets stays exact, and nothing is dropped. The overflow series are charged in advance and always have room.

Long connections have a budget of their own, 1,000 label sets a node, and their own overflow series.

The memory of label sets is limited too, by the length of their labels: 512 bytes for each line of `--max-series`, 2,048 for each long connection and 256 KiB, which are 51 MiB by default. `longwire_probe_label_set_bytes` and `longwire_probe_label_set_bytes_limit` report both.

One namespace has at most a third of each of the three budgets. `limits.seriesPerNamespace` of a TelemetryPolicy changes that, with the same share of the long connections and of the bytes. A label set counts against the namespace of the pod that reports it. Connections with the pods of one other namespace have at most half of the share; \
unknown peers, such as clients outside the cluster, count as one namespace. Connections for which a share has no room are counted in an overflow series that keeps the namespace of the reporter in `source_workload_namespace` or `destination_workload_namespace`, or both namespaces if the half for one other namespace is full; all its other naming labels are `overflow`. \
At most 64 such label sets of a kind exist at a time; further namespaces are counted in the node's overflow series. They are charged to the node and are removed when they are idle.

A TelemetryPolicy can change the budgets while a probe runs. If a budget shrinks, existing label sets stay, and new ones are not created until there is room again. `longwire_probe_overflowed_total` counts the connections in overflow series: by the kind of label set if the node's budget was full, by `namespace` if a share was full (`kind` is `namespace`, or `peer` if the half for \
one other namespace was full, and `namespace` is that other one; 128 shares are distinguished, further ones are `overflow`), and values of tags (`tag_value`).

## How long series stay

- A series stays while a connection adds to it, even an idle one.
- Series of edges and workloads stay until nothing has changed for 10 minutes and one of the two workloads is gone. Series of clusters stay until nothing has changed for 10 minutes and the pod is gone.
- Series with labels that a policy changes are also removed when nothing has changed for 10 minutes and the pod that reported last is gone, or its configuration or labels have changed since, or the pod at the other end is gone. For 10 minutes after a restart of the probe no such series is removed; then those to which no connection has added since.
- Series of long connections keep their last value until two scrapes that started after the end have completed, every scraper has seen it and 60 seconds have passed, but for 5 minutes at most.
- All other series stay until every scraper of the last 5 minutes has seen the last values, and for 15 minutes without a change at most.
- An [exporter](logs-and-exports.md#exporters) that pushes is waited for as a scraper is, until 15 minutes have passed, for series of long connections too.
- A disabled metric, to which no connection adds while others of its label set continue, stays for 5 to 10 minutes.
- Overflow series stay.

## What an edit of the configuration does

New connections use the new configuration at once, and live connections from their next sample on: an edit starts a pass, at least a quarter of a second after the last one. From then on a connection whose pod's configuration has changed adds to the label sets of the new \
configuration only. Those that only the old one had do not change any more until they are removed. Nothing is counted twice, and nothing is lost: the sum of a metric over all label sets is exact if the metric was enabled throughout.

| metric | label set |
| --- | --- |
| opened | stays in the label set where it was counted |
| bytes, packets, histograms | what is sampled after the edit: in the new label set, from 0 |
| closed | in the label set of the connection at its close |
| active | moves to the new label set |
| of a long connection | if its label set is new, or its series become enabled: the bytes since the edit. If the labels are the same, the series continue |

A connection that becomes long after an edit starts with all its bytes. A new threshold applies at once to connections that are not long yet; long connections stay long.

Names do not change during a connection: labels and tags have the names of the other end as they were known when the connection opened. A tag that reads a label of the connection's own pod follows that label: a change is an edit of the configuration, if an expression reads the label.
";

/// Why an attempt to connect failed.
pub(super) const REASONS: [(&str, &str); 6] = [
    (
        "refused",
        "the answer was an RST, or an ICMP message that no process listens there, such as a reject of kube-proxy",
    ),
    ("timeout", "no answer came in time"),
    ("unreachable", "a router or host answered that there is no route"),
    ("aborted", "the application gave up first"),
    ("never_sent", "no segment left the node, because it had no free port, no route or no memory"),
    ("other", "any other error of the kernel"),
];

/// In the order of the table's directions.
pub(super) const DIRECTIONS: [&str; 2] = [
    "from server to client, as `istio_tcp_sent_bytes_total`",
    "from client to server, as `istio_tcp_received_bytes_total`",
];

pub(super) const SERVER_STATISTICS: &str = "
Two statistics are not of a pod, but of the probe, as Envoy has them of itself. A probe exposes them, once and without labels, while the StatsMatcher of a pod of its node accepts their names:

";

pub(super) const SELF_METRICS: &str = "\
In addition, `process_*` of the Prometheus client library.
";

pub(super) const VALUES: &str = "
## Values of labels of these metrics
";

pub(super) fn of(set: SeriesSet) -> &'static str {
    match set {
        SeriesSet::Istio => {
            "\
On by default, except for pods whose own mesh exports these series already. One label set an edge and reporter, under the names that Istio's dashboards and Kiali read.

Bytes are Istio's: *received* went from client to server and *sent* from server to client, whichever end reports. All four appear with the first connection that was established or adopted; an edge that only has failed attempts has none of them.
"
        }
        SeriesSet::KmeshConnection => {
            "\
On by default. One label set a connection that is older than its pod's threshold, by default `--long-connection-threshold`; it begins with all bytes of the connection since it was opened or adopted.

Bytes are the reporting socket's own, as in Kmesh: at the client, *sent* went to the server. IPv6 addresses are written in brackets where a port follows; Kmesh does not, so that the port cannot be distinguished.
"
        }
        SeriesSet::KmeshWorkload => {
            "\
Off unless `telemetry.longwire.io/series-sets` or a TelemetryPolicy enables it. One label set a source workload, destination pod and reporter. Bytes are the reporting socket's own, as in Kmesh.
"
        }
        SeriesSet::Longwire => {
            "\
On by default. Metrics that Istio does not have: failed connections, the quality of the network, times.

The gauge and the counters except the failures appear with the first connection that was established or adopted, a reason or a histogram with its first event. Only the client's end reports failed attempts and handshakes: `reporter=\"source\"`.
"
        }
        SeriesSet::Locality => {
            "\
On by default. Bytes between two workloads by what a cloud's bill distinguishes: within a zone, between zones, between regions, out of the cluster. One label set a pair of workloads, scope and reporter, without Services, pods and versions, so that there are few.

The sum over `scope` of one reporter and direction is the sum of `istio_tcp_sent_bytes_total` or `istio_tcp_received_bytes_total` between the same workloads of the same reporter, to the byte, while both sets are on. Both ends report a connection between two pods: choose one reporter, or bytes count twice. \
`reporter=\"source\"` has all that pods of the cluster have begun, also to addresses outside; what others have begun, such as clients outside the cluster, is at `reporter=\"destination\"` alone, with the scope `unknown`.

Zones and regions are the labels `topology.kubernetes.io/zone` and `topology.kubernetes.io/region` of the nodes, as they were when the connection opened: a connection keeps its scope when a node is labelled anew. For the names of zones as labels see [locality](configuration.md#locality).
"
        }
        SeriesSet::Envoy => {
            "\
Off by default. A StatsMatcher admits each statistic of a pod, as in Istio. There is one label set for each pod and each cluster that the pod connects to. The name of a statistic is the one that it has in Envoy as a sidecar of the pod, and the matcher matches that name: `cluster.outbound|80||web.shop.svc.cluster.local.upstream_cx_total`.

Where the counts differ from Envoy's, or follow a rule of Envoy's that may be unexpected:

| case | Longwire |
|---|---|
| statistics that the kernel does not see, such as requests and retries | absent |
| type of a counter whose name does not end in `_total` | `untyped` in Prometheus text, `unknown` in OpenMetrics; both formats reserve `counter` for names that end in `_total` |
| when a connection counts | when its handshake completes or fails; Envoy counts it at the SYN |
| connection that ends with a FIN | `destroy_local` if the client sent the first FIN, else `destroy_remote` |
| connection that ends with an RST | `destroy_local` if the client sent the RST, else `destroy_remote` |
| connection that ends because the peer did not answer for too long | `destroy_remote` |
| attempt that the application gave up | `destroy_local`, as in Envoy |
| any other attempt that failed | `destroy_remote`, as in Envoy |
| connection that was open before the probe started | in `active`, not in `total` |
"
        }
    }
}
