//! The commands of README.md on a cluster, literally, and the result of `make try`.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{
    Kubernetes, NODES, helm::Helm, helm::RELEASE, images, longwire, trial::furnish::Furnished, trial::furnish::furnish,
    trial::next,
};
use longwire_testkit::{
    Prometheus, REPORTERS, binaries, checkout, command, confirm, eventually, janitor, now, readme::block, readme::typed,
};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

const NAMESPACES: [&str; 2] = ["bookinfo", "prometheus-example"];
/// Client, server, and the Service between them.
const EDGES: [[&str; 3]; 9] = [
    ["visitors-v1", "productpage-v1", "productpage"],
    ["productpage-v1", "details-v1", "details"],
    ["productpage-v1", "reviews-v1", "reviews"],
    ["productpage-v1", "reviews-v2", "reviews"],
    ["productpage-v1", "reviews-v3", "reviews"],
    ["reviews-v2", "ratings-v2", "ratings"],
    ["reviews-v3", "ratings-v2", "ratings"],
    ["ratings-v2", "mongodb-v1", "mongodb"],
    ["stars-report", "ratings-v2", "ratings"],
];

/// Output of a shell script at the top of the checkout; the script itself sets up `kubectl` and others.
fn shell(script: &str) -> Result<String> {
    let script = format!("set -euo pipefail; cd {}; {script}", checkout().display());
    command::hear("bash", &["-c", &script], &[])
}

/// Restores the cluster for other tests.
fn restore(kubernetes: &Kubernetes) -> Result<()> {
    let policy = checkout().join("docs/examples/policies/telemetrypolicy.yaml");
    kubernetes.delete(&fs::read_to_string(policy)?)?;
    for namespace in NAMESPACES {
        kubernetes.kubectl(&["delete", "namespace", namespace, "--ignore-not-found"])?;
    }
    for kind in ["clusterrole", "clusterrolebinding"] {
        kubernetes.kubectl(&["delete", kind, "prometheus-example", "--ignore-not-found"])?;
    }
    Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &[]).map(drop)
}

#[test]
fn make_try_shows_bookinfo_and_its_printed_commands_work() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    let outcome = (|| {
        let furnished = furnish(kubernetes, false, &|what| println!("{what}"))?;
        expect_edges(&furnished)?;
        type_steps(&next::steps(&furnished))?;
        type_readme()?;
        // A second run changes nothing.
        let before = pods(kubernetes)?;
        let again = furnish(kubernetes, false, &|_| ())?;
        ensure!(again.prometheus == furnished.prometheus, "another Prometheus: {again:?}");
        confirm!(pods(kubernetes)? == before, "pods are other ones than {before}")
    })();
    restore(kubernetes)?;
    outcome
}

/// Names of all pods of `make try`, without those of Helm's hooks.
fn pods(kubernetes: &Kubernetes) -> Result<String> {
    let ours = ["--selector=app notin (longwire-pull, longwire-crds)", "--output=name"];
    let of = |namespace: &str| kubernetes.kubectl(&[&["--namespace", namespace, "get", "pods"], &ours[..]].concat());
    NAMESPACES.iter().chain([&longwire::NAMESPACE]).map(|namespace| of(namespace)).collect()
}

fn expect_edges(furnished: &Furnished) -> Result<()> {
    let prometheus = Prometheus::at(furnished.prometheus)?;
    let rows = |query: &str| prometheus.query(query, now());
    for reporter in REPORTERS {
        let labels = ["source_workload", "destination_workload", "destination_service_name"];
        let query = format!(
            "sum by ({}) (istio_tcp_sent_bytes_total{{reporter=\"{reporter}\", destination_workload_namespace=\"bookinfo\"}}) > 0",
            labels.join(",")
        );
        let expected: BTreeSet<[String; 3]> = EDGES.into_iter().map(|edge| edge.map(str::to_owned)).collect();
        // The Job waits for its image, and the choice of reviews is random.
        eventually(Duration::from_secs(60), || {
            let shown: BTreeSet<_> =
                rows(&query)?.into_iter().map(|row| labels.map(|label| row.labels[label].clone())).collect();
            confirm!(shown == expected, "{reporter} says {shown:?}")
        })?;
    }
    let failing = "sum by (source_workload, destination_service_name, reason) \
                   (longwire_tcp_connections_failed_total{reporter=\"source\", source_workload_namespace=\"bookinfo\"})";
    eventually(Duration::from_secs(60), || {
        let found = rows(failing)?;
        // A start in another order may have been refused elsewhere, once.
        let mut refused = found.iter().filter(|row| row.labels["source_workload"] == "productpage-v1");
        let refused = refused.find(|row| row.labels["destination_service_name"] == "ratings");
        let refused = refused.with_context(|| format!("nobody was refused by ratings: {found:?}"))?;
        confirm!(refused.labels["reason"] == "refused" && refused.value >= 1.0, "{refused:?}")
    })?;
    let long = "sum by (source_workload, destination_workload) (kmesh_tcp_connection_sent_bytes_total{reporter=\"source\", \
                source_workload=\"ratings-v2\", destination_workload=\"mongodb-v1\"})";
    eventually(Duration::from_secs(60), || {
        confirm!(rows(long)?.first().is_some_and(|row| row.value > 0.0), "no connection stays")
    })?;
    let targets = rows("up{job=~\"longwire-.*\"}")?;
    let all_up = targets.len() == 4 && targets.iter().all(|row| row.value == 1.0);
    confirm!(all_up, "two probes and two operators: {targets:?}")
}

