//! Operators and functions.

pub(super) struct Row {
    pub(super) form: &'static str,
    pub(super) types: &'static str,
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
}

const fn row(form: &'static str, types: &'static str, meaning: &'static str, example: &'static str) -> Row {
    Row { form, types, meaning, example }
}

#[rustfmt::skip]
pub(super) const OPERATORS: [Row; 14] = [
    row("a + b", "string", "joins two strings", "source.region + \"/\" + destination.region"),
    row("a == b", "two of one type", "equal", "string(source.zone == destination.zone)"),
    row("a != b", "two of one type", "not equal", "string(source.namespace != destination.namespace)"),
    row("a < b", "int", "less", "string(destination.port < 1024)"),
    row("a <= b", "int", "less or equal", "string(destination.port <= 80)"),
    row("a > b", "int", "greater", "string(source.port > 32767)"),
    row("a >= b", "int", "greater or equal", "string(destination.port >= 80)"),
    row("!a", "bool", "not", "string(!(source.zone == destination.zone))"),
    row("a && b", "bool", "both; it has precedence over ||", "string(source.zone == \"eu-west-1a\" && destination.port == 80)"),
    row("a || b", "bool", "one of them, or both", "string(source.zone == \"eu-west-1c\" || destination.port == 80)"),
    row("a ? b : c", "bool ? two of one type", "b if a is true, else c; it has the lowest precedence", "destination.port == 80 ? \"http\" : \"other\""),
    row("a in [b, c]", "all of one type", "equal to one of the list", "string(destination.port in [80, 443])"),
    row("\"name\" in source.labels", "a string in quotes", "the pod has the label", "string(\"team\" in source.labels)"),
    row("source.labels[\"name\"]", "a string in quotes", "the label's value; `source.labels.name` where the name has no dot, dash or slash", "source.labels[\"app.kubernetes.io/part-of\"]"),
];

#[rustfmt::skip]
pub(super) const FUNCTIONS: [Row; 10] = [
    row("has(source.labels.name)", "a label", "the pod has the label, as with `in`", "string(has(destination.labels.environment))"),
    row("a.startsWith(b)", "string", "a begins with b", "string(destination.namespace.startsWith(\"shop\"))"),
    row("a.endsWith(b)", "string", "a ends with b", "string(destination.namespace.endsWith(\"-staging\"))"),
    row("a.contains(b)", "string", "b is somewhere in a", "string(destination.canonical_revision.contains(\"canary\"))"),
    row("a.matches(\"regex\")", "string", "a part of a matches the regular expression, in RE2's syntax; ^ and $ anchor it", "string(destination.workload.matches(\"^ca.t$\"))"),
    row("size(a)", "string", "an int: how many characters a has; also `a.size()`", "string(size(source.workload))"),
    row("duration(\"1m30s\")", "a constant string", "an int: microseconds, as the times that filters of access logs read", "string(duration(\"1m30s\"))"),
    row("string(a)", "int, bool or string", "a as a string", "string(destination.port)"),
    row("a.lowerAscii()", "string", "letters A to Z in lower case", "destination.labels[\"team\"].lowerAscii()"),
    row("a.upperAscii()", "string", "letters a to z in upper case", "source.zone.upperAscii()"),
];
