//! A node with its pods and their manifests, without running Longwire.

use crate::binaries;
use crate::janitor;
use crate::manifests::{self, HASH, Manifests, Pairs};
use crate::node::{Node, Plan, Slot};
use crate::pair::Pair;
use crate::pod::Pod;
use crate::process::Process;
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A pod that is not a plain one.
#[derive(Clone, Debug, Default)]
pub struct PodSpec {
    workload: String,
    labels: Pairs,
    annotations: Pairs,
    host_network: bool,
    node: &'static str,
}

impl PodSpec {
    pub fn new(workload: &str) -> Self {
        Self { workload: workload.to_owned(), node: "node", ..Self::default() }
    }

    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn annotation(mut self, name: &str, value: &str) -> Self {
        self.annotations.push((name.to_owned(), value.to_owned()));
        self
    }

    /// On a node that shares this one's kernel, as in kind: its own probe reports it.
    pub fn elsewhere(mut self) -> Self {
        self.node = "elsewhere";
        self
    }

    pub fn host_network(mut self) -> Self {
        self.host_network = true;
        self
    }
}

#[derive(Debug)]
pub struct Machine {
    // Fields are dropped in order: files last.
    pub node: Node,
    /// Plain pods first, then those of the `PodSpec`s.
    pods: Vec<Pod>,
    plain: usize,
    taken: AtomicUsize,
    pub manifests: Manifests,
}

impl Machine {
    /// A node with `plain` pods for `take`, and the given ones.
    pub fn new(plain: usize, specs: &[PodSpec]) -> Result<Self> {
        janitor::hire()?;
        let slot = Slot::take()?;
        let plan = Plan(slot.number);
        let (node, manifests) = (Node::new(slot, plan.node(), plan.gateway())?, Manifests::new()?);
        manifests.write("cluster.yaml", &manifests::namespace_and_node(node.address))?;
        let mut pods = Vec::new();
        let all = (0..plain).map(|index| PodSpec::new(&format!("w{index}"))).chain(specs.iter().cloned());
        for (spec, index) in all.zip(1..) {
            let pod = make(&node, plan, index, &spec)?;
            let text = manifests::pod_and_service(&pod, spec.node, &spec.labels, &spec.annotations);
            manifests.write(&format!("{}.yaml", spec.workload), &text)?;
            pods.push(pod);
        }
        Ok(Self { node, pods, plain, taken: AtomicUsize::new(0), manifests })
    }

    /// A plain pod that no other test has.
    pub fn take(&self) -> Result<&Pod> {
        let index = self.taken.fetch_add(1, Ordering::Relaxed);
        self.pods[..self.plain].get(index).context("all plain pods are taken: ask for more of them")
    }

    /// Two plain pods: a client and a server.
    pub fn two(&self) -> Result<(&Pod, &Pod)> {
        Ok((self.take()?, self.take()?))
    }

    /// The same, and the server listens.
    pub fn pair(&self) -> Result<Pair> {
        Pair::new(self.take()?, self.take()?)
    }

    /// The pod of a spec, by its workload.
    pub fn pod(&self, workload: &str) -> Result<&Pod> {
        self.pods.iter().find(|pod| pod.workload == workload).with_context(|| format!("no pod of workload {workload}"))
    }

    /// Publishes a pod's Service address, by DNAT on the node.
    pub fn publish(&self, pod: &Pod) -> Result<()> {
        self.node.publish(pod.service_ip, crate::pod::SERVICE_PORT, &[(pod.ipv4, crate::pod::PORT)])
    }

    pub fn operator(&self) -> Result<Process> {
        start_operator(&self.node, &[], self.manifests.path())
    }
}

/// Starts an operator on the node's loopback, below a wrapper such as `setpriv ...`, and waits until it listens.
pub fn start_operator(node: &Node, wrapper: &[&str], manifests: &std::path::Path) -> Result<Process> {
    let program = binaries::find("longwire-operator")?;
    let mut line = wrapper.to_vec();
    line.extend([program.to_str().context("path")?, "--manifests", manifests.to_str().context("path")?]);
    let mut operator = Process::start(&node.netns, "longwire-operator", &line)?;
    crate::wait::eventually(Duration::from_secs(60), || {
        operator.check_alive()?;
        node.netns.run(|| std::net::TcpStream::connect("127.0.0.1:15010")).context("the operator does not listen")
    })?;
    Ok(operator)
}

fn make(node: &Node, plan: Plan, index: u16, spec: &PodSpec) -> Result<Pod> {
    let PodSpec { workload, host_network, .. } = spec;
    let (ipv4, ipv6) = plan.pod(index);
    let (netns, link, ipv4) = if *host_network {
        (node.netns.clone(), None, node.address)
    } else {
        let (netns, link) = node.attach(&[ipv4.into(), ipv6.into()])?;
        (netns, Some((node.netns.clone(), link)), ipv4)
    };
    Ok(Pod {
        name: format!("{workload}-{HASH}-{index:05}"),
        workload: workload.clone(),
        uid: format!("{:08x}-0000-4000-8000-{:06x}{index:06x}", std::process::id(), plan.0),
        ipv4,
        ipv6,
        service_ip: plan.service(index),
        netns,
        link,
    })
}
