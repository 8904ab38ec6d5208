//! An invalid installation is refused with a remedy; the API server accepts the objects of a valid one.

use anyhow::{Result, bail, ensure};
use longwire_kubernetes::{Kubernetes, helm::CHART, helm::Helm, helm::RELEASE, layout, longwire};
use longwire_testkit::command;
use std::fs;

/// Helm's error for a release in a namespace; no release may be left afterwards.
fn refusal(kubernetes: &Kubernetes, helm: Helm, release: &str, namespace: &str) -> Result<String> {
    let words = ["install", release, CHART, "--namespace", namespace];
    let Err(error) = helm.on(kubernetes, &words) else { bail!("{helm:?} has installed {release} into {namespace}") };
    let left = helm.on(kubernetes, &["list", "--all-namespaces", "--short"])?;
    ensure!(left.trim() == RELEASE, "releases: {left}");
    Ok(format!("{error:#}"))
}

#[test]
fn a_second_one_is_refused_with_the_name_of_the_first() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    for helm in Helm::BOTH {
        for (release, into) in [("second", longwire::NAMESPACE), (RELEASE, namespace.name.as_str())] {
            let said = refusal(kubernetes, helm, release, into)?;
            let first =
                format!("Longwire is in this cluster already, as release {RELEASE} in namespace longwire-system");
            ensure!(said.contains(&first), "{helm:?} of {release} in {into}: {said}");
            ensure!(said.contains("helm uninstall longwire --namespace longwire-system"), "no remedy: {said}");
        }
    }
    Ok(())
}

#[test]
fn a_namespace_that_forbids_probes_is_named_with_the_command_that_allows_them() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    for (helm, level) in [(Helm::Three, "baseline"), (Helm::Four, "restricted")] {
        let label = format!("pod-security.kubernetes.io/enforce={level}");
        kubernetes.kubectl(&["label", "namespace", &namespace.name, &label, "--overwrite"])?;
        let said = refusal(kubernetes, helm, "another", &namespace.name)?;
        ensure!(said.contains(&format!("enforces the Pod Security level \"{level}\"")), "{helm:?}: {said}");
        let remedy =
            format!("kubectl label namespace {} pod-security.kubernetes.io/enforce=privileged", namespace.name);
        ensure!(said.contains(&remedy), "no remedy: {said}");
    }
    Ok(())
}

#[test]
fn the_api_server_takes_everything_that_is_rendered() -> Result<()> {
    let (kubernetes, _namespace) = longwire::installed()?;
    let foreign = foreign_kinds()?;
    kubernetes.apply(&foreign)?;
    let namespace = format!("--namespace={}", longwire::NAMESPACE);
    let all = "--set=metrics.scrape=podMonitor,metrics.rules.enabled=true,metrics.rules.kmesh=true";
    let outcome = Helm::BOTH.into_iter().flat_map(|helm| [(helm, "--set=metrics.scrape=annotations"), (helm, all)]);
    let outcome = outcome.map(|(helm, set)| {
        let words = ["template", RELEASE, CHART, &namespace, "--include-crds", set, "--kube-version=1.37.1"];
        let rendered = helm.run(&words)?;
        ensure!(rendered.contains("kind: PodMonitor") == (set == all), "{helm:?}: {set}");
        kubernetes.apply_dry(&rendered)
    });
    let outcome: Result<()> = outcome.collect();
    kubernetes.delete(&foreign)?;
    outcome
}

/// CRDs of PodMonitor and PrometheusRule, from prometheus-operator.
fn foreign_kinds() -> Result<String> {
    let script = layout::script("monitoring");
    let directory = command::run(script.to_str().unwrap_or_default(), &[])?;
    let read = |kind: &str| fs::read_to_string(format!("{}/monitoring.coreos.com_{kind}.yaml", directory.trim()));
    Ok(format!("{}\n---\n{}", read("podmonitors")?, read("prometheusrules")?))
}
