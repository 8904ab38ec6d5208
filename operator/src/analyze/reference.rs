//! docs/analysis.md, from the catalogue.

use super::catalogue::{CATALOGUE, Check, Severity};
use std::fmt::Write;

const HEAD: &str = "\
<!-- Made from operator/src/analyze; do not edit. `UPDATE_REFERENCE=1 cargo test -p longwire-operator --test analysis` generates it. -->
# Analysis

`kubectl longwire analyze` finds what is wrong in TelemetryPolicy, ExtraStatTags and StatsMatcher objects and in the annotations of pods and Namespaces, in files before they are applied or in a cluster, with the code by which the operator itself reads and merges them. [kubectl-longwire.md](kubectl-longwire.md) says how to install it.

```sh
kubectl longwire analyze -f policies/
kubectl longwire analyze -f policies/ -f deployment.yaml --fail-on warning
helm template shop charts/shop | kubectl longwire analyze -f -
kubectl longwire analyze -n shop
kubectl longwire analyze -A
```

`-f` takes files, directories (with all that is below them: `*.yaml`, `*.yml`, `*.json`) and `-` for standard input. A file may have several documents in YAML or JSON, and Lists. Beside the three kinds, Pods, Namespaces, Services and the pod templates of Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs are read; other kinds are ignored.

Without `-f`, the cluster of your kubeconfig is read with your own rights: one namespace (`-n`, or that of the context) and the policies of the root namespace, or all (`-A`). What you may not list, or what is not installed, is named on standard error and left out. With `-f` no cluster is asked.

**What is known.** Analysis knows what it has read and nothing else, and does not guess. Selectors and labels in expressions are compared with pods where the files have some: pass the workloads together with the policies. Objects in files have no age, so of two that conflict the first by name wins; in a cluster it is the older one. Of one namespace alone, labels in expressions are not compared, because the other end of a connection may be a pod of another. If a kind could not be read, whether a part has an effect beside the rest is not checked. `--root-namespace` names the operator's namespace, if it is not `longwire-system`, and with `-f`, `-n` the namespace of objects that name none.

**Output.** `-o text` lists findings by object, `-o json` has one object with `findings`, `summary` and `notes`, `-o sarif` is SARIF 2.1.0 for code hosts, which show findings beside the changed lines. Notes say what could not be checked.

**Exit code.** 0: no finding is as bad as `--fail-on` (`error`, `warning` or `info`; default `error`). 1: a file could not be read, nothing of the cluster could be read, or the command line is wrong. 2: there is such a finding.

**Bounds.** 64 MiB and 16,384 files in all; of a cluster pages of 500 objects and 64 MiB of what analysis reads of them, and a kind with which it were more is left out; 10,000 findings are listed, the others counted.

## Codes

";

/// The page.
#[must_use]
pub fn render() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| code | severity | what |\n| --- | --- | --- |\n");
    for check in &CATALOGUE {
        let Check { id, name, severity, means, .. } = check;
        // The table has the first sentence; the section has all of them.
        let what = means.split_once(". ").map_or(*means, |(first, _)| first).trim_end_matches('.');
        let _ = writeln!(page, "| [{id}](#{}) {name} | {severity} | {} |", check.anchor(), cell(what));
    }
    let _ = write!(page, "\nThe severities: ");
    let meanings = Severity::ALL.map(|severity| format!("`{severity}`, {}", meaning(severity)));
    let _ = writeln!(page, "{}.", meanings.join("; "));
    for Check { id, name, severity, means, remedy, .. } in &CATALOGUE {
        let _ = write!(page, "\n### {id} {name}\n\n**{severity}.** {means}\n\n{}\n", linked(remedy));
    }
    page
}

fn meaning(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "it is not used, or the API server refuses it",
        Severity::Warning => "it is used, but a part has no effect or does harm elsewhere",
        Severity::Info => "perhaps it is meant so",
    }
}

/// Pages of the same folder.
fn linked(text: &str) -> String {
    ["configuration", "kiali", "metrics"].iter().fold(text.to_owned(), |text, page| {
        text.replace(&format!("docs/{page}.md"), &format!("[{page}.md]({page}.md)"))
    })
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
