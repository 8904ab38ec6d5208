//! Specs that an API server must refuse, each with its error.

/// A spec with one error.
#[derive(Clone, Copy, Debug)]
pub struct WrongSpec {
    /// Description of the error.
    pub name: &'static str,
    /// The object's kind.
    pub kind: &'static str,
    /// The spec, as YAML in one line.
    pub spec: &'static str,
    /// The field's path in the API server's error.
    pub field: &'static str,
    /// The API server's message.
    pub message: &'static str,
}

impl WrongSpec {
    pub fn all() -> impl Iterator<Item = Self> {
        let kinds = [
            ("TelemetryPolicy", TELEMETRY_POLICIES),
            ("ExtraStatTags", EXTRA_STAT_TAGS),
            ("StatsMatcher", STATS_MATCHERS),
        ];
        let of_kind = |(kind, rows): (_, &'static [Row])| {
            rows.iter().map(move |&(name, spec, field, message)| Self { name, kind, spec, field, message })
        };
        kinds.into_iter().flat_map(of_kind)
    }

    /// The whole object, for `kubectl apply` or the operator's manifests.
    pub fn object(&self, namespace: &str) -> String {
        let Self { kind, spec, .. } = self;
        format!(
            "apiVersion: telemetry.longwire.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: wrong\n  namespace: {namespace}\nspec: {spec}\n"
        )
    }
}

