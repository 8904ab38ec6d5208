//! A running pod of the cluster, in whose network namespace tests open sockets: by namespace and address these are the
//! pod's.

use super::namespace::Namespace;
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::wait::conditions::is_pod_running;
use longwire_testkit::{Netns, Truth, cgroup, confirm, traffic};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

/// A pod that only keeps its network namespace open. `metadata`: further fields of a YAML map, such as `labels`.
pub fn sleeper(name: &str, node: &str, metadata: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: {name}, {metadata}}}
spec:
  nodeName: {node}
  terminationGracePeriodSeconds: 0
  containers:
  - {{name: main, image: 'e2e.local/busybox:1', imagePullPolicy: Never, command: [sleep, infinity]}}
---
"
    )
}

#[derive(Clone, Debug)]
pub struct Running {
    pub name: String,
    pub node: String,
    pub address: Ipv4Addr,
    netns: Netns,
}

impl Running {
    /// Creates a pod with this name on a node, with the label `app: <name>`, and waits until it runs.
    pub fn start(namespace: &Namespace<'_>, name: &str, node: &str) -> Result<Self> {
        namespace.apply(&sleeper(name, node, &format!("labels: {{app: {name}}}")))?;
        Self::find(namespace, name)
    }

    /// Waits until a pod that exists already runs.
    pub fn find(namespace: &Namespace<'_>, name: &str) -> Result<Self> {
        let pod: Pod = namespace.wait_for(name, is_pod_running())?.with_context(|| format!("no pod {name}"))?;
        let uid = pod.metadata.uid.context("a pod without a UID")?;
        let status = pod.status.context("a running pod without a status")?;
        let address = status.pod_ip.context("a running pod without an address")?.parse()?;
        let node = pod.spec.and_then(|spec| spec.node_name).context("a running pod without a node")?;
        let process = *processes_of(&uid)?.first().with_context(|| format!("no process in a cgroup of pod {uid}"))?;
        let netns = Netns::of_process(process)?;
        Ok(Self { name: name.to_owned(), node, address, netns })
    }

    pub fn netns(&self) -> &Netns {
        &self.netns
    }

    pub fn listen(&self, port: u16) -> Result<TcpListener> {
        Ok(self.netns.run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))?)
    }

    pub fn connect(&self, address: impl Into<SocketAddr>) -> Result<TcpStream> {
        self.connect_within(address, super::PATIENCE)
    }

    pub fn connect_within(&self, address: impl Into<SocketAddr>, patience: Duration) -> Result<TcpStream> {
        let address = address.into();
        let connected = self.netns.run(|| TcpStream::connect_timeout(&address, patience));
        connected.with_context(|| format!("{} connects to {address}", self.name))
    }

    /// Connects to an address that does not answer, until the timeout.
    pub fn attempt(&self, address: SocketAddr, patience: Duration) -> Result<()> {
        let connected = self.connect_within(address, patience);
        confirm!(connected.is_err(), "{} has connected to {address}, where nobody should be", self.name)
    }

    /// A connection: both ends.
    pub fn connect_to(&self, address: impl Into<SocketAddr>, listener: &TcpListener) -> Result<(TcpStream, TcpStream)> {
        let client = self.connect(address)?;
        Ok((client, listener.accept()?.0))
    }

    /// A whole connection with so many bytes up and down.
    pub fn exchange(&self, to: impl Into<SocketAddr>, listener: &TcpListener, up: u64, down: u64) -> Result<Truth> {
        let (near, far) = self.connect_to(to, listener)?;
        traffic::exchange(near, far, up, down)
    }
}

/// Sends a signal to a process of the machine.
pub fn signal(process: u32, signal: Signal) -> Result<()> {
    kill(Pid::from_raw(process.try_into()?), signal).with_context(|| format!("send {signal} to {process}"))
}

/// The process of a pod that runs this program.
pub fn process_running(uid: &str, program: &str) -> Result<u32> {
    let runs = |process: &u32| {
        let path = fs::read_link(format!("/proc/{process}/exe"));
        path.is_ok_and(|path| path.file_name().is_some_and(|name| *name == *program))
    };
    processes_of(uid)?.into_iter().find(runs).with_context(|| format!("pod {uid} runs no {program}"))
}

/// All processes of a pod, by its cgroups.
fn processes_of(uid: &str) -> Result<Vec<u32>> {
    let directory = format!("pod{uid}");
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = vec![cgroup::mount()?.join("longwire-cluster")];
    while let Some(path) = waiting.pop() {
        let is_pods = path.ancestors().any(|above| above.file_name().is_some_and(|name| *name == *directory));
        if is_pods {
            let processes = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
            found.extend(processes.lines().filter_map(|line| line.parse::<u32>().ok()));
        }
        let entries = fs::read_dir(&path).into_iter().flatten().flatten();
        waiting.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    Ok(found)
}
