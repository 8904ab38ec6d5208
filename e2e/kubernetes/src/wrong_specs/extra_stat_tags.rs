//! Wrong ExtraStatTags.

use super::WrongSpec;

const fn wrong(name: &'static str, spec: &'static str, field: &'static str, message: &'static str) -> WrongSpec {
    super::wrong("ExtraStatTags", name, spec, field, message)
}

#[rustfmt::skip]
pub(super) const WRONG: &[WrongSpec] = &[
    wrong("no tags", "{}", "spec", "tags must have at least one tag"),
    wrong("a list of no tags", "{tags: []}", "spec.tags", "should have at least 1 items"),
    wrong("a tag without a name", "{tags: [{value: source.zone}]}", "spec.tags[0].name", "Required value"),
    wrong("a tag without a value", "{tags: [{name: zone}]}", "spec.tags[0].value", "Required value"),
    wrong("an empty value", r#"{tags: [{name: zone, value: ""}]}"#, "spec.tags[0].value", "should be at least 1 chars long"),
    wrong("one name twice", "{tags: [{name: zone, value: source.zone}, {name: zone, value: source.region}]}", "spec.tags[1]", "Duplicate value"),
    wrong("a name that is no label name", "{tags: [{name: 9lives, value: source.zone}]}", "spec.tags[0].name", "should match"),
    wrong("a name of Prometheus' own", "{tags: [{name: __zone, value: source.zone}]}", "spec.tags[0].name", "names that begin with __ are reserved by Prometheus"),
    wrong("a histogram's name", "{tags: [{name: le, value: source.zone}]}", "spec.tags[0].name", "choose another name"),
    wrong("a standard label", "{tags: [{name: source_workload, value: source.zone}]}", "spec.tags[0].name", "a standard label cannot be added"),
    wrong("the label of one metric", "{tags: [{name: reason, value: source.zone}]}", "spec.tags[0].name", "are reserved by Prometheus or by a metric"),
    wrong("no values at all", "{tags: [{name: zone, value: source.zone, maxValues: 0}]}", "spec.tags[0].maxValues", "should be greater than or equal to 1"),
    wrong("values without end", "{tags: [{name: zone, value: source.zone, maxValues: 10001}]}", "spec.tags[0].maxValues", "should be less than or equal to 10000"),
    wrong("opt-in that is a word", r#"{tags: [{name: zone, value: source.zone, optIn: "true"}]}"#, "spec.tags[0].optIn", "must be of type boolean"),
];