/// Name, spec, field and message of a [`WrongSpec`].
type Row = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const TELEMETRY_POLICIES: &[Row] = &[
    ("an interval below a second", "{reportingInterval: 500ms}", "spec.reportingInterval", "must be at least 1s and at most 5m"),
    ("an interval above five minutes", "{reportingInterval: 5m1s}", "spec.reportingInterval", "must be at least 1s and at most 5m"),
    ("an interval without a unit", r#"{reportingInterval: "5"}"#, "spec.reportingInterval", "should match"),
    ("an interval that is a number", "{reportingInterval: 5}", "spec.reportingInterval", "must be of type string"),
    ("a negative interval", r#"{reportingInterval: "-5s"}"#, "spec.reportingInterval", "should match"),
    ("a threshold above an hour", "{longConnections: {threshold: 61m}}", "spec.longConnections.threshold", "must be at least 1s and at most 1h"),
    ("enabled that is a word", r#"{longConnections: {enabled: "yes"}}"#, "spec.longConnections.enabled", "must be of type boolean"),
    ("a budget of no series", "{budgets: {series: 0}}", "spec.budgets.series", "should be greater than or equal to 1"),
    ("a budget past all memory", "{budgets: {longConnections: 1000001}}", "spec.budgets.longConnections", "should be less than or equal to 1000000"),
    ("a negative limit", "{limits: {extraTags: -1}}", "spec.limits.extraTags", "should be greater than or equal to 0"),
    ("a limit of more tags than there can be", "{limits: {extraTags: 33}}", "spec.limits.extraTags", "should be less than or equal to 32"),
    ("a limit of half a series", "{limits: {seriesPerNamespace: 0.5}}", "spec.limits.seriesPerNamespace", "must be of type integer"),
    ("an unknown series set", "{seriesSets: [istio, kmesh]}", "spec.seriesSets[1]", "Unsupported value: \"kmesh\""),
    ("a series set twice", "{seriesSets: [istio, istio]}", "spec.seriesSets[1]", "Duplicate value: \"istio\""),
    ("an override that changes nothing", "{overrides: [{match: {reporter: source}}]}", "spec.overrides[0]", "must have disabled or tagOverrides"),
    ("an unknown metric", "{overrides: [{match: {metric: istio_requests_total}, disabled: true}]}", "spec.overrides[0].match.metric", "Unsupported value: \"istio_requests_total\""),
    ("an unknown reporter", "{overrides: [{match: {reporter: waypoint}, disabled: true}]}", "spec.overrides[0].match.reporter", "Unsupported value: \"waypoint\""),
    ("an unknown operation", "{overrides: [{tagOverrides: {team: {operation: upsert, value: source.zone}}}]}", "spec.overrides[0].tagOverrides.team.operation", "Unsupported value: \"upsert\""),
    ("a reporter and a mode", "{overrides: [{match: {reporter: source, mode: CLIENT}, disabled: true}]}", "spec.overrides[0].match", "mode is Istio's word for reporter: give one of both"),
    ("an unknown mode", "{overrides: [{match: {mode: WAYPOINT}, disabled: true}]}", "spec.overrides[0].match.mode", "Unsupported value: \"WAYPOINT\""),
    ("a provider of other metrics", "{metrics: [{providers: [{name: stackdriver}]}]}", "spec.metrics[0].providers[0].name", "Unsupported value: \"stackdriver\""),
    ("an override of spec.metrics that changes nothing", "{metrics: [{overrides: [{match: {mode: CLIENT}}]}]}", "spec.metrics[0].overrides[0]", "must have disabled or tagOverrides"),
    ("an interval of spec.metrics beside a selector", "{selector: {matchLabels: {app: web}}, metrics: [{reportingInterval: 5s}]}", "spec", "must not be given beside a selector"),
    ("an UPSERT without a value", "{overrides: [{tagOverrides: {team: {operation: UPSERT}}}]}", "spec.overrides[0].tagOverrides[team]", "value must be given when operation is UPSERT"),
    ("neither operation nor value", "{overrides: [{tagOverrides: {team: {}}}]}", "spec.overrides[0].tagOverrides[team]", "value must be given when operation is UPSERT"),
    ("an UPSERT with an empty value", r#"{overrides: [{tagOverrides: {team: {value: ""}}}]}"#, "spec.overrides[0].tagOverrides.team.value", "should be at least 1 chars long"),
    ("a REMOVE with a value", "{overrides: [{tagOverrides: {team: {operation: REMOVE, value: source.zone}}}]}", "spec.overrides[0].tagOverrides[team]", "value must not be given when operation is REMOVE"),
    ("a tag that is no label name", "{overrides: [{tagOverrides: {my-team: {value: source.zone}}}]}", "spec.overrides[0].tagOverrides", "a tag name must be at most 63 characters and match"),
    ("a tag of Prometheus' own", "{overrides: [{tagOverrides: {__name__: {value: source.zone}}}]}", "spec.overrides[0].tagOverrides", "names that begin with __ are reserved by Prometheus"),
    ("a tag of the scrape configuration", "{overrides: [{tagOverrides: {instance: {operation: REMOVE}}}]}", "spec.overrides[0].tagOverrides", "le, job, instance, app"),
    ("an interval for some pods alone", "{selector: {matchLabels: {app: shop}}, reportingInterval: 5s}", "spec", "must not be given beside a selector"),
    ("a selector that selects by nothing", "{selector: {}}", "spec.selector", "leave the selector out to mean every pod of the namespace"),
    ("a selector with no labels", "{selector: {matchLabels: {}}}", "spec.selector.matchLabels", "should have at least 1 properties"),
    ("a selector's key that is no label", r#"{selector: {matchLabels: {"a b": c}}}"#, "spec.selector.matchLabels", "a key must be a label's name"),
    ("a selector's value that is no label's", r#"{selector: {matchLabels: {app: "shop*"}}}"#, "spec.selector.matchLabels.app", "should match"),
    ("an unknown operator", "{selector: {matchExpressions: [{key: app, operator: Equals, values: [a]}]}}", "spec.selector.matchExpressions[0].operator", "Unsupported value: \"Equals\""),
    ("an In without values", "{selector: {matchExpressions: [{key: app, operator: In}]}}", "spec.selector.matchExpressions[0]", "values must have at least one value"),
    ("an Exists with values", "{selector: {matchExpressions: [{key: app, operator: Exists, values: [a]}]}}", "spec.selector.matchExpressions[0]", "values must be empty"),
];

#[rustfmt::skip]
const EXTRA_STAT_TAGS: &[Row] = &[
    ("no tags", "{}", "spec", "tags must have at least one tag"),
    ("a list of no tags", "{tags: []}", "spec.tags", "should have at least 1 items"),
    ("a tag without a name", "{tags: [{value: source.zone}]}", "spec.tags[0].name", "Required value"),
    ("a tag without a value", "{tags: [{name: zone}]}", "spec.tags[0].value", "Required value"),
    ("an empty value", r#"{tags: [{name: zone, value: ""}]}"#, "spec.tags[0].value", "should be at least 1 chars long"),
    ("one name twice", "{tags: [{name: zone, value: source.zone}, {name: zone, value: source.region}]}", "spec.tags[1]", "Duplicate value"),
    ("a name that is no label name", "{tags: [{name: 9lives, value: source.zone}]}", "spec.tags[0].name", "should match"),
    ("a name of Prometheus' own", "{tags: [{name: __zone, value: source.zone}]}", "spec.tags[0].name", "names that begin with __ are reserved by Prometheus"),
    ("a histogram's name", "{tags: [{name: le, value: source.zone}]}", "spec.tags[0].name", "choose another name"),
    ("a standard label", "{tags: [{name: source_workload, value: source.zone}]}", "spec.tags[0].name", "a standard label cannot be added"),
    ("the label of one metric", "{tags: [{name: reason, value: source.zone}]}", "spec.tags[0].name", "are reserved by Prometheus or by a metric"),
    ("no values at all", "{tags: [{name: zone, value: source.zone, maxValues: 0}]}", "spec.tags[0].maxValues", "should be greater than or equal to 1"),
    ("values without end", "{tags: [{name: zone, value: source.zone, maxValues: 10001}]}", "spec.tags[0].maxValues", "should be less than or equal to 10000"),
    ("opt-in that is a word", r#"{tags: [{name: zone, value: source.zone, optIn: "true"}]}"#, "spec.tags[0].optIn", "must be of type boolean"),
];

const ONE_OF_FIVE: &str = "exactly one of exact, prefix, suffix, contains and safeRegex must be given";
const BESIDE: &str = "must not be given beside rejectAll or exclusionList";

#[rustfmt::skip]
const STATS_MATCHERS: &[Row] = &[
    ("nothing said", "{}", "spec", "must have one of rejectAll, inclusionList, exclusionList"),
    ("a selector alone", "{selector: {matchLabels: {app: shop}}}", "spec", "must have one of rejectAll, inclusionList, exclusionList"),
    ("rejectAll that rejects nothing", "{rejectAll: false}", "spec.rejectAll", "must be true; leave rejectAll out to reject nothing"),
    ("rejectAll beside a list", "{rejectAll: true, inclusionList: {patterns: [{exact: a}]}}", "spec", "at most one of rejectAll, inclusionList and exclusionList"),
    ("both lists", "{inclusionList: {patterns: [{exact: a}]}, exclusionList: {patterns: [{exact: b}]}}", "spec", "at most one of rejectAll, inclusionList and exclusionList"),
    ("prefixes beside rejectAll", "{rejectAll: true, inclusionPrefixes: [cluster]}", "spec", BESIDE),
    ("regexps beside an exclusion list", "{exclusionList: {patterns: [{exact: a}]}, inclusionRegexps: [a.*]}", "spec", BESIDE),
    ("a list without patterns", "{inclusionList: {}}", "spec.inclusionList.patterns", "Required value"),
    ("a list of no patterns", "{inclusionList: {patterns: []}}", "spec.inclusionList.patterns", "should have at least 1 items"),
    ("a pattern that says nothing", "{inclusionList: {patterns: [{}]}}", "spec.inclusionList.patterns[0]", ONE_OF_FIVE),
    ("a pattern that is two", "{exclusionList: {patterns: [{prefix: a, suffix: b}]}}", "spec.exclusionList.patterns[0]", ONE_OF_FIVE),
    ("an empty prefix", r#"{inclusionList: {patterns: [{prefix: ""}]}}"#, "spec.inclusionList.patterns[0].prefix", "should be at least 1 chars long"),
    ("ignoreCase beside an expression", "{inclusionList: {patterns: [{safeRegex: {regex: a.*}, ignoreCase: true}]}}", "spec.inclusionList.patterns[0]", "write (?i) into the expression"),
    ("an expression without its text", "{inclusionList: {patterns: [{safeRegex: {}}]}}", "spec.inclusionList.patterns[0].safeRegex.regex", "Required value"),
    ("an expression that is none", "{inclusionList: {patterns: [{safeRegex: {regex: 'a('}}]}}", "spec.inclusionList.patterns[0].safeRegex.regex", "missing closing )"),
    ("one of the expressions that is none", "{inclusionRegexps: [a.*, '*']}", "spec.inclusionRegexps[1]", "missing argument to repetition operator"),
    ("a list of no prefixes", "{inclusionPrefixes: []}", "spec.inclusionPrefixes", "should have at least 1 items"),
    ("an empty suffix", r#"{inclusionSuffixes: [""]}"#, "spec.inclusionSuffixes[0]", "should be at least 1 chars long"),
    ("one suffix twice", "{inclusionSuffixes: [a, a]}", "spec.inclusionSuffixes[1]", "Duplicate value: \"a\""),
];
