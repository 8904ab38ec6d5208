//! How much a list may have, and what is said of more.

use crate::cluster::Cluster;
use crate::wrong_specs::{STATS, TAGS, TELEMETRY, object};

#[test]
fn lists_have_bounds() {
    let many = |item: &dyn Fn(usize) -> String, count: usize| (0..count).map(item).collect::<Vec<_>>().join(", ");
    let check = |kind: &str, spec: &str, expected: &str| {
        let cluster = Cluster::of(&object(kind, "wrong", spec));
        let state = cluster.policy_states.values().next().unwrap();
        assert_eq!(state.accepted.as_ref().unwrap_err().message, expected);
    };
    let overrides = many(&|_| "{disabled: true}".to_owned(), 65);
    check(
        TELEMETRY,
        &format!("{{overrides: [{overrides}]}}"),
        "spec.overrides: 65 overrides are too many: at most 64 are allowed",
    );
    let (part, rest) = (many(&|_| "{disabled: true}".to_owned(), 32), "{disabled: true}");
    check(
        TELEMETRY,
        &format!("{{metrics: [{{overrides: [{part}]}}, {{overrides: [{part}]}}], overrides: [{rest}]}}"),
        "spec.overrides: 65 overrides are too many: at most 64 are allowed",
    );
    check(
        TELEMETRY,
        &format!("{{metrics: [{{overrides: [{part}, {rest}]}}]}}"),
        "spec.metrics[0].overrides: 33 overrides are too many: at most 32 are allowed",
    );
    check(TELEMETRY, "{metrics: [{}, {}, {}, {}, {}]}", "spec.metrics: 5 entries are too many: at most 4 are allowed");
    let tags = many(&|number| format!("t{number}: {{operation: REMOVE}}"), 33);
    let expected = "spec.overrides[0].tagOverrides: 33 tags are too many: at most 32 are allowed";
    check(TELEMETRY, &format!("{{overrides: [{{tagOverrides: {{{tags}}}}}]}}"), expected);
    let tags = many(&|number| format!("{{name: t{number}, value: source.zone}}"), 33);
    check(TAGS, &format!("{{tags: [{tags}]}}"), "spec.tags: 33 tags are too many: at most 32 are allowed");
    let prefixes = many(&|number| format!("p{number}"), 65);
    let expected = "spec.inclusionPrefixes: 65 patterns are too many: at most 64 are allowed";
    check(STATS, &format!("{{inclusionPrefixes: [{prefixes}]}}"), expected);
}
