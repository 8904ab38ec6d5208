//! The CRD is of another release than the operator: older, with fewer fields; newer, with more fields and a second
//! version; or missing for a while. Known fields work, unknown ones are reported.

use crate::bad_input_calm::Calm;
use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Kubernetes, Namespace, longwire, longwire::object};
use longwire_testkit::{confirm, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const DEFINITION: &str = "telemetrypolicies.telemetry.longwire.io";
/// Lists and watches of the kind whose CRD changes four times and is deleted once: each change ends the watch of both
/// replicas, and while it is missing each retries about every two seconds.
const WATCHES: usize = 40;

/// The CRD, restored when dropped.
struct Definition<'a> {
    kubernetes: &'a Kubernetes,
    genuine: &'static str,
    value: Value,
}

impl<'a> Definition<'a> {
    fn new(kubernetes: &'a Kubernetes) -> Result<Self> {
        let manifests = longwire_crds::MANIFESTS.iter();
        let genuine = manifests.map(|(_, text)| *text).find(|text| text.contains(DEFINITION)).context("no manifest")?;
        Ok(Self { kubernetes, genuine, value: serde_saphyr::from_str(genuine)? })
    }

    /// Replaces the CRD after `edit` has changed its versions.
    fn apply(&self, edit: impl FnOnce(&mut Vec<Value>)) -> Result<()> {
        let mut value = self.value.clone();
        edit(value["spec"]["versions"].as_array_mut().context("no versions")?);
        self.kubernetes.apply(&value.to_string())?;
        self.is_established()
    }

    fn is_established(&self) -> Result<()> {
        let established = r#"{.status.conditions[?(@.type=="Established")].status}"#;
        eventually(PATIENCE, || {
            let said = self.kubernetes.json_path(&["crd", DEFINITION], established)?;
            confirm!(said == "True", "{DEFINITION} is not established")
        })
    }

    /// Objects may be stored in a version that is removed, so they are deleted with the CRD.
    fn remove(&self) -> Result<()> {
        self.kubernetes.kubectl(&["delete", "crd", DEFINITION, "--ignore-not-found"]).map(drop)
    }

    fn restore(&self) -> Result<()> {
        self.kubernetes.apply(self.genuine)?;
        self.is_established()
    }
}

impl Drop for Definition<'_> {
    fn drop(&mut self) {
        // If this fails, every later test fails with the reason.
        let _ = self.remove().and_then(|()| self.restore());
    }
}

/// A policy that gives every series of the namespace a label `era`.
fn era(name: &str, era: &str) -> String {
    object("TelemetryPolicy", name, &format!(r#"{{overrides: [{{tagOverrides: {{era: {{value: '"{era}"'}}}}}}]}}"#))
}

/// Whether the object is accepted, with this message.
fn is_accepted(namespace: &Namespace<'_>, name: &str, expected: &str, words: &str) -> Result<()> {
    let accepted = r#"{.status.conditions[?(@.type=="Accepted")]}"#;
    eventually(PATIENCE, || {
        let said = namespace.json_path(&["telemetrypolicy", name], accepted)?;
        let is_so = said.contains(&format!(r#""status":"{expected}""#)) && said.contains(words);
        confirm!(is_so, "{name} is {said}")
    })
}

/// An older release's, without overrides.
fn older(versions: &mut [Value]) {
    if let Some(fields) = versions[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"].as_object_mut() {
        fields.remove("overrides");
    }
}

/// A newer release's: unknown fields and values, and another storage version.
fn newer(versions: &mut Vec<Value>) {
    versions[0]["schema"]["openAPIV3Schema"]["properties"]["spec"] =
        json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut second = versions[0].clone();
    second["name"] = json!("v1beta1");
    (versions[0]["storage"], second["storage"]) = (json!(false), json!(true));
    versions.push(second);
}

#[test]
fn with_a_definition_of_another_release_what_is_known_goes_on_and_what_is_not_is_named() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let calm = Calm::now(kubernetes)?;
    let shop = Shop::open(&namespace)?;
    shop.exact_throughout(kubernetes, || {
        releases(kubernetes, &namespace, &calm).with_context(|| longwire::logs(kubernetes))
    })?;
    calm.is_kept(Some(("telemetrypolicies", WATCHES)))
}

fn releases(kubernetes: &Kubernetes, namespace: &Namespace<'_>, calm: &Calm<'_>) -> Result<()> {
    let family = "istio_tcp_sent_bytes_total";
    let shows = |era| longwire::await_label(kubernetes, &namespace.name, family, ("era", era));
    let definition = Definition::new(kubernetes)?;
    namespace.apply(&era("before", "before"))?;
    shows("before")?;

    definition.apply(|versions| older(versions))?;
    let refusal = eventually(PATIENCE, || {
        let refusal = namespace.apply(&era("too-new", "too-new")).err();
        refusal.context("a field that the definition does not know is accepted")
    })?;
    ensure!(format!("{refusal:#}").contains("overrides"), "{refusal:#}");
    // The part that both know takes effect.
    namespace.apply(&object("TelemetryPolicy", "sets", "{seriesSets: [istio, longwire, kmesh-workload]}"))?;
    longwire::until(kubernetes, |scrape| {
        let labels = [("source_workload_namespace", namespace.name.as_str())];
        let found = scrape.select("kmesh_tcp_workload_sent_bytes_total", &labels);
        confirm!(!found.is_empty(), "no series of the set kmesh-workload")
    })?;

    definition.apply(newer)?;
    let horizon = object("TelemetryPolicy", "horizon", "{horizon: 5}");
    eventually(PATIENCE, || namespace.apply(&horizon))?;
    namespace.apply(&object("TelemetryPolicy", "quantum", "{seriesSets: [istio, quantum]}"))?;
    let later = era("later", "later").replace("v1alpha1", "v1beta1");
    eventually(PATIENCE, || namespace.apply(&later))?;
    is_accepted(namespace, "horizon", "True", "spec.horizon is not known to this operator")?;
    is_accepted(namespace, "quantum", "False", "spec.seriesSets[1]: unknown series set")?;
    for said in ["horizon: spec.horizon is", "quantum is not accepted: Invalid: spec.seriesSets[1]"] {
        calm.is_said_once(&format!("TelemetryPolicy {}/{said}", namespace.name))?;
    }
    // An object in a version that the operator does not know, with fields that it knows.
    namespace.kubectl(&["delete", "telemetrypolicy", "before"])?;
    shows("later")?;

    definition.remove()?;
    definition.restore()?;
    eventually(PATIENCE, || namespace.apply(&era("after", "after")))?;
    shows("after")
}
