//! Bounds of the chart's durations and numbers equal those of the programs: both accept a bound and refuse what is
//! beyond it.

use crate::rendered::{named, of_kind, template};
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::helm::Helm;
use longwire_testkit::{binaries, confirm};
use serde_json::Value;
use std::process::{Command, Output};

/// Exit code of clap for an invalid flag.
const USAGE: i32 = 2;

/// A value of the chart that becomes a flag, at its bounds and beyond them.
const FLAGS: [(&str, &str, &[&str], &[&str]); 7] = [
    (
        "probe.sampleInterval",
        "--sample-interval",
        &["100ms", "300000ms", "1s", "300s", "4m59s", "5m"],
        &["99ms", "0s", "300001ms", "301s", "6m"],
    ),
    (
        "probe.longConnectionThreshold",
        "--long-connection-threshold",
        &["100ms", "3600000ms", "1s", "3600s", "59m59s", "60m", "1h"],
        &["99ms", "0s", "3600001ms", "3601s", "61m", "2h"],
    ),
    ("probe.maxConnections", "--max-connections", &["1", "16777216"], &["0", "16777217"]),
    ("probe.maxSeries", "--max-series", &["1", "10000000"], &["0", "10000001"]),
    ("probe.metricsPort", "--metrics-listen", &["1", "65535"], &["65536"]),
    ("probe.healthPort", "--health-listen", &["1", "65535"], &["65536"]),
    ("uninstall.timeoutSeconds", "--timeout", &["5", "3600"], &["4", "3601"]),
];

/// Values of a file that the operator reads at its start.
const DEFAULTS: [(&str, &[&str], &[&str]); 6] = [
    ("reportingInterval", &["1s", "1000ms", "300s", "4m59s", "5m"], &["999ms", "0s", "301s", "6m"]),
    ("longConnections.threshold", &["1s", "1000ms", "3600s", "59m59s", "1h"], &["999ms", "3601s", "61m", "2h"]),
    ("budgets.series", &["1", "10000000"], &["0", "10000001"]),
    ("budgets.longConnections", &["0", "1000000"], &["1000001"]),
    ("limits.extraTags", &["0", "32"], &["33"]),
    ("limits.seriesPerNamespace", &["1", "10000000"], &["0", "10000001"]),
];

