//! The content of the cluster of `make try`: Longwire, bookinfo, Prometheus, and Kiali if requested.

use super::next::QUERY;
use crate::helm::{Helm, RELEASE};
use crate::kiali::deployed;
use crate::layout::{NODES, script, text};
use crate::{Kubernetes, images, longwire};
use anyhow::{Context, Result};
use longwire_testkit::{Prometheus, binaries, command, confirm, eventually, janitor, now};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

const HELM: Helm = Helm::Four;
const BOOKINFO: &str = include_str!("../../../../docs/examples/bookinfo-cluster/bookinfo.yaml");
const PROMETHEUS: &str = include_str!("../../../cluster/try.yaml");
/// The example's image; nodes without access to a registry get ours under this name.
const BUSYBOX: &str = "docker.io/library/busybox:1.37.0";
/// Directory of `kubectl`, `helm` and `promtool`.
const BIN: &str = "bin";
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Clone, Debug)]
pub struct Furnished {
    pub kubeconfig: PathBuf,
    /// A directory for the PATH.
    pub bin: PathBuf,
    pub prometheus: SocketAddr,
    pub kiali: Option<SocketAddr>,
}

/// Installs all of it, and waits until Prometheus has the first edges.
pub fn furnish(kubernetes: &Kubernetes, with_kiali: bool, say: &dyn Fn(&str)) -> Result<Furnished> {
    let tag = tag(&["longwire-operator", "longwire-probe"])?;
    for program in ["longwire-operator", "longwire-probe"] {
        load(kubernetes, &binaries::find(program)?, &images::tagged(program, &tag))?;
    }
    let targets_image = images::tagged("longwire-try", &self::tag(&["longwire-try"])?);
    load(kubernetes, &binaries::find("longwire-try")?, &targets_image)?;
    let prometheus_image = images::tagged("prometheus", "try");
    load_prometheus(kubernetes, &prometheus_image)?;
    for node in NODES {
        images::tag(&kubernetes.node(node)?, "e2e.local/busybox:1", BUSYBOX)?;
    }
    say("both nodes have the images");

    free_release(kubernetes)?;
    HELM.bring(kubernetes, "upgrade", longwire::NAMESPACE, &[&format!("images.tag={tag}")])
        .with_context(|| longwire::logs(kubernetes))?;
    say("Longwire is installed, and a probe is ready on each node");

    kubernetes.apply(BOOKINFO)?;
    let own = [("${prometheus}", prometheus_image), ("${targets}", targets_image)];
    kubernetes.apply(&own.iter().fold(PROMETHEUS.to_owned(), |text, (from, to)| text.replace(from, to)))?;
    await_available(kubernetes, "bookinfo")?;
    await_available(kubernetes, "prometheus-example")?;
    say("bookinfo and a Prometheus run");

    let prometheus = prometheus(kubernetes)?;
    let kiali = if with_kiali { Some(deployed::deploy(kubernetes, prometheus)?.0) } else { None };
    if kiali.is_some() {
        say("so does Kiali");
    }
    await_edges(prometheus)?;
    say("bookinfo's edges are in Prometheus");
    let (kubeconfig, bin) = (kubernetes.layout().kubeconfig("admin"), bin(kubernetes)?);
    Ok(Furnished { kubeconfig, bin, prometheus, kiali })
}

/// Its address; fails if it does not exist.
pub fn prometheus(kubernetes: &Kubernetes) -> Result<SocketAddr> {
    let service = ["--namespace=prometheus-example", "service", "prometheus"];
    Ok(SocketAddr::new(kubernetes.address(&service, "{.spec.clusterIP}")?, 9090))
}

/// The directory of `kubectl`, `helm` and `promtool`, removed with the cluster.
pub fn bin(kubernetes: &Kubernetes) -> Result<PathBuf> {
    let layout = kubernetes.layout();
    let bin = layout.run().join(BIN);
    fs::create_dir_all(&bin)?;
    let programs = [
        ("kubectl", layout.program("kubectl")),
        ("helm", HELM.program()?),
        ("promtool", layout.prometheus("promtool")),
    ];
    for (name, program) in programs {
        let link = bin.join(name);
        if !link.exists() {
            symlink(program, link)?;
        }
    }
    Ok(bin)
}

/// Equal for equal programs, so that a run with other programs replaces the pods.
fn tag(programs: &[&str]) -> Result<String> {
    // Not only digits, which Helm would read as a number.
    let mut tag = String::from("try");
    for program in programs {
        let sum = command::run("sha256sum", &[text(&binaries::find(program)?)?])?;
        tag.push('-');
        tag.extend(sum.chars().take(8));
    }
    Ok(tag)
}

fn load(kubernetes: &Kubernetes, program: &Path, name: &str) -> Result<()> {
    if is_known(kubernetes, name)? { Ok(()) } else { kubernetes.load_file(program, name) }
}

fn load_prometheus(kubernetes: &Kubernetes, name: &str) -> Result<()> {
    if is_known(kubernetes, name)? {
        return Ok(());
    }
    let directory = janitor::temporary_directory("prometheus")?;
    let archive = directory.path().join("image.tar");
    command::run(text(&script("prometheus-image"))?, &[text(&archive)?, name])?;
    kubernetes.load_image(&archive)
}

/// Whether both nodes have this image.
fn is_known(kubernetes: &Kubernetes, name: &str) -> Result<bool> {
    for node in NODES {
        if !images::has(&kubernetes.node(node)?, name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes a release whose installation was interrupted, because Helm refuses to touch it.
fn free_release(kubernetes: &Kubernetes) -> Result<()> {
    let own = ["--namespace", longwire::NAMESPACE];
    let stuck = HELM.on(kubernetes, &[&["list", "--pending", "--uninstalling", "--short"], &own[..]].concat())?;
    if stuck.lines().any(|line| line == RELEASE) {
        HELM.on(kubernetes, &[&["uninstall", RELEASE, "--no-hooks", "--wait"], &own[..]].concat())?;
    }
    Ok(())
}

fn await_available(kubernetes: &Kubernetes, namespace: &str) -> Result<()> {
    let timeout = format!("--timeout={}s", PATIENCE.as_secs());
    let words = ["--namespace", namespace, "wait", "--for=condition=Available", "deployments", "--all", &timeout];
    kubernetes.kubectl(&words).map(drop).with_context(|| {
        kubernetes.kubectl(&["--namespace", namespace, "get", "pods", "--output=wide"]).unwrap_or_default()
    })
}

fn await_edges(prometheus: SocketAddr) -> Result<()> {
    let prometheus = Prometheus::at(prometheus)?;
    eventually(PATIENCE, || {
        let rows = prometheus.query(QUERY, now())?;
        confirm!(!rows.is_empty(), "Prometheus has no edge of bookinfo")
    })
}
