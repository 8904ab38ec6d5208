//! Specs that cannot be used, and the reasons. No API server has checked them before.

use crate::cluster::Cluster;
use std::fmt::Write;

pub(crate) const TELEMETRY: &str = "TelemetryPolicy";
pub(crate) const TAGS: &str = "ExtraStatTags";
pub(crate) const STATS: &str = "StatsMatcher";

/// Kind, spec, and reason with message.
const WRONG: [(&str, &str, &str); 75] = [
    (
        TELEMETRY,
        "{selector: {}}",
        "Invalid: spec.selector: must have matchLabels or matchExpressions; leave the selector out to mean every pod of the namespace",
    ),
    (TELEMETRY, "{selector: {matchLabels: {}}}", "Invalid: spec.selector.matchLabels: is empty: leave it out"),
    (
        TELEMETRY,
        "{selector: {matchLabels: {-app: web}}}",
        "Invalid: spec.selector.matchLabels.-app: \"-app\" is no label's name, as app or app.kubernetes.io/name",
    ),
    (
        TELEMETRY,
        "{selector: {matchLabels: {app: a b}}}",
        "Invalid: spec.selector.matchLabels.app: \"a b\" is no label's value: at most 63 letters, digits, -, _ and ., the first and the last a letter or digit",
    ),
    (
        TELEMETRY,
        "{selector: {matchExpressions: [{key: app, operator: Is}]}}",
        "Invalid: spec.selector.matchExpressions[0].operator: unknown operator \"Is\": known are In, NotIn, Exists, DoesNotExist",
    ),
    (
        TELEMETRY,
        "{selector: {matchExpressions: [{key: app, operator: In}]}}",
        "Invalid: spec.selector.matchExpressions[0].values: must have at least one value when operator is In or NotIn",
    ),
    (
        TELEMETRY,
        "{selector: {matchExpressions: [{key: app, operator: Exists, values: [web]}]}}",
        "Invalid: spec.selector.matchExpressions[0].values: must be empty when operator is Exists or DoesNotExist",
    ),
    (
        TELEMETRY,
        "{selector: {matchLabels: [app]}}",
        "Invalid: spec.selector.matchLabels: invalid type: sequence, expected a map",
    ),
    (
        TELEMETRY,
        "{reportingInterval: 5s}",
        "NotRootNamespace: spec.reportingInterval: is for the whole cluster, and only allowed in namespace longwire-system: leave it out here",
    ),
    (
        TELEMETRY,
        "{budgets: {series: 5}}",
        "NotRootNamespace: spec.budgets: is for the whole cluster, and only allowed in namespace longwire-system: leave it out here",
    ),
    (
        TELEMETRY,
        "{limits: {extraTags: 5}}",
        "NotRootNamespace: spec.limits: is for the whole cluster, and only allowed in namespace longwire-system: leave it out here",
    ),
    (
        TELEMETRY,
        "{accessLogs: {format: 'id=%LONGWIRE(id)%'}}",
        "NotRootNamespace: spec.accessLogs.format: a format string is only allowed in namespace longwire-system, because lines of all namespaces are in one log: write one of json, istio, ztunnel, kmesh here",
    ),
    (
        TELEMETRY,
        "{limits: {extraTags: 5}, selector: {matchLabels: {app: web}}}",
        "Invalid: spec.limits: is for the whole cluster: leave spec.selector out",
    ),
    (TELEMETRY, "{reportingInterval: 500ms}", "Invalid: spec.reportingInterval: 500ms is not between 1s and 300s"),
    (
        TELEMETRY,
        "{reportingInterval: 5}",
        "Invalid: spec.reportingInterval: invalid type: integer `5`, expected a string in Go `time.Duration.String()` format",
    ),
    (
        TELEMETRY,
        "{reportingInterval: -5s}",
        "Invalid: spec.reportingInterval: \"-5s\" is no duration: write one as 5s, 500ms or 1m30s",
    ),
    (
        TELEMETRY,
        "{longConnections: {threshold: 99999999999999999999h}}",
        "Invalid: spec.longConnections.threshold: \"99999999999999999999h\" is no duration: write one as 5s, 500ms or 1m30s",
    ),
    (
        TELEMETRY,
        "{longConnections: {threshold: 2h}}",
        "Invalid: spec.longConnections.threshold: 7200s is not between 1s and 3600s",
    ),
    (
        TELEMETRY,
        "{longConnections: {enabled: sometimes}}",
        "Invalid: spec.longConnections.enabled: invalid type: string \"sometimes\", expected a boolean",
    ),
    (TELEMETRY, "{budgets: {series: 0}}", "Invalid: spec.budgets.series: 0 is not between 1 and 10000000"),
    (
        TELEMETRY,
        "{locality: {enabled: sometimes}}",
        "Invalid: spec.locality.enabled: invalid type: string \"sometimes\", expected a boolean",
    ),
    (
        TELEMETRY,
        "{budgets: {longConnections: 1000001}}",
        "Invalid: spec.budgets.longConnections: 1000001 is not between 0 and 1000000",
    ),
    (TELEMETRY, "{limits: {extraTags: 33}}", "Invalid: spec.limits.extraTags: 33 is not between 0 and 32"),
    (
        TELEMETRY,
        "{seriesSets: [istio, envoy]}",
        "Invalid: spec.seriesSets[1]: unknown series set \"envoy\": known are istio, kmesh-connection, kmesh-workload, longwire, longwire-locality",
    ),
    (TELEMETRY, "{seriesSets: [istio, istio]}", "Invalid: spec.seriesSets[1]: istio is in the list twice"),
    (
        TELEMETRY,
        "{overrides: [{disabled: true}, {match: {reporter: source}}]}",
        "Invalid: spec.overrides[1]: must have disabled or tagOverrides, or it changes nothing",
    ),
    (
        TELEMETRY,
        "{overrides: [{disabled: true, match: {metric: istio_requests_total}}]}",
        "Invalid: spec.overrides[0].match.metric: unknown metric \"istio_requests_total\"",
    ),
    (
        TELEMETRY,
        "{overrides: [{disabled: true, match: {metric: envoy_cluster_upstream_cx_total}}]}",
        "Invalid: spec.overrides[0].match.metric: unknown metric \"envoy_cluster_upstream_cx_total\"",
    ),
    (
        TELEMETRY,
        "{overrides: [{disabled: true, match: {reporter: client}}]}",
        "Invalid: spec.overrides[0].match.reporter: unknown variant `client`, expected `source` or `destination`",
    ),
    (
        TELEMETRY,
        "{overrides: [{disabled: true, match: {mode: SERVER, reporter: source}}]}",
        "Invalid: spec.overrides[0].match: mode is Istio's word for reporter: give one of both",
    ),
    (
        TELEMETRY,
        "{overrides: [{disabled: true, match: {metric: TCP_SENT}}]}",
        "Invalid: spec.overrides[0].match.metric: unknown metric \"TCP_SENT\"",
    ),
    (
        TELEMETRY,
        "{metrics: [{}, {providers: [{name: stackdriver}]}]}",
        "Invalid: spec.metrics[1].providers[0].name: \"stackdriver\" is not known: write prometheus, or leave providers out; other receivers are in spec.exporters",
    ),
    (
        TELEMETRY,
        "{metrics: [{overrides: [{disabled: true}, {match: {mode: CLIENT}}]}]}",
        "Invalid: spec.metrics[0].overrides[1]: must have disabled or tagOverrides, or it changes nothing",
    ),
    (
        TELEMETRY,
        "{metrics: [{reportingInterval: 5s}]}",
        "NotRootNamespace: spec.metrics[].reportingInterval: is for the whole cluster, and only allowed in namespace longwire-system: leave it out here",
    ),
    (
        TELEMETRY,
        "{reportingInterval: 5s, metrics: [{reportingInterval: 5s}]}",
        "Invalid: spec.metrics[].reportingInterval: is given in spec.reportingInterval too: leave one out",
    ),
    (
        TELEMETRY,
        "{metrics: [{reportingInterval: 5s}, {reportingInterval: 6s}]}",
        "Invalid: spec.metrics[1].reportingInterval: is given twice: leave one out",
    ),
    (
        TELEMETRY,
        "{metrics: [{}, {reportingInterval: 99999999999999999999h}]}",
        "Invalid: spec.metrics[1].reportingInterval: \"99999999999999999999h\" is no duration: write one as 5s, 500ms or 1m30s",
    ),
    (
        TELEMETRY,
        "{overrides: [{tagOverrides: {team: {}}}]}",
        "Invalid: spec.overrides[0].tagOverrides.team.value: must be given when operation is UPSERT",
    ),
    (
        TELEMETRY,
        "{overrides: [{tagOverrides: {team: {operation: REMOVE, value: source.zone}}}]}",
        "Invalid: spec.overrides[0].tagOverrides.team.value: must not be given when operation is REMOVE",
    ),
    (
        TELEMETRY,
        "{overrides: [{tagOverrides: {le: {value: source.zone}}}]}",
        "Invalid: spec.overrides[0].tagOverrides.le: tag name le is reserved: choose another than __*, le, job, instance, app and reason",
    ),
    (
        TELEMETRY,
        "{overrides: [{}, {}, {}]}",
        "Invalid: spec.overrides[0]: must have disabled or tagOverrides, or it changes nothing",
    ),
    (
        TELEMETRY,
        "{overrides: [{disabled: true}, {disabled: true}, {tagOverrides: {zone: {value: source.zne}}}]}",
        "Invalid: spec.overrides[2].tagOverrides.zone.value: unknown attribute source.zne: did you mean source.zone?",
    ),
    (
        TELEMETRY,
        "{longConnections: 5, reportingInterval: 99999999999999999999h}",
        "Invalid: spec.reportingInterval: \"99999999999999999999h\" is no duration: write one as 5s, 500ms or 1m30s",
    ),
    (
        TELEMETRY,
        "{accessLogs: {enabled: sometimes}}",
        "Invalid: spec.accessLogs.enabled: invalid type: string \"sometimes\", expected a boolean",
    ),
    (
        TELEMETRY,
        "{accessLogs: {events: [close, open]}}",
        "Invalid: spec.accessLogs.events[1]: unknown event \"open\": known are connect, periodic, close, failed",
    ),
    (
        TELEMETRY,
        "{accessLogs: {events: [close, failed, close]}}",
        "Invalid: spec.accessLogs.events[2]: close is in the list twice",
    ),
    (
        TELEMETRY,
        "{accessLogs: {interval: 500ms}}",
        "Invalid: spec.accessLogs.interval: 500ms is not between 1s and 3600s",
    ),
    (
        TELEMETRY,
        "{accessLogs: {interval: 99999999999999999999h}}",
        "Invalid: spec.accessLogs.interval: \"99999999999999999999h\" is no duration: write one as 5s, 500ms or 1m30s",
    ),
    (
        TELEMETRY,
        "{reportingInterval: 10s, accessLogs: {interval: 9s}}",
        "Invalid: spec.accessLogs.interval: 9s is less than spec.reportingInterval, and a connection is read once in that time: write at least 10s",
    ),
    (
        TELEMETRY,
        "{accessLogs: {minDuration: 25h}}",
        "Invalid: spec.accessLogs.minDuration: 90000s is not between 0s and 86400s",
    ),
    (
        TELEMETRY,
        "{accessLogs: {minDuration: -1s}}",
        "Invalid: spec.accessLogs.minDuration: \"-1s\" is no duration: write one as 5s, 500ms or 1m30s",
    ),
    (
        TELEMETRY,
        "{exporters: [{name: a, file: {}}, {name: b, statsd: {address: 'udp://a:1', flushInterval: 99999999999999999999h}}]}",
        "Invalid: spec.exporters[1].statsd.flushInterval: \"99999999999999999999h\" is no duration: write one as 5s, 500ms or 1m30s",
    ),
    (
        TELEMETRY,
        "{exporters: [{name: a, otlp: {interval: -1s}}]}",
        "Invalid: spec.exporters[0].otlp.interval: \"-1s\" is no duration: write one as 5s, 500ms or 1m30s",
    ),
    (
        TELEMETRY,
        "{accessLogs: {filter: \"\"}}",
        "Invalid: spec.accessLogs.filter: is empty: write an expression, as destination.port == 5432",
    ),
    (
        TELEMETRY,
        "{accessLogs: {filter: destination.port}}",
        "Invalid: spec.accessLogs.filter: a filter is true or false, destination.port is an int: compare it with something, as in destination.port == ...",
    ),
    (
        TELEMETRY,
        "{accessLogs: {sample: 100.5}}",
        "Invalid: spec.accessLogs.sample: 100.5 is not between 0 and 100 percent",
    ),
    (TELEMETRY, "{accessLogs: {rateLimit: 0}}", "Invalid: spec.accessLogs.rateLimit: 0 is not between 1 and 100000"),
    (
        TELEMETRY,
        "{accessLogs: {until: tomorrow}}",
        "Invalid: spec.accessLogs.until: \"tomorrow\" is no time of the years 2000 to 2999: write one as 2026-12-31T18:00:00Z",
    ),
    (
        TELEMETRY,
        "{accessLogs: {format: text}}",
        "Invalid: spec.accessLogs.format: unknown format \"text\": known are json, istio, ztunnel, kmesh, and format strings with operators, as %BYTES_SENT%",
    ),
    (
        TELEMETRY,
        "{accessLogs: {format: \"to %UPSTREAM_HOST\"}}",
        "Invalid: spec.accessLogs.format: a % at byte 3 is not closed: write %OPERATOR%, or %% for a percent sign",
    ),
    (TAGS, "{}", "Invalid: spec.tags: must have at least one tag"),
    (
        TAGS,
        "{tags: [{name: 5x, value: source.zone}]}",
        "Invalid: spec.tags[0].name: tag name \"5x\" is no Prometheus label name: write letters, digits and _, and no digit first",
    ),
    (
        TAGS,
        "{tags: [{name: source_app, value: source.zone}]}",
        "Invalid: spec.tags[0].name: source_app is a standard label: override it in a TelemetryPolicy, or choose another name",
    ),
    (
        TAGS,
        "{tags: [{name: a, value: source.zone}, {name: a, value: source.zone}]}",
        "Invalid: spec.tags[1].name: a is in the list twice",
    ),
    (
        TAGS,
        "{tags: [{name: a, value: source.port}]}",
        "Invalid: spec.tags[0].value: a tag's value is a string, source.port is an int: write string(source.port)",
    ),
    (
        TAGS,
        "{tags: [{name: a, value: \"\"}]}",
        "Invalid: spec.tags[0].value: is empty: write an expression, as source.zone",
    ),
    (
        TAGS,
        "{tags: [{name: a, value: source.zone, maxValues: 0}]}",
        "Invalid: spec.tags[0].maxValues: 0 is not between 1 and 10000",
    ),
    (TAGS, "{tags: [{value: source.zone}]}", "Invalid: spec.tags[0]: missing field `name`"),
    (
        STATS,
        "{}",
        "Invalid: spec: must have one of rejectAll, inclusionList, exclusionList, inclusionPrefixes, inclusionSuffixes and inclusionRegexps",
    ),
    (STATS, "{rejectAll: false}", "Invalid: spec.rejectAll: must be true; leave rejectAll out to reject nothing"),
    (
        STATS,
        "{rejectAll: true, exclusionList: {patterns: [{exact: a}]}}",
        "Invalid: spec: at most one of rejectAll, inclusionList and exclusionList may be given",
    ),
    (
        STATS,
        "{rejectAll: true, inclusionPrefixes: [a]}",
        "Invalid: spec: inclusionPrefixes, inclusionSuffixes and inclusionRegexps must not be given beside rejectAll or exclusionList",
    ),
    (
        STATS,
        "{inclusionList: {patterns: [{exact: a, prefix: b}]}}",
        "Invalid: spec.inclusionList.patterns[0]: exactly one of exact, prefix, suffix, contains and safeRegex must be given",
    ),
    (
        STATS,
        "{inclusionList: {patterns: [{safeRegex: {regex: a}, ignoreCase: true}]}}",
        "Invalid: spec.inclusionList.patterns[0].ignoreCase: must not be given beside safeRegex; write (?i) into the expression",
    ),
    (
        STATS,
        "{inclusionRegexps: [ok, \"(\"]}",
        "Invalid: spec.inclusionRegexps[1]: invalid regex \"(\": unclosed group",
    ),
];

