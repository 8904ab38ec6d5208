//! Wrong TelemetryPolicies.

use super::WrongSpec;

const fn wrong(name: &'static str, spec: &'static str, field: &'static str, message: &'static str) -> WrongSpec {
    super::wrong("TelemetryPolicy", name, spec, field, message)
}

#[rustfmt::skip]
pub(super) const WRONG: &[WrongSpec] = &[
    wrong("an interval below a second", "{reportingInterval: 500ms}", "spec.reportingInterval", "must be at least 1s and at most 5m"),
    wrong("an interval above five minutes", "{reportingInterval: 5m1s}", "spec.reportingInterval", "must be at least 1s and at most 5m"),
    wrong("an interval without a unit", r#"{reportingInterval: "5"}"#, "spec.reportingInterval", "should match"),
    wrong("an interval that is a number", "{reportingInterval: 5}", "spec.reportingInterval", "must be of type string"),
    wrong("a negative interval", r#"{reportingInterval: "-5s"}"#, "spec.reportingInterval", "should match"),
    wrong("a threshold above an hour", "{longConnections: {threshold: 61m}}", "spec.longConnections.threshold", "must be at least 1s and at most 1h"),
    wrong("enabled that is a word", r#"{longConnections: {enabled: "yes"}}"#, "spec.longConnections.enabled", "must be of type boolean"),
    wrong("a budget of no series", "{budgets: {series: 0}}", "spec.budgets.series", "should be greater than or equal to 1"),
    wrong("a budget past all memory", "{budgets: {longConnections: 1000001}}", "spec.budgets.longConnections", "should be less than or equal to 1000000"),
    wrong("a negative limit", "{limits: {extraTags: -1}}", "spec.limits.extraTags", "should be greater than or equal to 0"),
    wrong("a limit of more tags than there can be", "{limits: {extraTags: 33}}", "spec.limits.extraTags", "should be less than or equal to 32"),
    wrong("a limit of half a series", "{limits: {seriesPerNamespace: 0.5}}", "spec.limits.seriesPerNamespace", "must be of type integer"),
    wrong("an unknown series set", "{seriesSets: [istio, kmesh]}", "spec.seriesSets[1]", "Unsupported value: \"kmesh\""),
    wrong("a series set twice", "{seriesSets: [istio, istio]}", "spec.seriesSets[1]", "Duplicate value: \"istio\""),
    wrong("an override that changes nothing", "{overrides: [{match: {reporter: source}}]}", "spec.overrides[0]", "must have disabled or tagOverrides"),
    wrong("an unknown metric", "{overrides: [{match: {metric: istio_requests_total}, disabled: true}]}", "spec.overrides[0].match.metric", "Unsupported value: \"istio_requests_total\""),
    wrong("an unknown reporter", "{overrides: [{match: {reporter: waypoint}, disabled: true}]}", "spec.overrides[0].match.reporter", "Unsupported value: \"waypoint\""),
    wrong("an unknown operation", "{overrides: [{tagOverrides: {team: {operation: upsert, value: source.zone}}}]}", "spec.overrides[0].tagOverrides.team.operation", "Unsupported value: \"upsert\""),
    wrong("an UPSERT without a value", "{overrides: [{tagOverrides: {team: {operation: UPSERT}}}]}", "spec.overrides[0].tagOverrides[team]", "value must be given when operation is UPSERT"),
    wrong("neither operation nor value", "{overrides: [{tagOverrides: {team: {}}}]}", "spec.overrides[0].tagOverrides[team]", "value must be given when operation is UPSERT"),
    wrong("an UPSERT with an empty value", r#"{overrides: [{tagOverrides: {team: {value: ""}}}]}"#, "spec.overrides[0].tagOverrides.team.value", "should be at least 1 chars long"),
    wrong("a REMOVE with a value", "{overrides: [{tagOverrides: {team: {operation: REMOVE, value: source.zone}}}]}", "spec.overrides[0].tagOverrides[team]", "value must not be given when operation is REMOVE"),
    wrong("a tag that is no label name", "{overrides: [{tagOverrides: {my-team: {value: source.zone}}}]}", "spec.overrides[0].tagOverrides", "a tag name must be at most 63 characters and match"),
    wrong("a tag of Prometheus' own", "{overrides: [{tagOverrides: {__name__: {value: source.zone}}}]}", "spec.overrides[0].tagOverrides", "names that begin with __ are reserved by Prometheus"),
    wrong("a tag of the scrape configuration", "{overrides: [{tagOverrides: {instance: {operation: REMOVE}}}]}", "spec.overrides[0].tagOverrides", "le, job, instance, app"),
    wrong("an interval for some pods alone", "{selector: {matchLabels: {app: shop}}, reportingInterval: 5s}", "spec", "must not be given beside a selector"),
    wrong("a selector that selects by nothing", "{selector: {}}", "spec.selector", "leave the selector out to mean every pod of the namespace"),
    wrong("a selector with no labels", "{selector: {matchLabels: {}}}", "spec.selector.matchLabels", "should have at least 1 properties"),
    wrong("a selector's key that is no label", r#"{selector: {matchLabels: {"a b": c}}}"#, "spec.selector.matchLabels", "a key must be a label's name"),
    wrong("a selector's value that is no label's", r#"{selector: {matchLabels: {app: "shop*"}}}"#, "spec.selector.matchLabels.app", "should match"),
    wrong("an unknown operator", "{selector: {matchExpressions: [{key: app, operator: Equals, values: [a]}]}}", "spec.selector.matchExpressions[0].operator", "Unsupported value: \"Equals\""),
    wrong("an In without values", "{selector: {matchExpressions: [{key: app, operator: In}]}}", "spec.selector.matchExpressions[0]", "values must have at least one value"),
    wrong("an Exists with values", "{selector: {matchExpressions: [{key: app, operator: Exists, values: [a]}]}}", "spec.selector.matchExpressions[0]", "values must be empty"),
];
