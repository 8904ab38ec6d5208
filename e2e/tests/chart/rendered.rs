//! The rendered objects of the chart.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{helm::CHART, helm::Helm};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Output of `helm template` with these flags.
pub(crate) fn render(helm: Helm, flags: &[&str]) -> Result<String> {
    helm.run(&[&["template", "longwire", CHART], flags].concat())
}

pub(crate) fn template(helm: Helm, set: &[&str]) -> Result<Vec<Value>> {
    let set = set.iter().flat_map(|set| ["--set", set]);
    let flags: Vec<_> = ["--namespace=longwire-system", "--kube-version=1.37.1"].into_iter().chain(set).collect();
    let objects = serde_saphyr::from_multiple::<Value>(&render(helm, &flags)?)?;
    Ok(objects.into_iter().filter(|object| !object.is_null()).collect())
}

pub(crate) fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

pub(crate) fn named<'a>(objects: &'a [Value], kind: &str, name: &str) -> Result<&'a Value> {
    let of_name = |object: &&Value| object["metadata"]["name"] == name;
    of_kind(objects, kind).into_iter().find(of_name).with_context(|| format!("no {kind} {name}"))
}

/// The pod's spec in the first object of a kind.
pub(crate) fn pod<'a>(objects: &'a [Value], kind: &str) -> Result<&'a Value> {
    let first = of_kind(objects, kind).first().copied().with_context(|| format!("no {kind}"))?;
    Ok(&first["spec"]["template"]["spec"])
}

/// Whether the first container of a pod has this argument.
pub(crate) fn has_argument(pod: &Value, argument: &str) -> bool {
    pod["containers"][0]["args"].as_array().is_some_and(|arguments| arguments.iter().any(|one| one == argument))
}

#[test]
fn neither_helm_has_anything_to_say_against_it() -> Result<()> {
    for helm in Helm::BOTH {
        helm.run(&["lint", "--strict", CHART])?;
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
        let pod = pod(&objects, "DaemonSet")?;
        for (probe, path) in [("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")] {
            let get = &pod["containers"][0][probe]["httpGet"];
            assert_eq!((&get["path"], &get["port"]), (&path.into(), &"health".into()));
            assert_eq!(get["host"].as_str(), host, "{probe}");
        }
        let flag = format!("--health-listen={}:15021", host.unwrap_or("0.0.0.0"));
        ensure!(has_argument(pod, &flag), "no {flag}");
    }
    Ok(())
}

#[test]
fn creation_times_of_series_are_exposed_if_enabled() -> Result<()> {
    for (set, is_on) in [(&[][..], false), (&["metrics.createdTimestamps=true"], true)] {
        let objects = template(Helm::Three, set)?;
        assert_eq!(has_argument(pod(&objects, "DaemonSet")?, "--created-timestamps"), is_on);
    }
    Ok(())
}

#[test]
fn the_probe_has_three_capabilities_and_no_more() -> Result<()> {
    let objects = template(Helm::Three, &[])?;
    let pod = pod(&objects, "DaemonSet")?;
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
    let pod = pod(&objects, "DaemonSet")?;
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
        let folder = Path::new(CHART).join(folder);
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
    let chart: Value = serde_saphyr::from_str(&fs::read_to_string(format!("{CHART}/Chart.yaml"))?)?;
    let version = format!("/blob/v{}/docs/runbooks/", chart["appVersion"].as_str().context("no version")?);
    let groups = |folder: &str| -> Result<Vec<Value>> {
        let mut groups = Vec::new();
        for file in files(folder, ".yaml")? {
            let rules: Value = serde_saphyr::from_str(&file.replace("/blob/main/docs/runbooks/", &version))?;
            groups.extend(rules["groups"].as_array().cloned().unwrap_or_default());
        }
        Ok(groups)
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
    let alerts: usize = groups("rules")?.iter().map(|group| group["rules"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(moved.matches("\"http://wiki.example.org/alerts/Longwire").count(), alerts);
    assert!(
        !moved.contains("/blob/") && !moved.contains(".md\""),
        "a copy's pages are named after their alerts: {moved}"
    );
    Ok(())
}