pub(crate) fn object(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: shop, \
         generation: 3}}, spec: {spec}}}\n"
    )
}

#[test]
fn a_wrong_spec_is_not_accepted_with_the_reason() {
    let mut yaml = String::new();
    for (number, (kind, spec, _)) in WRONG.iter().enumerate() {
        write!(yaml, "{}", object(kind, &format!("wrong-{number:02}"), spec)).unwrap();
    }
    // In spite of all these this one counts.
    yaml += &object(TELEMETRY, "z-right", "{longConnections: {enabled: false}}");
    yaml += "---\n{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {nodeName: n1, containers: []}}\n";
    let cluster = Cluster::of(&yaml);
    for (number, (kind, spec, expected)) in WRONG.iter().enumerate() {
        let name = format!("wrong-{number:02}");
        let (key, state) = cluster.policy_states.iter().find(|(key, _)| key.name.name == name).unwrap();
        let refusal = state.accepted.as_ref().unwrap_err();
        assert_eq!(
            (key.to_string(), refusal.to_string()),
            (format!("{kind} shop/{name}"), (*expected).to_owned()),
            "{spec}"
        );
        assert_eq!((state.generation, state.workloads_selected, state.nodes.len()), (3, 0, 0));
    }
    let (_, local) = &cluster.nodes["n1"].pods["shop/web"];
    assert_eq!(local.telemetry.long_connections, None);
    let right = cluster.policy_states.iter().find(|(key, _)| key.name.name == "z-right").unwrap().1;
    assert_eq!((&right.accepted, right.workloads_selected, right.nodes.len()), (&Ok(()), 1, 1));
}

#[test]
fn an_object_of_another_version_is_refused_and_unknown_fields_are_ignored_by_name() {
    let newer = object(TELEMETRY, "newer", "{seriesSets: []}").replace("v1alpha1", "v1beta1");
    let grown = object(TELEMETRY, "grown", "{seriesSets: [], sampling: {rate: 5}}");
    let cluster = Cluster::of(&format!("{newer}{grown}"));
    let notes: Vec<_> =
        cluster.policy_states.values().map(|state| state.accepted.as_ref().map_err(ToString::to_string)).collect();
    let expected = "Invalid: apiVersion: telemetry.longwire.io/v1beta1 is not known to this operator: write \
                    telemetry.longwire.io/v1alpha1";
    assert_eq!(notes, [Ok(&()), Err(expected.to_owned())]);
    let warnings: Vec<_> = cluster.policy_states.values().map(|state| state.warnings.as_slice()).collect();
    let text = "spec.sampling is not known to this operator and without effect: leave out, or upgrade the operator";
    assert_eq!(warnings, [&[text.to_owned()][..], &[]]);
}
