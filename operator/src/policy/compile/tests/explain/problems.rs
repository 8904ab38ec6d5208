//! What has no effect, bounds, and that what is said is what is sent.

use super::{AGE, Operator, PODS, SHOP, events, explained, object, of_pod, policies, tags};
use crate::source::object::Name;
use std::collections::BTreeSet;

#[test]
fn of_what_is_not_accepted_elsewhere_only_the_name_is_said() {
    let written = [
        ("TelemetryPolicy", "shop/wrong", "", "reportingInterval: 10s"),
        ("TelemetryPolicy", "root/wrong", "", "seriesSets: [secret]"),
        ("TelemetryPolicy", "bank/wrong", "", "seriesSets: [secret]"),
    ];
    let status = explained("telemetry.longwire.io/seriesSets: istio", &written);
    let said: Vec<_> = status
        .problems
        .iter()
        .map(|problem| format!("{} {}", problem.object.as_ref().map(object).unwrap_or_default(), problem.message))
        .collect();
    assert_eq!(said[0], "TelemetryPolicy root wrong is not accepted, so it applies to no pod");
    assert!(
        said[1]
            .starts_with("TelemetryPolicy shop wrong is not accepted, so it applies to no pod: spec.reportingInterval"),
        "{}",
        said[1]
    );
    assert!(said[2].starts_with(" annotation telemetry.longwire.io/seriesSets is not known"), "{}", said[2]);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(!said.concat().contains("secret"), "{said:?}");
}

#[test]
fn what_is_over_a_limit_is_a_problem_of_its_object() {
    let many = "tags: [{name: a, value: \"'1'\"}, {name: b, value: \"'2'\"}]";
    let written = [
        ("TelemetryPolicy", "root/limit", "", "limits: {extraTags: 1}"),
        ("ExtraStatTags", "shop/tags", "", many),
        ("ExtraStatTags", "root/tags", "", "tags: [{name: z, value: \"'9'\"}]"),
    ];
    let status = explained("", &written);
    assert_eq!(tags(&status), ["z='9' by ExtraStatTags root tags spec.tags[0] z"]);
    let said: Vec<_> = status
        .problems
        .iter()
        .map(|problem| (problem.object.as_ref().map(object).unwrap(), problem.reason.as_str()))
        .collect();
    let tags = || "ExtraStatTags shop tags".to_owned();
    assert_eq!(said, [(tags(), "OverLimit"), (tags(), "OverLimit")]);
    assert!(
        status.problems[0].message.starts_with("spec.tags[0] a: left out, over 1 extra tags"),
        "{:?}",
        status.problems
    );
}

#[test]
fn many_losers_are_counted() {
    let names: Vec<String> = (0..40).map(|at| format!("shop/p{at:02}")).collect();
    let sets = ["seriesSets: [istio]", "seriesSets: [longwire]"];
    let written: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| ("TelemetryPolicy", name.as_str(), AGE, sets[usize::from(at > 0)]))
        .collect();
    let status = explained("", &written);
    let provenance = &status.series_sets[0].provenance;
    assert_eq!((provenance.lost.len(), provenance.more_lost), (8, 31));
}

#[test]
fn what_is_explained_is_what_is_compiled() {
    // The same objects through the compiler: tags and sets that are said are those that a probe is sent.
    let written = [
        SHOP,
        ("ExtraStatTags", "shop/tags", "", "tags: [{name: team, value: \"'shop'\"}]"),
        ("TelemetryPolicy", "root/over", "", "overrides: [{tagOverrides: {tier: {value: \"'mesh'\"}}}]"),
    ];
    let pods = PODS.replace(", ANNOTATIONS", "");
    let (operator, _) = Operator::new(events(&format!("{pods}{}", policies(&written))));
    let telemetry = &operator.compiler.outcome(&Name::new("shop", "web-1")).unwrap().telemetry;
    let sent: BTreeSet<_> = telemetry
        .source
        .iter()
        .flat_map(|group| &group.tags)
        .map(|tag| (tag.name.as_str().to_owned(), tag.value.as_ref().map(|value| value.expression.text().to_owned())))
        .collect();
    let status = of_pod(&operator, "web-1");
    let explained = status.tags.iter().map(|tag| (tag.name.clone(), tag.value.clone())).collect();
    assert_eq!(sent, explained);
}