/// Output of a program with these arguments, without operator, API server and cgroups.
fn start(program: &str, arguments: &[String]) -> Result<Output> {
    let mut command = Command::new("timeout");
    command.arg("60").arg(binaries::find(program)?).args(arguments);
    command.env("LONGWIRE_NODE_NAME", "n1").env("KUBECONFIG", "/nowhere/config").env("HOME", "/nowhere");
    command.env_remove("KUBERNETES_SERVICE_HOST").env_remove("POD_NAMESPACE");
    command.output().with_context(|| format!("{program} {arguments:?}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The arguments of the first container of a kind that has the flag.
fn arguments(objects: &[Value], flag: &str) -> Result<(String, Vec<String>)> {
    let prefix = format!("{flag}=");
    for kind in ["DaemonSet", "Deployment", "Job"] {
        for object in of_kind(objects, kind) {
            let container = &object["spec"]["template"]["spec"]["containers"][0];
            let words = container["args"].as_array().context("no args")?;
            let words: Vec<String> = words.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            if words.iter().any(|word| word.starts_with(&prefix)) {
                let program = if kind == "DaemonSet" { "longwire-probe" } else { "longwire-operator" };
                return Ok((program.to_owned(), words));
            }
        }
    }
    anyhow::bail!("no container has {flag}")
}

/// A container's arguments without those of the node: such a probe exits before it changes anything.
fn detached(words: Vec<String>) -> Vec<String> {
    let of_the_node = ["--pin-dir=", "--state-dir=", "--cgroup-root="];
    let is_kept = |word: &String| !of_the_node.iter().any(|flag| word.starts_with(flag));
    let is_probes = words.iter().any(|word| word.starts_with("--pin-dir="));
    let mut words: Vec<String> = words.into_iter().filter(is_kept).collect();
    if is_probes {
        words.push("--cgroup-root=/nowhere".to_owned());
        let operator = words.iter_mut().find(|word| word.starts_with("--operator="));
        operator.into_iter().for_each(|word| "--operator=https://127.0.0.1:1".clone_into(word));
    }
    words
}

/// The chart refuses a value, by its name in the schema.
fn expect_refusal(helm: Helm, value: &str, bound: &str) -> Result<()> {
    let refused = template(helm, &[&format!("{value}={bound}")]).err().map(|error| error.to_string());
    let name = format!("/{}", value.replace('.', "/"));
    confirm!(refused.is_some_and(|said| said.contains(&name)), "{helm:?} takes {value}={bound}")
}

#[test]
fn a_program_starts_with_every_flag_that_the_chart_takes() -> Result<()> {
    for (value, flag, at, _) in FLAGS {
        for bound in at {
            let objects = template(Helm::Three, &[&format!("{value}={bound}")])?;
            let (program, words) = arguments(&objects, flag)?;
            let output = start(&program, &detached(words))?;
            ensure!(output.status.code() != Some(USAGE), "{program} with {value}={bound}: {}", said(&output));
            ensure!(!said(&output).contains("invalid value"), "{program} with {value}={bound}: {}", said(&output));
        }
    }
    Ok(())
}

#[test]
fn past_a_bound_the_chart_refuses_what_the_program_refuses() -> Result<()> {
    for (value, flag, at, past) in FLAGS {
        let objects = template(Helm::Three, &[&format!("{value}={}", at[0])])?;
        let (program, words) = arguments(&objects, flag)?;
        for bound in past {
            for helm in Helm::BOTH {
                expect_refusal(helm, value, bound)?;
            }
            let changed = words.iter().map(|word| match word.strip_prefix(&format!("{flag}=")) {
                Some(text) => {
                    let bound = if flag == "--timeout" { format!("{bound}s") } else { (*bound).to_owned() };
                    let bound =
                        text.rsplit_once(':').map_or(bound.clone(), |(address, _)| format!("{address}:{bound}"));
                    format!("{flag}={bound}")
                }
                None => word.clone(),
            });
            let output = start(&program, &detached(changed.collect()))?;
            ensure!(output.status.code() == Some(USAGE), "{program} takes {flag} {bound}: {}", said(&output));
        }
    }
    Ok(())
}

/// Whether the operator accepts these defaults, in the format of the chart's ConfigMap.
fn reads(field: &str, bound: &str, file: &str) -> Result<bool> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("defaults.yaml");
    std::fs::write(&path, file)?;
    let output = start("longwire-operator", &[format!("--defaults={}", path.display())])?;
    let said = said(&output);
    let [is_read, is_refused] = ["no API server", field].map(|words| said.contains(words));
    ensure!(is_read != is_refused, "defaults with {field} {bound}: {said}");
    Ok(is_read)
}

#[test]
fn the_operator_reads_the_defaults_that_the_chart_takes_and_no_others() -> Result<()> {
    for (field, at, past) in DEFAULTS {
        let value = format!("defaults.{field}");
        let mut rendered = String::new();
        for bound in at {
            let objects = template(Helm::Three, &[&format!("{value}={bound}")])?;
            let map = named(&objects, "ConfigMap", "longwire-defaults")?;
            map["data"]["defaults.yaml"].as_str().context("no file")?.clone_into(&mut rendered);
            ensure!(reads(field, bound, &rendered)?, "the operator refuses {value}={bound}");
        }
        let last = at.last().context("no bound")?;
        for bound in past {
            expect_refusal(Helm::Three, &value, bound)?;
            let changed = rendered.replace(&format!(":{last}}}"), &format!(":{bound}}}"));
            let changed = changed.replace(&format!("\"{last}\""), &format!("\"{bound}\""));
            ensure!(changed != rendered, "{rendered} has no {last}");
            ensure!(!reads(field, bound, &changed)?, "the operator takes {value}={bound}");
        }
    }
    Ok(())
}
