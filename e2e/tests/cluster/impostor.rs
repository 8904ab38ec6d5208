//! A pod that impersonates another pod of its node by all means without root on the node. Its kubelet reports its real
//! address late, as on a busy node.

use anyhow::{Context, Result};
use longwire_kubernetes::{Kubernetes, Namespace, Running, longwire, running::process_running, running::signal};
use longwire_testkit::{Edge, Truth, beside, eventually, throughout};
use nix::sys::signal::Signal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const PORT: u16 = 8080;
/// The attackers' destination, so that the victim's listener gets only the victim's connections.
const OTHER_PORT: u16 = 8081;
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than a probe waits for a change of an address's owner.
const SILENCE: Duration = Duration::from_secs(6);
const PACE: Duration = Duration::from_millis(20);

struct Attack {
    name: &'static str,
    /// Capabilities of its container's security context. Taking an address on the shared network is another attack, on
    /// routing.
    capabilities: &'static str,
    /// `$victim`: the source address to use, `$uid`: the victim's UID, `$server`: the destination.
    script: &'static str,
}

const ATTACKS: [Attack; 3] = [
    Attack {
        name: "second-network",
        capabilities: "add: [NET_ADMIN]",
        script: "ip link set eth0 down; ip link add net1 type veth peer name net2; ip addr add $victim/32 dev net1; \
                 ip link set net1 up; ip link set net2 up; ip route add 192.0.2.9 dev net1; nc -w 1 192.0.2.9 9",
    },
    Attack {
        name: "user-namespace",
        capabilities: "",
        script: "unshare -Urn sh -c 'ip link add net1 type veth peer name net2; ip addr add $victim/32 dev net1; \
                 ip link set net1 up; ip link set net2 up; ip route add 192.0.2.9 dev net1; nc -w 1 192.0.2.9 9'",
    },
    Attack {
        name: "cgroup",
        capabilities: "",
        script: "for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do named=$root/kubepods/besteffort/pod$uid/main; \
                 mkdir -p $named && echo $$ >$named/cgroup.procs; done; timeout 1 nc $server </dev/null",
    },
];

impl Attack {
    fn pod(&self, victim: &Running, uid: &str, server: &Running) -> String {
        let script = self.script.replace("$victim", &victim.address.to_string()).replace("$uid", uid);
        let script = script.replace("$server", &format!("{} {OTHER_PORT}", server.address));
        format!(
            "apiVersion: v1
kind: Pod
metadata: {{name: {}}}
spec:
  nodeName: {}
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: e2e.local/busybox:1
    imagePullPolicy: Never
    securityContext: {{capabilities: {{{}}}}}
    command: [sh, -c, {:?}]
",
            self.name,
            victim.node,
            self.capabilities,
            format!("{script}; echo spoke; sleep infinity"),
        )
    }
}

/// A process that is stopped (SIGSTOP) until this is dropped.
struct Paused(u32);

impl Paused {
    fn new(process: u32) -> Result<Self> {
        signal(process, Signal::SIGSTOP)?;
        Ok(Self(process))
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        if let Err(error) = signal(self.0, Signal::SIGCONT) {
            eprintln!("a daemon stays stopped: {error:#}");
        }
    }
}

/// From its first process on, the kubelet does not report the attacker's status for a while.
fn attack(kubernetes: &Kubernetes, namespace: &Namespace<'_>, name: &str, pod: &str, node: &str) -> Result<()> {
    namespace.apply(pod)?;
    let uid = namespace.json_path(&["pod", name], "{.metadata.uid}")?;
    eventually(PATIENCE, || process_running(&uid, "busybox").map(drop))?;
    let kubelet = Paused::new(kubernetes.node(node)?.daemon("kubelet").process()?)?;
    throughout(SILENCE, || Ok(()))?;
    drop(kubelet);
    eventually(PATIENCE, || {
        let log = namespace.kubectl(&["logs", name])?;
        log.contains("spoke").then_some(()).with_context(|| format!("{name} has not spoken: {log}"))
    })
}

#[test]
fn no_pod_changes_how_another_ones_connections_are_named() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let victim = Running::start(&namespace, "victim", "n1")?;
    let server = Running::start(&namespace, "server", "n2")?;
    let (listener, _others) = (server.listen(PORT)?, server.listen(OTHER_PORT)?);
    let uid = namespace.json_path(&["pod", "victim"], "{.metadata.uid}")?;
    let talk = |over: &AtomicBool| -> Result<Truth> {
        let mut truth = Truth::default();
        while !over.load(Ordering::Relaxed) {
            truth += victim.exchange((server.address, PORT), &listener, 1_001, 2_003)?;
            thread::sleep(PACE);
        }
        Ok(truth)
    };
    let attacks = || {
        ATTACKS.iter().try_for_each(|one| {
            let pod = one.pod(&victim, &uid, &server);
            attack(kubernetes, &namespace, one.name, &pod, &victim.node).with_context(|| one.name)
        })
    };
    let (truth, ()) = beside(talk, attacks)?;
    let edge = Edge::between("victim", "server").within(&namespace.name);
    longwire::until(kubernetes, |scrape| edge.both_say(scrape, truth))?;
    println!("{} connections of the victim, none under another's name", truth.opened);
    Ok(())
}
