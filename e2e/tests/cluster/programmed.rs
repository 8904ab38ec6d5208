//! An object's status, and when it changes.

use crate::shop::Shop;
use anyhow::{Context, Result, bail, ensure};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, PostParams};
use longwire_kubernetes::{Namespace, longwire, longwire::object, place::Place, wrong_specs::WrongSpec};
use longwire_testkit::{confirm, eventually, throughout};
use serde_json::Value;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// Objects that only the operator refuses: kind, spec, reason and part of the message.
const REFUSED: [(&str, &str, &str, &str); 4] = [
    ("TelemetryPolicy", "{overrides: [{tagOverrides: {team: {value: source.wrkload}}}]}", "Invalid", "source.wrkload"),
    ("TelemetryPolicy", "{overrides: [{tagOverrides: {team: {value: '1 + 1'}}}]}", "Invalid", "tagOverrides.team"),
    ("ExtraStatTags", "{tags: [{name: zone, value: source.zone.name}]}", "Invalid", "spec.tags[0].value"),
    // It is valid RE2, and larger than the limit when compiled.
    ("StatsMatcher", "{inclusionRegexps: ['\\w{400}']}", "Invalid", "spec.inclusionRegexps"),
];

/// Status, reason and message of a condition for the current generation.
fn condition(namespace: &Namespace<'_>, kind: &str, name: &str, wanted: &str) -> Result<[String; 3]> {
    let object: Value = serde_json::from_str(&namespace.kubectl(&["get", kind, name, "-o", "json"])?)?;
    let (now, seen) = (&object["metadata"]["generation"], &object["status"]["observedGeneration"]);
    ensure!(now == seen, "generation {now} of {kind} {name} has not been looked at, only {seen}");
    let conditions = object["status"]["conditions"].as_array().context("no conditions")?;
    let found = conditions.iter().find(|condition| condition["type"] == wanted).context("no such condition")?;
    Ok(["status", "reason", "message"].map(|part| found[part].as_str().unwrap_or_default().to_owned()))
}

fn expect(namespace: &Namespace<'_>, kind: &str, name: &str, wanted: &str, expected: [&str; 3]) -> Result<()> {
    let found = condition(namespace, kind, name, wanted)?;
    let [status, reason, message] = expected;
    let is_so = found[0] == status && found[1] == reason && found[2].contains(message);
    confirm!(is_so, "{wanted} of {kind} {name} is {found:?}, not {expected:?}")
}

/// Drops all packets from a node to the operator.
struct Silenced(Place);

const RULE: [&str; 7] = ["OUTPUT", "-p", "tcp", "--dport", "15010", "-j", "DROP"];

impl Silenced {
    fn new(node: Place) -> Result<Self> {
        node.run("iptables", &[&["-I"][..], &RULE].concat())?;
        Ok(Self(node))
    }
}

impl Drop for Silenced {
    fn drop(&mut self) {
        // If this fails the node stays disconnected, and the next test fails.
        let _ = self.0.run("iptables", &[&["-D"][..], &RULE].concat());
    }
}

#[test]
fn programmed_turns_true_only_when_every_probe_has_applied_it_and_else_names_the_node() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let _shop = Shop::open(&namespace)?;
    let kind = "telemetrypolicy";
    let everywhere = || expect(&namespace, kind, "quiet", "Programmed", ["True", "Programmed", ""]);
    namespace.apply(&object("TelemetryPolicy", "quiet", "{seriesSets: [istio]}"))?;
    eventually(PATIENCE, everywhere).with_context(|| longwire::logs(kubernetes))?;
    let columns = namespace.kubectl(&["get", kind, "quiet"])?;
    ensure!(columns.contains("2/2"), "kubectl get says:\n{columns}");
    let silenced = Silenced::new(kubernetes.node("n2")?)?;
    namespace.apply(&object("TelemetryPolicy", "quiet", "{seriesSets: [longwire]}"))?;
    let held = || expect(&namespace, kind, "quiet", "Programmed", ["False", "Pending", "not yet on n2"]);
    eventually(PATIENCE, held).with_context(|| longwire::logs(kubernetes))?;
    throughout(Duration::from_secs(5), held)?;
    drop(silenced);
    eventually(PATIENCE, everywhere).with_context(|| longwire::logs(kubernetes))
}

#[test]
fn the_api_server_refuses_each_wrong_spec_and_names_the_field() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let trial = PostParams { dry_run: true, ..PostParams::default() };
    for wrong in WrongSpec::all() {
        let object: DynamicObject = serde_saphyr::from_str(&wrong.object(&namespace.name))?;
        let plural = match wrong.kind {
            "TelemetryPolicy" => "telemetrypolicies",
            "StatsMatcher" => "statsmatchers",
            _ => "extrastattags",
        };
        let kind = GroupVersionKind::gvk("telemetry.longwire.io", "v1alpha1", wrong.kind);
        let resource = ApiResource::from_gvk_with_plural(&kind, plural);
        let api: Api<DynamicObject> = Api::namespaced_with(kubernetes.client()?, &namespace.name, &resource);
        let Err(refusal) = kubernetes.block_on(api.create(&trial, &object)) else {
            bail!("{} was accepted", wrong.name)
        };
        let said = refusal.to_string();
        ensure!(said.contains(wrong.field) && said.contains(wrong.message), "{}: {said}", wrong.name);
    }
    Ok(())
}

#[test]
fn what_only_the_operator_can_refuse_is_not_accepted_while_other_objects_work() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let _shop = Shop::open(&namespace)?;
    for (number, (kind, spec, ..)) in REFUSED.iter().enumerate() {
        namespace.apply(&object(kind, &format!("wrong-{number}"), spec))?;
    }
    namespace.apply(&object("ExtraStatTags", "right", "{tags: [{name: team, value: '\"red\"'}]}"))?;
    for (number, (kind, _, reason, message)) in REFUSED.iter().enumerate() {
        let name = format!("wrong-{number}");
        eventually(PATIENCE, || expect(&namespace, kind, &name, "Accepted", ["False", reason, message]))?;
    }
    eventually(PATIENCE, || expect(&namespace, "extrastattags", "right", "Programmed", ["True", "Programmed", ""]))?;
    longwire::until(kubernetes, |scrape| {
        let labels = [("team", "red"), ("source_workload_namespace", namespace.name.as_str())];
        confirm!(!scrape.select("istio_tcp_sent_bytes_total", &labels).is_empty(), "no series of team red")
    })
}
