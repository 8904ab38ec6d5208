//! Text of the page beside its tables.

use crate::series::SeriesSet;

pub(super) const OPENING: &str = "\
# Metrics

<!-- Made from contract/model/src/series and reference; do not edit. `UPDATE_REFERENCE=1 cargo test -p longwire-model` writes it anew. -->

Every series of a probe, on `/metrics` and `/stats/prometheus`; at the end those of the operator, on its `/metrics`. Names are those of the text format 0.0.4. In OpenMetrics 1.0 the names of samples are the same, a counter's HELP and TYPE name the family without `_total`, and `le` reads `1.0`
instead of `1`.

Counters are 64 bits wide from the kernel to the text; each starts at 0 when the probe does, and falls back to 0 for no other reason while a connection feeds it. A family appears with its first label set, and a label set in a family only
once the metric was on for a pod that feeds it.

Labels are those of the tables unless a policy replaces, removes or adds some: what is replaced stays in its place, what is added follows, by name. Whatever label sets read the same are one, and their figures are summed: `reporter` removed, both ends of a
connection add to one series, and bytes keep their direction.
";

pub(super) const CLOSING: &str = "
## Values that are no names

No label is ever empty.

| value | in | means |
| --- | --- | --- |
| `unknown` | any naming label | nobody can say: the address is a node's, or changed hands around the open; the operator did not answer in time; conntrack did not know the backend; a client from outside the cluster or masqueraded. \
`longwire_probe_connections_unresolved_total` counts them by reason. Also: the object leaves the label empty |
| `latest` | `*_canonical_revision` | the pod names no revision, or the workload is unknown |
| `PassthroughCluster` | `destination_service_name` | the client connected to an address outside the cluster |
| `unknown` | a tag | its expression gave nothing, or asked for a label that the pod does not have; the latter is counted in `longwire_probe_expression_errors_total` |
| `overflow` | every naming label at once | folded: there was no room for a label set of its own, see below |
| `overflow` | a tag | the tag has as many other values as it may have on a node |
| `-` | `response_flags` | always |

## Where the two reporters of an edge may differ

For a connection that both probes saw from its open, and that ended gracefully, `reporter=\"source\"` and `reporter=\"destination\"` have equal labels otherwise, and equal bytes. The exceptions:

| case | what to expect |
| --- | --- |
| cut: RST, timeout, a killed process or node | each end reports its own socket: the sender what it handed to the network, the receiver what arrived in order |
| adopted: older than the probe | counted from adoption on, never in `opened`, but in `closed`; two probes adopt at two moments, and `opened` less `closed` can be negative |
| ambiguous or masqueraded addresses | one end may know names that are `unknown` to the other, so that one connection is in two edges |
| still alive | what is in flight was sent and is not yet received, and samples are up to one interval apart |
| attempts that failed | the client's end alone reports them: the server's may not exist |
| a metric that is off for one of the pods | that end says nothing |
| tags | each end's pod has tags of its own, and the server of a client on another node does not know which Service was requested |

## Budgets

`--max-series` bounds the lines of `istio`, `longwire`, `kmesh-workload` and `envoy` in a scrape. A label set is charged for the lines that a scrape contains: its counters when the first connection claims them, reasons of failures and histograms when they appear. \
An attempt that failed claims only what failures feed. Where there is no room a connection feeds the `overflow` label set of its reporter for its whole life; where only some metrics find none, for those; and a histogram or a reason that appears later folds alone until there is room. \
The sum over all label sets stays exact: nothing is dropped. `overflow` is charged in advance and always fits.

Long connections have a budget of their own, 1,000 label sets a node, and their own `overflow`.

The memory of label sets is bounded as well, by the length of their labels: 512 bytes for each line of `--max-series`, 2,048 for each long connection and 256 KiB, so 51 MiB by default. `longwire_probe_label_set_bytes` and `longwire_probe_label_set_bytes_limit` tell.

One namespace has at most a third of each of the three, or what `limits.seriesPerNamespace` of a TelemetryPolicy says: the same part of the long connections and of the bytes. A label set belongs to the namespace of the pod that reports it. What a namespace does with pods of one other namespace has at most half of its share; \
clients that nobody knows, such as those outside the cluster, count as one namespace. What finds no room in a share goes to an overflow set that keeps the namespace of the reporter in `source_workload_namespace` or `destination_workload_namespace`, and for one other namespace both; everything else of it reads `overflow`. \
At most 64 such sets of a kind exist at a time, further namespaces fold into the node's. They are charged to the node and go when they are idle.

The budgets can be configured for a node while it runs. What is there stays when a budget shrinks; nothing new comes until there is room again. `longwire_probe_overflowed_total` counts what was folded, by kind of label set where the node had no room, by `namespace` where a share had none (`kind` is `namespace`, or `peer` for what \
one other namespace may use, which is then the one that is named; 128 budgets are told apart, the rest is `overflow`), and values of tags (`tag_value`).

## How long series stay