/// Runs each indented line of the output of `make try`.
fn type_steps(steps: &str) -> Result<()> {
    let lines: Vec<&str> = steps.lines().filter_map(|line| line.strip_prefix("  ")).map(str::trim).collect();
    let [environment, commands @ .., query] = &lines[..] else { anyhow::bail!("{steps}") };
    ensure!(environment.starts_with("eval \"$(make "), "{environment}");
    let bin = Kubernetes::shared()?.layout().run().join("bin");
    for program in ["kubectl", "helm", "promtool"] {
        let found = shell(&format!("{environment}; command -v {program}"))?;
        ensure!(found.trim() == bin.join(program).display().to_string(), "{program} is {found}");
    }
    ensure!(commands.len() == 3 && commands.iter().all(|command| command.starts_with("kubectl ")), "{commands:?}");
    for (command, answer) in commands.iter().zip(["bookinfo", "istio_tcp_sent_bytes_total{", "telemetrypolicy"]) {
        let said = shell(&format!("{environment}; {command}"))?;
        ensure!(said.contains(answer), "{command}: {said}");
    }
    let said = shell(&format!("{environment}; {query}"))?;
    for [source, destination, _] in EDGES.into_iter().filter(|[source, ..]| *source != "stars-report") {
        let edge = format!("{{destination_workload=\"{destination}\", source_workload=\"{source}\"}}");
        ensure!(said.contains(&edge), "{query}: no {edge} in {said}");
    }
    confirm!(shell(&format!("{environment}; helm list --all-namespaces"))?.contains("longwire-system"), "no release")
}

fn type_readme() -> Result<()> {
    let lines: Vec<&str> = block("make --silent try-env")?.lines().collect();
    let answers = [
        "",
        "productpage-v1",
        "istio_tcp_sent_bytes_total",
        "source_workload=\"productpage-v1\"",
        "telemetrypolicy.telemetry.longwire.io/",
        "telemetrypolicy",
    ];
    ensure!(lines.len() == answers.len(), "README.md has other commands: {lines:?}");
    let environment = typed(lines[0]);
    for (line, answer) in lines.iter().zip(answers) {
        let said = shell(&format!("{environment}; {line}"))?;
        ensure!(said.contains(answer), "{line}: {said}");
    }
    Ok(())
}

#[test]
fn what_is_loaded_as_the_readme_has_it_is_installed_as_the_readme_has_it() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    let gone = ["uninstall", RELEASE, "--namespace", longwire::NAMESPACE, "--wait", "--timeout=120s"];
    Helm::Three.on(kubernetes, &gone)?;
    let outcome = (|| {
        load_as_readme(kubernetes)?;
        let install = block("helm install")?;
        ensure!(install.lines().count() == 3, "README.md has other commands: {install}");
        // The only addition of the test, because two nodes share one machine's cgroups.
        let ours = r#"helm() {
            case "$1" in install) set -- "$@" --set 'probe.kubeletCgroupRoot=/longwire-cluster/$(LONGWIRE_NODE_NAME)';; esac
            "$helm" "$@"
        }"#;
        let line = format!("cd {}\n{ours}\n{install}", checkout().display());
        let said = Helm::Four.shell(kubernetes, &line)?;
        for answer in ["STATUS: deployed", "equal the transfer", "deployment.apps/productpage-v1 created"] {
            ensure!(said.contains(answer), "no {answer:?} in {said}");
        }
        Ok(())
    })();
    restore(kubernetes)?;
    outcome
}

/// `make images` with the programs under test, and the table's command for containerd on each node.
fn load_as_readme(kubernetes: &Kubernetes) -> Result<()> {
    let directory = janitor::temporary_directory("readme")?;
    let target = directory.path().join("target/images");
    fs::create_dir_all(&target)?;
    let checkout = checkout().to_str().context("a path that is no text")?;
    let recipe = command::run("make", &["--dry-run", "-C", checkout, "images"])?;
    let name = recipe.split_whitespace().find(|word| word.contains("/$program:")).context("no image has a name")?;
    let name = name.trim_end_matches(';');
    let readme = fs::read_to_string(format!("{checkout}/README.md"))?;
    let load = readme.lines().find_map(|line| line.strip_prefix("| containerd, on each node | `"));
    let load = load.and_then(|line| line.strip_suffix("` |")).context("README.md says nothing of containerd")?;
    for program in ["longwire-operator", "longwire-probe"] {
        let file = target.join(format!("{program}.tar"));
        images::archive(&binaries::find(program)?, &file, &name.replace("$program", program))?;
        let line = format!("cd {} && {}", directory.path().display(), load.replace("longwire-operator", program));
        for node in NODES {
            kubernetes.node(node)?.run("sh", &["-c", &line])?;
        }
    }
    Ok(())
}
