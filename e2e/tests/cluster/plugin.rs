//! `kubectl longwire`, found by a real kubectl on the PATH, with a user's own rights.

use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Namespace, longwire, longwire::object};
use longwire_testkit::{binaries, confirm, eventually};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use std::{env, fs};

/// Until the API server knows a new binding.
const PATIENCE: Duration = Duration::from_secs(60);
/// Exit code of the plugin if there is a finding that is bad enough.
const FOUND: i32 = 2;
/// If nothing could be read.
const NOT_ANALYZED: i32 = 1;

/// As somebody with this kubeconfig types it.
fn kubectl_longwire(namespace: &Namespace<'_>, kubeconfig: &Path, words: &[&str]) -> Result<Output> {
    let plugin = binaries::find("kubectl-longwire")?;
    let beside = plugin.parent().context("the plugin is in no directory")?.to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let path: OsString = env::join_paths([beside].into_iter().chain(env::split_paths(&path)))?;
    let mut command = Command::new(namespace.kubernetes().layout().program("kubectl"));
    command.arg("longwire").args(words).env("KUBECONFIG", kubeconfig).env("PATH", path);
    // The cluster is on this machine.
    command.env_remove("HTTPS_PROXY").env_remove("https_proxy");
    command.output().context("run kubectl")
}

/// Code and object of each finding, as `LW003 TelemetryPolicy p`.
fn findings(output: &Output) -> Result<Vec<String>> {
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    let document: Value = serde_json::from_slice(&output.stdout).with_context(said)?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = document["findings"].as_array().context("no findings")?;
    let of = |finding: &Value| {
        let object = &finding["object"];
        format!("{} {} {}", word(&finding["code"]), word(&object["kind"]), word(&object["name"]))
    };
    Ok(items.iter().map(of).collect())
}

#[test]
fn kubectl_runs_the_plugin_and_it_finds_what_is_wrong_in_a_namespace() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let admin = kubernetes.layout().kubeconfig("admin");
    namespace.apply(&object("TelemetryPolicy", "right", "{seriesSets: [istio]}"))?;
    namespace.apply(&object("TelemetryPolicy", "empty", "{}"))?;
    namespace.apply(&object("ExtraStatTags", "wrong", "{tags: [{name: zone, value: source.zon}]}"))?;
    let words = ["analyze", "-n", &namespace.name, "-o", "json"];
    let output = kubectl_longwire(&namespace, &admin, &words)?;
    let found = findings(&output)?;
    ensure!(found == ["LW002 ExtraStatTags wrong", "LW022 TelemetryPolicy empty"], "{found:?}");
    ensure!(output.status.code() == Some(FOUND), "{:?}", output.status);
    ensure!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[test]
fn the_plugin_reads_no_more_than_its_user_may() -> Result<()> {
    let (_, namespace) = longwire::installed()?;
    namespace.apply(&object("TelemetryPolicy", "empty", "{}"))?;
    namespace.kubectl(&["create", "serviceaccount", "viewer"])?;
    let who = format!("--serviceaccount={}:viewer", namespace.name);
    let token = namespace.kubectl(&["create", "token", "viewer"])?;
    let directory = tempfile::tempdir()?;
    let kubeconfig = directory.path().join("config");
    // The same server, another user.
    let config: Value =
        serde_json::from_str(&namespace.kubernetes().kubectl(&["config", "view", "--raw", "-o", "json"])?)?;
    let cluster = config["clusters"][0].clone();
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "viewer", "clusters": [cluster],
        "users": [{"name": "viewer", "user": {"token": token.trim()}}],
        "contexts": [{"name": "viewer", "context": {
            "cluster": cluster["name"], "user": "viewer", "namespace": namespace.name,
        }}],
    });
    fs::write(&kubeconfig, config.to_string())?;
    // Without a right: nothing, and each kind is named.
    let output = kubectl_longwire(&namespace, &kubeconfig, &["analyze"])?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(NOT_ANALYZED) && output.stdout.is_empty(), "{:?}: {said}", output.status);
    ensure!(said.contains("skipped telemetrypolicies.telemetry.longwire.io of"), "{said}");
    ensure!(said.contains("nothing of the cluster could be read"), "{said}");
    // With Kubernetes' own role view in this namespace: what is in it, and not the operator's namespace.
    namespace.kubectl(&["create", "rolebinding", "viewer", "--clusterrole=view", &who])?;
    eventually(PATIENCE, || {
        let output = kubectl_longwire(&namespace, &kubeconfig, &["analyze", "-o", "json", "--fail-on", "warning"])?;
        let (found, said) = (findings(&output)?, String::from_utf8_lossy(&output.stderr).into_owned());
        ensure!(found == ["LW022 TelemetryPolicy empty"], "{found:?}: {said}");
        ensure!(output.status.code() == Some(FOUND), "{:?}", output.status);
        let is_of_root = |line: &str| line.contains(&format!("of {}", longwire::NAMESPACE)) && line.contains("403");
        confirm!(said.lines().count() == 3 && said.lines().all(is_of_root), "{said}")
    })
}

/// What it prints, if it exits with this code.
fn said(namespace: &Namespace<'_>, words: &[&str], code: i32) -> Result<String> {
    let admin = namespace.kubernetes().layout().kubeconfig("admin");
    let output = kubectl_longwire(namespace, &admin, words)?;
    let [out, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    ensure!(output.status.code() == Some(code), "{words:?}: {:?}: {out}{errors}", output.status);
    println!("$ kubectl longwire {}\n{out}{errors}", words.join(" "));
    Ok(out)
}

#[test]
fn the_plugin_describes_a_pod_and_estimates_a_policy() -> Result<()> {
    let (_, namespace) = longwire::installed()?;
    let shop = Shop::open(&namespace)?;
    namespace.apply(&object("TelemetryPolicy", "lean", "{seriesSets: [istio]}"))?;
    namespace.apply(&object("ExtraStatTags", "team", "{tags: [{name: team, value: '\"blue\"'}]}"))?;
    longwire::await_label(namespace.kubernetes(), &namespace.name, "istio_tcp_sent_bytes_total", ("team", "blue"))?;
    eventually(PATIENCE, || {
        let text = said(&namespace, &["describe", "pod", &shop.client.name, "-n", &namespace.name], 0)?;
        for part in ["TelemetryPolicy", "lean", "ExtraStatTags", "team", "blue", &shop.server.name] {
            ensure!(text.contains(part), "{part} is not said: {text}");
        }
        Ok(())
    })?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("port.yaml");
    fs::write(&file, object("ExtraStatTags", "port", "{tags: [{name: port, value: string(source.port)}]}"))?;
    let file = file.to_str().context("not UTF-8")?;
    eventually(PATIENCE, || {
        let text = said(&namespace, &["estimate", "-f", file, "-n", &namespace.name], 0)?;
        confirm!(text.contains("istio_tcp_sent_bytes_total") && text.contains("port"), "{text}")
    })
}