- While a connection feeds it, a series stays, idle or not.
- Of edges and workloads: until nothing has changed for 10 minutes and one of the two workloads has gone. Of clusters: and the pod has gone.
- With labels that a policy changes: also when nothing has changed for 10 minutes and the pod that fed it last is gone or has been configured or labelled differently since, or the pod at the other end is gone. After a restart of the probe nothing of this kind goes for 10 minutes; then what no connection has fed since.
- Of long connections: the last value stays until two scrapes that started after the end have completed, every scraper has seen it and 60 seconds have passed, and 5 minutes at most.
- All others: until every scraper that came within the last 5 minutes has seen the last figures, and 15 minutes without a change at most.
- A metric that no connection feeds any more while others of its label set go on, because it was switched off: for 5 to 10 minutes.
- `overflow` stays.

## What an edit of the configuration does

It is heeded by new connections at once, and by living ones at their next sample: a pass is made for its sake, a quarter of a second after the last one or at once. A connection whose pod's configuration has changed is looked at once more: from then on it adds to the label sets that the new one \
asks for, and not to those that only the old one did, which stand still until they go. Nothing is counted twice, and nothing is lost: over all its label sets the sum of a metric that was on throughout is exact.

| metric | where it goes |
| --- | --- |
| opened | it stays where it was counted |
| bytes, packets, histograms | what is seen after the edit: the new label set, from 0 |
| closed | the label set that is held then |
| active | moves |
| a long connection's | where its label set is a new one, or its series are switched on: what it has moved since the edit. Where the labels stay, they go on |

A connection that becomes long after an edit begins with all it has moved. A threshold counts at once for connections that are not long yet; one that is long stays so.

Names are latched: labels and tags say of the other end what was known when the connection opened. Of its own pod's labels a tag reads what they are: a change is an edit, if some expression reads that label.
";

/// Why an attempt to connect failed.
pub(super) const REASONS: [(&str, &str); 6] = [
    ("refused", "a RST answered, or an ICMP message that nothing listens there, such as a reject of kube-proxy"),
    ("timeout", "nothing answered in time"),
    ("unreachable", "a router or host said that there is no route"),
    ("aborted", "the application gave up first"),
    ("never_sent", "no segment left the node, for want of a port, a route or memory"),
    ("other", "any other error of the kernel"),
];

pub(super) const SELF_METRICS: &str = "\
Beside these, `process_*` of the Prometheus client library.
";

pub(super) const VALUES: &str = "
## Values of labels of these figures
";

pub(super) fn of(set: SeriesSet) -> &'static str {
    match set {
        SeriesSet::Istio => {
            "\
On by default, except for pods whose own mesh exports these series already. One label set an edge and reporter, under the names that Istio's dashboards and Kiali read.

Bytes are Istio's: *received* went from client to server and *sent* from server to client, whichever end reports. All four appear with the first connection that established or was adopted; an edge that only ever failed has none of them.
"
        }
        SeriesSet::KmeshConnection => {
            "\
On by default. One label set a connection that is older than its pod's threshold, by default `--long-connection-threshold`; it begins with all that the connection has moved since it was opened or adopted.

Bytes are the reporting socket's own, as in Kmesh: at the client, *sent* went to the server. IPv6 addresses are written in brackets where a port follows; Kmesh leaves them out, and nobody can tell where the port begins.
"
        }
        SeriesSet::KmeshWorkload => {
            "\
Off unless `telemetry.longwire.io/series-sets` asks. One label set a source workload, destination pod and reporter. Bytes are the reporting socket's own, as in Kmesh.
"
        }
        SeriesSet::Longwire => {
            "\
On by default. What Istio has no names for: failures, the quality of the network, times.

The gauge and the counters but the failures appear with the first connection that established or was adopted, a reason or a histogram with its first event. Of failed attempts and handshakes only the client's end knows: `reporter=\"source\"`.
"
        }
        SeriesSet::Envoy => {
            "\
Off by default. A StatsMatcher admits each statistic of a pod, as in Istio. There is one label set for each pod and each cluster that the pod connects to. The name of a statistic is what Envoy would call it if it ran beside the pod, and the matcher reads that name: `cluster.outbound|80||web.shop.svc.cluster.local.upstream_cx_total`.

Where the counts differ from Envoy's, or follow a rule of Envoy's that may surprise:

| what | here |
|---|---|
| statistics that the kernel does not see, such as requests and retries | absent |
| type of a counter whose name does not end in `_total` | `untyped` in Prometheus text, `unknown` in OpenMetrics; both formats reserve `counter` for names that end in `_total` |
| when a connection counts | when its handshake completes or fails; Envoy counts it at the SYN |
| connection that ends with a FIN | `destroy_local` if the client sent the first FIN, else `destroy_remote` |
| connection that ends with an RST | `destroy_local` if the client sent the RST, else `destroy_remote` |
| connection that ends because the peer was silent for too long | `destroy_remote` |
| attempt that the application gave up | `destroy_local`, as in Envoy |
| any other attempt that failed | `destroy_remote`, as in Envoy |
| connection that was open before the probe started | in `active`, not in `total` |
"
        }
    }
}
