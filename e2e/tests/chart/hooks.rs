//! Hooks leave nothing behind, and jobs that pull images are named after them.

use crate::rendered::{named, of_kind, template};
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::helm::Helm;
use longwire_testkit::confirm;
use serde_json::Value;

fn pulls(set: &[&str]) -> Result<Vec<String>> {
    let objects = template(Helm::Three, set)?;
    let names = of_kind(&objects, "Job").into_iter().filter_map(|job| job["metadata"]["name"].as_str());
    Ok(names.filter(|name| name.starts_with("longwire-pull-")).map(str::to_owned).collect())
}

#[test]
fn each_image_has_a_job_that_is_called_after_it() -> Result<()> {
    let long = "registry.internal.example.org:5000/platform/observability/longwire";
    let cases = [
        ("e2e.local", "v1", ["e2e.local-longwire-operator-v1", "e2e.local-longwire-probe-v1"]),
        (
            "ghcr.io/longwire",
            "v0.1.0",
            ["ghcr.io-longwire-longwire-operator-v0.1.0", "ghcr.io-longwire-longwire-probe-v0.1.0"],
        ),
        // A long name loses words at its start, and a tag that is a commit is cut.
        (
            long,
            "0123456789abcdef0123456789abcdef01234567",
            ["longwire-longwire-operator-0123456789abcdef0123", "longwire-longwire-probe-0123456789abcdef0123"],
        ),
    ];
    for (registry, tag, images) in cases {
        let set = [format!("images.registry={registry}"), format!("images.tag={tag}")];
        let names = pulls(&set.each_ref().map(String::as_str))?;
        assert_eq!(names, images.map(|image| format!("longwire-pull-{image}")), "{registry}, {tag}");
        // Valid as the name of a job, and as the value of its label `job-name`.
        for name in names {
            let is_valid = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || ".-".contains(one);
            ensure!(name.len() <= 63 && name.chars().all(is_valid), "{name:?}");
            ensure!(name.ends_with(|last: char| last.is_ascii_alphanumeric()), "{name:?}");
        }
    }
    Ok(())
}

#[test]
fn images_are_pulled_ahead_of_every_other_hook_and_what_fails_goes_too() -> Result<()> {
    let objects = template(Helm::Three, &["metrics.auth=true"])?;
    let annotation = |object: &Value, name: &str| {
        let found = object["metadata"]["annotations"][format!("helm.sh/{name}")].as_str();
        found.map(str::to_owned)
    };
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for object in &objects {
        let name = object["metadata"]["name"].as_str().context("no name")?;
        let Some(when) = annotation(object, "hook").filter(|when| when != "test") else { continue };
        let policy = annotation(object, "hook-delete-policy").unwrap_or_default();
        for due in ["before-hook-creation", "hook-succeeded", "hook-failed"] {
            ensure!(policy.contains(due), "{name} is deleted by {policy:?}");
        }
        let weight: i32 = annotation(object, "hook-weight").context("no weight")?.parse()?;
        let is_job = object["kind"] == "Job";
        ensure!(!is_job || object["spec"]["activeDeadlineSeconds"].as_u64().is_some_and(|limit| limit <= 90), "{name}");
        ensure!(!is_job || object["spec"]["ttlSecondsAfterFinished"].is_u64(), "{name} stays when Helm is killed");
        match name.starts_with("longwire-pull-") {
            true => {
                ensure!(when == "pre-install,pre-upgrade", "{name} comes at {when}");
                first.push(weight);
            }
            false => others.push(weight),
        }
    }
    ensure!(first.len() == 2 && others.len() >= 8, "{first:?}, {others:?}");
    confirm!(first.iter().max() < others.iter().min(), "{first:?} are not ahead of {others:?}")
}

/// Helm continues after a failed post-delete hook, but not after a failed pre-delete hook.
#[test]
fn nothing_keeps_anybody_from_uninstalling() -> Result<()> {
    let objects = template(Helm::Three, &["probe.healthPort=7"])?;
    let hook = |object: &Value| object["metadata"]["annotations"]["helm.sh/hook"].as_str().map(str::to_owned);
    ensure!(!objects.iter().any(|object| hook(object).is_some_and(|when| when.contains("pre-delete"))));
    let sets = of_kind(&objects, "DaemonSet");
    let cleanup = named(&objects, "DaemonSet", "longwire-cleanup")?;
    assert_eq!(hook(cleanup).as_deref(), Some("post-delete"));
    for field in ["nodeSelector", "tolerations", "affinity"] {
        let [one, other] = [0, 1].map(|at| &sets[at]["spec"]["template"]["spec"][field]);
        assert_eq!(one, other, "it goes where the probes were");
    }
    let container = &cleanup["spec"]["template"]["spec"]["containers"][0];
    let args = ["uninstall", "--pin-dir=/bpf/longwire", "--state-dir=/run/longwire", "--stay=127.0.0.1:7"];
    assert_eq!(container["args"], serde_json::json!(args));
    assert_eq!(container["readinessProbe"]["httpGet"]["port"], 7);
    Ok(())
}
