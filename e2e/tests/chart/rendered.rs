//! The rendered objects of the chart.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{helm::Helm, helm::chart};
use serde_json::Value;
use std::fs;

pub(crate) fn template(helm: Helm, set: &[&str]) -> Result<Vec<Value>> {
    let chart = chart();
    let chart = chart.to_str().context("a path that is no text")?;
    let line = ["template", "longwire", chart, "--namespace=longwire-system", "--kube-version=1.37.1"];
    let set = set.iter().flat_map(|set| ["--set", set]);
    let text = helm.run(&line.into_iter().chain(set).collect::<Vec<_>>())?;
    let objects = serde_saphyr::from_multiple::<Value>(&text)?;
    Ok(objects.into_iter().filter(|object| !object.is_null()).collect())
}

pub(crate) fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

#[test]
fn neither_helm_has_anything_to_say_against_it() -> Result<()> {
    for helm in Helm::BOTH {
        helm.run(&["lint", "--strict", chart().to_str().context("a path that is no text")?])?;
        ensure!(!template(helm, &[])?.is_empty());
    }
    Ok(())
}

#[test]
fn both_helms_make_the_same_of_it() -> Result<()> {
    for set in [
        &[][..],
        &["metrics.scrape=podMonitor", "metrics.rules.enabled=true", "operator.replicas=1", "metrics.auth=true"],
    ] {
        ensure!(template(Helm::Three, set)? == template(Helm::Four, set)?, "they differ with {set:?}");
    }
    Ok(())
}

#[test]
fn a_pod_is_found_by_annotations_or_by_a_pod_monitor_and_never_by_both() -> Result<()> {
    for (scrape, annotated, monitors) in [("annotations", 2, 0), ("podMonitor", 0, 2), ("none", 0, 0)] {
        let objects = template(Helm::Three, &[&format!("metrics.scrape={scrape}")])?;
        let templates = objects
            .iter()
            .filter(|object| object["spec"]["template"]["metadata"]["annotations"]["prometheus.io/scrape"] == "true");
        assert_eq!((templates.count(), of_kind(&objects, "PodMonitor").len()), (annotated, monitors), "{scrape}");
    }
    Ok(())
}

/// The kubelet is in the node's network namespace, as the probe is.
#[test]
fn the_kubelet_asks_the_probes_own_listener_for_it() -> Result<()> {
    for (set, host) in [(&[][..], Some("127.0.0.1")), (&["probe.healthAddress=0.0.0.0"], None)] {
        let objects = template(Helm::Three, set)?;
        let set = of_kind(&objects, "DaemonSet");
        let container = &set.first().context("no DaemonSet")?["spec"]["template"]["spec"]["containers"][0];
        for (probe, path) in [("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")] {
            let get = &container[probe]["httpGet"];
            assert_eq!((&get["path"], &get["port"]), (&path.into(), &"health".into()));
            assert_eq!(get["host"].as_str(), host, "{probe}");
        }
        let flag = format!("--health-listen={}:15021", host.unwrap_or("0.0.0.0"));
        ensure!(container["args"].as_array().context("args")?.contains(&flag.clone().into()), "no {flag}");
    }
    Ok(())
}

#[test]
fn the_probe_has_three_capabilities_and_no_more() -> Result<()> {
    let objects = template(Helm::Three, &[])?;
    let set = of_kind(&objects, "DaemonSet");
    let pod = &set.first().context("no DaemonSet")?["spec"]["template"]["spec"];
    let rights = &pod["containers"][0]["securityContext"];
    assert_eq!(rights["privileged"], false);
    assert_eq!(rights["allowPrivilegeEscalation"], false);
    assert_eq!(rights["readOnlyRootFilesystem"], true);
    assert_eq!(rights["capabilities"], serde_json::json!({"drop": ["ALL"], "add": ["BPF", "PERFMON", "NET_ADMIN"]}));
    assert_eq!(rights["seccompProfile"], serde_json::json!({"type": "RuntimeDefault"}));
    assert_eq!(pod["automountServiceAccountToken"], false);
    Ok(())
}

