//! The two versions of Helm that the chart supports, and the chart.

use super::Kubernetes;
use super::layout::{script, text};
use anyhow::{Context, Result};
use longwire_testkit::command;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The chart of this checkout.
pub const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../charts/longwire");
/// Name of the only release of a test cluster.
pub const RELEASE: &str = "longwire";

/// Values for tests: local images, short intervals, and no probe on fake nodes.
const VALUES: &str = include_str!("../../cluster/values.yaml");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helm {
    Three,
    Four,
}

impl Helm {
    pub const BOTH: [Self; 2] = [Self::Three, Self::Four];

    /// Built at the first call.
    pub(crate) fn program(self) -> Result<PathBuf> {
        static BUILT: [OnceLock<Result<PathBuf, String>>; 2] = [const { OnceLock::new() }; 2];
        let (built, name) = match self {
            Self::Three => (&BUILT[0], "helm3"),
            Self::Four => (&BUILT[1], "helm4"),
        };
        let build = || {
            let said = text(&script("helm")).and_then(|helm| command::converse(helm, &[name]));
            said.map(|said| Path::new(said.trim()).join(name)).map_err(|error| format!("{error:#}"))
        };
        built.get_or_init(build).clone().map_err(anyhow::Error::msg)
    }

    /// Its output without a cluster.
    pub fn run(self, arguments: &[&str]) -> Result<String> {
        command::run(text(&self.program()?)?, arguments)
    }

    /// Its output, including logs of jobs, as the administrator of the cluster.
    pub fn on(self, kubernetes: &Kubernetes, arguments: &[&str]) -> Result<String> {
        self.with(kubernetes, arguments, "")
    }

    /// Both outputs of a shell in which `helm` is this one and `kubectl` is the administrator's.
    pub fn shell(self, kubernetes: &Kubernetes, line: &str) -> Result<String> {
        let (layout, program) = (kubernetes.layout(), self.program()?);
        let (kubeconfig, kubectl) = (layout.kubeconfig("admin"), layout.program("kubectl"));
        let script = format!(
            r#"set -eo pipefail; export KUBECONFIG="$0" helm="$1" kubectl="$2"
            helm() {{ "$helm" "$@"; }}; kubectl() {{ "$kubectl" "$@"; }}; {line}"#
        );
        let words = ["-c", &script, text(&kubeconfig)?, text(&program)?, text(&kubectl)?];
        command::hear("bash", &words, &[]).with_context(|| format!("{self:?}: {line}"))
    }

    /// `install` or `upgrade --install`, with the values for tests and further ones as for `--set`; waits until all is
    /// ready.
    pub fn bring(self, kubernetes: &Kubernetes, verb: &str, namespace: &str, set: &[&str]) -> Result<String> {
        let mut words = vec![verb, RELEASE, CHART, "--namespace", namespace, "--create-namespace"];
        words.extend(["--values=-", "--wait", "--timeout=120s"]);
        if verb == "upgrade" {
            words.push("--install");
        }
        words.extend(set.iter().flat_map(|set| ["--set", set]));
        self.with(kubernetes, &words, VALUES)
    }

    fn with(self, kubernetes: &Kubernetes, arguments: &[&str], input: &str) -> Result<String> {
        let (program, kubeconfig) = (self.program()?, kubernetes.layout().kubeconfig("admin"));
        let words = [&["--kubeconfig", text(&kubeconfig)?], arguments].concat();
        command::hear(text(&program)?, &words, input.as_bytes()).with_context(|| format!("{self:?}"))
    }
}
