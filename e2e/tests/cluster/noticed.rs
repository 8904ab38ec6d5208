//! How users notice an object that does not do what they intend: columns, Events, metrics.

use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Namespace, longwire, longwire::object, longwire::replica, longwire::replica::Replica};
use longwire_testkit::{confirm, eventually};
use serde_json::Value;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

const BROKEN: &str = "{overrides: [{tagOverrides: {team: {value: source.wrkload}}}]}";

/// Notes of Events with this reason on an object.
fn events(namespace: &Namespace<'_>, name: &str, reason: &str) -> Result<Vec<String>> {
    let selector = format!("--field-selector=involvedObject.name={name},reason={reason}");
    let said: Value = serde_json::from_str(&namespace.kubectl(&["get", "events", &selector, "-o", "json"])?)?;
    let items = said["items"].as_array().context("no items")?;
    Ok(items.iter().map(|event| event["message"].as_str().unwrap_or_default().to_owned()).collect())
}

fn await_events(namespace: &Namespace<'_>, name: &str, reason: &str, many: usize, words: &str) -> Result<()> {
    eventually(PATIENCE, || {
        let notes = events(namespace, name, reason)?;
        ensure!(notes.len() == many, "{} Events {reason} on {name}, not {many}: {notes:?}", notes.len());
        confirm!(notes.iter().all(|note| note.contains(words)), "{notes:?} do not say {words}")
    })
    .with_context(|| longwire::logs(namespace.kubernetes()))
}

#[test]
fn each_turn_for_the_worse_makes_an_event_on_the_object() -> Result<()> {
    let (_, namespace) = longwire::installed()?;
    let policy = |spec: &str| namespace.apply(&object("TelemetryPolicy", "turns", spec));
    for times in 1..=2 {
        policy(BROKEN)?;
        await_events(&namespace, "turns", "Invalid", times, "source.wrkload")?;
        policy("{seriesSets: [istio]}")?;
        eventually(PATIENCE, || {
            let accepted = r#"{.status.conditions[?(@.type=="Accepted")].status}"#;
            let said = namespace.json_path(&["telemetrypolicy", "turns"], accepted)?;
            confirm!(said == "True", "Accepted is {said}")
        })?;
    }
    namespace.apply(&object("TelemetryPolicy", "zweiter", "{seriesSets: [longwire]}"))?;
    await_events(&namespace, "zweiter", "Conflicted", 1, "spec.seriesSets: TelemetryPolicy")?;
    policy("{seriesSets: [istio], overrides: [{tagOverrides: {source_cluster: {operation: REMOVE}}}]}")?;
    await_events(&namespace, "turns", "AcceptedWithWarnings", 1, "Kiali")?;
    // Above the limit of a namespace, with objects of the largest size.
    for number in 0..20 {
        let list: Vec<String> = (0..63).map(|at| format!("'{number}-{at}-{}'", "x".repeat(240))).collect();
        let spec = format!("{{inclusionPrefixes: [{}]}}", list.join(", "));
        namespace.apply(&object("StatsMatcher", &format!("large-{number}"), &spec))?;
    }
    eventually(PATIENCE, || {
        let selector = "--field-selector=reason=NamespaceBudgetExceeded";
        let said = namespace.kubectl(&["get", "events", selector, "-o", "name"])?;
        confirm!(!said.trim().is_empty(), "no Event of an object without room")
    })
}

#[test]
fn a_namespace_whose_annotation_is_wrong_has_an_event_in_it() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    kubernetes.kubectl(&["annotate", "namespace", &namespace.name, "telemetry.longwire.io/series-sets=isto"])?;
    await_events(&namespace, &namespace.name, "InvalidAnnotation", 1, "unknown series set \"isto\"")
}

#[test]
fn kubectl_get_shows_what_became_of_an_object_and_why() -> Result<()> {
    let (_, namespace) = longwire::installed()?;
    let _shop = Shop::open(&namespace)?;
    namespace.apply(&object("TelemetryPolicy", "right", "{seriesSets: [istio]}"))?;
    namespace.apply(&object("TelemetryPolicy", "wrong", BROKEN))?;
    eventually(PATIENCE, || {
        let said = namespace.kubectl(&["get", "telemetrypolicies", "-o", "wide"])?;
        let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
        let head = ["NAME", "ACCEPTED", "PROGRAMMED", "CONFLICTED", "SELECTED", "AGE", "WHY"];
        ensure!(lines[0].starts_with(&head), "{said}");
        let row = |name: &str| lines.iter().find(|line| line[0] == name).cloned().unwrap_or_default();
        ensure!(row("right").get(1..4) == Some(&["True", "2/2", "False"][..]), "{said}");
        ensure!(row("right")[4].parse::<u32>().is_ok_and(|selected| selected > 0), "{said}");
        ensure!(row("wrong").get(1) == Some(&"False") && row("wrong").contains(&"Invalid"), "{said}");
        confirm!(said.contains("source.wrkload"), "no message: {said}")
    })
}

#[test]
fn both_replicas_count_objects_that_are_not_accepted_by_kind() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let labels = [("kind", "telemetrypolicies"), ("reason", "Invalid")];
    let count = || -> Result<Vec<u64>> {
        let of = |replica: &Replica| Ok(replica.scrape()?.sum("longwire_operator_objects_refused", &labels));
        replica::all(kubernetes)?.iter().map(of).collect()
    };
    let before = count()?;
    namespace.apply(&object("TelemetryPolicy", "wrong", BROKEN))?;
    eventually(PATIENCE, || {
        let now = count()?;
        let risen = now.iter().zip(&before).all(|(now, before)| now - before == 1);
        confirm!(now.len() == 2 && risen, "{now:?} after {before:?}")
    })
}
