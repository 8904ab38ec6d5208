//! Wrong StatsMatchers.

use super::WrongSpec;

const fn wrong(name: &'static str, spec: &'static str, field: &'static str, message: &'static str) -> WrongSpec {
    super::wrong("StatsMatcher", name, spec, field, message)
}

const ONE_OF_FIVE: &str = "exactly one of exact, prefix, suffix, contains and safeRegex must be given";
const BESIDE: &str = "must not be given beside rejectAll or exclusionList";

#[rustfmt::skip]
pub(super) const WRONG: &[WrongSpec] = &[
    wrong("nothing said", "{}", "spec", "must have one of rejectAll, inclusionList, exclusionList"),
    wrong("a selector alone", "{selector: {matchLabels: {app: shop}}}", "spec", "must have one of rejectAll, inclusionList, exclusionList"),
    wrong("rejectAll that rejects nothing", "{rejectAll: false}", "spec.rejectAll", "must be true; leave rejectAll out to reject nothing"),
    wrong("rejectAll beside a list", "{rejectAll: true, inclusionList: {patterns: [{exact: a}]}}", "spec", "at most one of rejectAll, inclusionList and exclusionList"),
    wrong("both lists", "{inclusionList: {patterns: [{exact: a}]}, exclusionList: {patterns: [{exact: b}]}}", "spec", "at most one of rejectAll, inclusionList and exclusionList"),
    wrong("prefixes beside rejectAll", "{rejectAll: true, inclusionPrefixes: [cluster]}", "spec", BESIDE),
    wrong("regexps beside an exclusion list", "{exclusionList: {patterns: [{exact: a}]}, inclusionRegexps: [a.*]}", "spec", BESIDE),
    wrong("a list without patterns", "{inclusionList: {}}", "spec.inclusionList.patterns", "Required value"),
    wrong("a list of no patterns", "{inclusionList: {patterns: []}}", "spec.inclusionList.patterns", "should have at least 1 items"),
    wrong("a pattern that says nothing", "{inclusionList: {patterns: [{}]}}", "spec.inclusionList.patterns[0]", ONE_OF_FIVE),
    wrong("a pattern that is two", "{exclusionList: {patterns: [{prefix: a, suffix: b}]}}", "spec.exclusionList.patterns[0]", ONE_OF_FIVE),
    wrong("an empty prefix", r#"{inclusionList: {patterns: [{prefix: ""}]}}"#, "spec.inclusionList.patterns[0].prefix", "should be at least 1 chars long"),
    wrong("ignoreCase beside an expression", "{inclusionList: {patterns: [{safeRegex: {regex: a.*}, ignoreCase: true}]}}", "spec.inclusionList.patterns[0]", "write (?i) into the expression"),
    wrong("an expression without its text", "{inclusionList: {patterns: [{safeRegex: {}}]}}", "spec.inclusionList.patterns[0].safeRegex.regex", "Required value"),
    wrong("an expression that is none", "{inclusionList: {patterns: [{safeRegex: {regex: 'a('}}]}}", "spec.inclusionList.patterns[0].safeRegex.regex", "missing closing )"),
    wrong("one of the expressions that is none", "{inclusionRegexps: [a.*, '*']}", "spec.inclusionRegexps[1]", "missing argument to repetition operator"),
    wrong("a list of no prefixes", "{inclusionPrefixes: []}", "spec.inclusionPrefixes", "should have at least 1 items"),
    wrong("an empty suffix", r#"{inclusionSuffixes: [""]}"#, "spec.inclusionSuffixes[0]", "should be at least 1 chars long"),
    wrong("one suffix twice", "{inclusionSuffixes: [a, a]}", "spec.inclusionSuffixes[1]", "Duplicate value: \"a\""),
];