#[test]
fn the_probe_can_write_to_its_own_two_directories_of_the_node_and_no_others() -> Result<()> {
    let objects = template(Helm::Three, &[])?;
    let set = of_kind(&objects, "DaemonSet");
    let pod = &set.first().context("no DaemonSet")?["spec"]["template"]["spec"];
    let path = |name: &Value| {
        let volumes = pod["volumes"].as_array()?;
        volumes.iter().find(|volume| volume["name"] == *name)?["hostPath"]["path"].as_str()
    };
    let mounts = pod["containers"][0]["volumeMounts"].as_array().context("no mounts")?;
    let writable = mounts.iter().filter(|mount| mount["readOnly"] != true);
    let places: Vec<_> = writable.map(|mount| (mount["mountPath"].as_str(), path(&mount["name"]))).collect();
    let both = [("/bpf/longwire", "/sys/fs/bpf/longwire"), ("/run/longwire", "/run/longwire")];
    let both = both.map(|(inside, outside)| (Some(inside), Some(outside)));
    assert_eq!(places, both);
    Ok(())
}

#[test]
fn every_dashboard_and_every_group_of_rules_is_packed() -> Result<()> {
    let files = |folder: &str, end: &str| -> Result<Vec<String>> {
        let folder = chart().join(folder);
        let entries = if folder.exists() { fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()? } else { Vec::new() };
        let names = entries.into_iter().map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(end));
        names.map(|path| Ok(fs::read_to_string(path)?)).collect()
    };
    let objects = template(Helm::Three, &["metrics.rules.enabled=true"])?;
    let dashboards = files("dashboards", ".json")?;
    let packed: Vec<_> = of_kind(&objects, "ConfigMap")
        .into_iter()
        .filter(|map| map["metadata"]["labels"]["grafana_dashboard"] == "1")
        .flat_map(|map| map["data"].as_object().into_iter().flatten())
        .filter_map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(packed.len(), dashboards.len());
    for dashboard in &dashboards {
        ensure!(packed.contains(&dashboard.trim()), "a dashboard is not packed as it is");
    }
    // Links lead to the pages of the installed version.
    let version =
        serde_saphyr::from_str::<Value>(&fs::read_to_string(chart().join("Chart.yaml"))?)?["appVersion"].clone();
    let version = format!("/blob/v{}/docs/runbooks/", version.as_str().context("no version")?);
    let groups = |folder: &str| -> Result<Vec<Value>> {
        let rules = files(folder, ".yaml")?
            .iter()
            .map(|file| file.replace("/blob/main/docs/runbooks/", &version))
            .map(|file| Ok(serde_saphyr::from_str::<Value>(&file)?))
            .collect::<Result<Vec<_>>>()?;
        Ok(rules.iter().flat_map(|rules| rules["groups"].as_array().cloned().unwrap_or_default()).collect())
    };
    let made = |objects: &[Value]| -> Vec<Value> {
        let rules = of_kind(objects, "PrometheusRule");
        rules.iter().flat_map(|rule| rule["spec"]["groups"].as_array().cloned().unwrap_or_default()).collect()
    };
    assert_eq!(made(&objects), groups("rules")?);
    let asked = template(Helm::Three, &["metrics.rules.enabled=true", "metrics.rules.kmesh=true"])?;
    assert_eq!(made(&asked), [groups("rules")?, groups("rules/opt-in")?].concat());
    let nearer = "metrics.rules.runbooks=http://wiki.example.org/alerts";
    let moved = serde_json::to_string(&made(&template(Helm::Three, &["metrics.rules.enabled=true", nearer])?))?;
    assert_eq!(moved.matches("\"http://wiki.example.org/alerts/Longwire").count(), 8);
    assert!(
        !moved.contains("/blob/") && !moved.contains(".md\""),
        "a copy's pages are named after their alerts: {moved}"
    );
    Ok(())
}
