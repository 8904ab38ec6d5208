//! Simulated probes on fake nodes: each has a pod, its token, and a stream of the real probe's client.

use super::say;
use crate::followed::{CGROUP, announce};
use crate::measured::Measured;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service, ServiceAccount};
use kube::api::{Api, ListParams, PostParams};
use longwire_kubernetes::{Kubernetes, kwok::Kwok, longwire::NAMESPACE};
use longwire_pipeline::record::{Counters, Sample};
use longwire_probe::simulated::{SimulatedProbe, StreamCounters};
use longwire_testkit::{Crew, confirm, eventually, janitor};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use zerocopy::IntoBytes;

const PATIENCE: Duration = Duration::from_secs(120);
/// Interval of a simulated sampling thread; the real one's is 50 ms.
const TURN: Duration = Duration::from_millis(50);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// Value of their label. The real probes' DaemonSet must not select them, because it would adopt and delete them.
const FAKE: &str = "fake-probe";

pub(super) struct Probes<'a> {
    // Dropped first: it works with what the others hold.
    _sampler: Crew,
    kubernetes: &'a Kubernetes,
    directory: TempDir,
    /// The operator's Service.
    operator: String,
    /// By node; all have tokens.
    nodes: Vec<String>,
    started: Arc<Mutex<Vec<Arc<Probe>>>>,
}

pub(super) struct Probe {
    pub(super) node: String,
    pub(super) simulated: SimulatedProbe,
    talks: Mutex<u64>,
}

impl<'a> Probes<'a> {
    /// Creates their pods and tokens, without streams.
    pub(super) fn new(kubernetes: &'a Kubernetes, kwok: &Kwok<'_>, count: usize) -> Result<Self> {
        let directory = janitor::temporary_directory("scale")?;
        let nodes: Vec<String> = (0..count).map(|number| kwok.node(number)).collect();
        let operator = kubernetes.block_on(register(kubernetes.client()?, &nodes, directory.path()))?;
        let (started, mut sampler) = (Arc::<Mutex<Vec<Arc<Probe>>>>::default(), Crew::default());
        let probes = Arc::clone(&started);
        sampler.repeat(TURN, move || {
            let probes = probes.lock().clone();
            probes.iter().for_each(|probe| probe.turn());
            Ok(())
        });
        say(&format!("{count} probes have a pod and a token each"));
        Ok(Self { kubernetes, directory, operator, nodes, started, _sampler: sampler })
    }

    /// Starts one more stream, and waits until it has its node's pods.
    pub(super) fn start_first(&mut self) -> Result<Arc<Probe>> {
        let probe = self.start(0)?;
        eventually(PATIENCE, || probe.check_configured())?;
        Ok(probe)
    }

    /// Starts all others, with connections to this many peers each.
    pub(super) fn start_rest(&mut self, addresses: &[IpAddr], peers: usize) -> Result<Measured> {
        let start = Instant::now();
        let probes = (1..self.nodes.len()).map(|number| self.start(number)).collect::<Result<Vec<_>>>()?;
        eventually(PATIENCE, || probes.iter().try_for_each(|probe| probe.check_configured()))?;
        let elapsed = start.elapsed().as_secs_f64();
        for (number, probe) in probes.iter().enumerate() {
            let from = (number * peers) % (addresses.len() - peers);
            probe.talk_to(&addresses[from..from + peers])?;
        }
        eventually(PATIENCE, || probes.iter().try_for_each(|probe| probe.check_answered()))?;
        let bytes: u64 = self.counters().iter().map(|counters| counters.bytes).sum();
        let note = format!("{} streams, {:.1} MB received", self.nodes.len(), bytes as f64 / 1e6);
        Ok(Measured::alone("first_streams_s", elapsed).note(note))
    }

    pub(super) fn all(&self) -> Vec<Arc<Probe>> {
        self.started.lock().clone()
    }

    pub(super) fn counters(&self) -> Vec<StreamCounters> {
        self.started.lock().iter().map(|probe| probe.simulated.stream_counters()).collect()
    }

    fn start(&self, number: usize) -> Result<Arc<Probe>> {
        let (node, directory) = (&self.nodes[number], self.directory.path());
        let line = [
            format!("--operator=https://{}:15010", self.operator),
            "--operator-name=longwire-operator.longwire-system.svc".to_owned(),
            format!("--operator-ca={}", directory.join("ca.crt").display()),
            format!("--operator-token={}", directory.join(node).display()),
            format!("--node-name={node}"),
            // Series of long connections have a budget of their own, and are off here.
            "--long-connection-threshold=1h".to_owned(),
        ];
        let simulated = self.kubernetes.block_on(async { SimulatedProbe::start(&line) })?;
        let probe = Arc::new(Probe { node: node.clone(), simulated, talks: Mutex::new(0) });
        self.started.lock().push(Arc::clone(&probe));
        Ok(probe)
    }
}

impl Probe {
    /// Connections of a pod of its node to each of these, announced as by the kernel side.
    pub(super) fn talk_to(&self, peers: &[IpAddr]) -> Result<()> {
        let now = SimulatedProbe::now();
        let mut pipeline = self.simulated.pipeline();
        let local = pipeline.local_pods().next().with_context(|| format!("{} runs no pod", self.node))?;
        let (uid, address) = (local.pod.uid.clone(), *local.pod.addresses.first().context("a pod without an address")?);
        pipeline.local_cgroups([(CGROUP, format!("kubepods/pod{uid}/main"))]);
        // Connections of a pod to itself are not reported.
        let others = peers.iter().filter(|peer| **peer != address);
        for (id, peer) in (1..).zip(others) {
            pipeline.ingest(announce(id, address, *peer, now).as_bytes(), now);
            *self.talks.lock() = id;
        }
        Ok(())
    }

    /// The work of the sampling thread.
    fn turn(&self) {
        let now = SimulatedProbe::now();
        {
            let mut pipeline = self.simulated.pipeline();
            let samples = 1..=*self.talks.lock();
            let samples: Vec<_> = samples.map(|id| Sample { id, counters: Counters::default() }).collect();
            pipeline.begin_pass(now);
            pipeline.samples(&samples, now);
            pipeline.end_pass(true, now);
        }
        self.simulated.settle();
    }

    fn check_configured(&self) -> Result<()> {
        let counters = self.simulated.stream_counters();
        let pods = self.simulated.pipeline().local_pods().count();
        confirm!(counters.connected && pods > 0, "{} has received {pods} pods: {counters:?}", self.node)
    }

    /// Fails unless every peer is resolved.
    pub(super) fn check_answered(&self) -> Result<()> {
        let (stats, talks) = (self.simulated.pipeline().stats(), *self.talks.lock());
        let answered = self.simulated.pipeline().addresses().filter(|answer| !answer.owners.is_empty()).count() as u64;
        let rest = (stats.connections, stats.pending);
        confirm!(answered >= talks && rest == (talks, 0), "{}: {answered} of {talks}, {rest:?}", self.node)
    }
}

/// Creates the pods, waits for them, and writes a token for each beside the operator's CA. Returns the operator's
/// address.
async fn register(client: kube::Client, nodes: &[String], directory: &Path) -> Result<String> {
    let pods = Api::<Pod>::namespaced(client.clone(), NAMESPACE);
    for node in nodes {
        let pod = serde_json::from_value(json!({
            "metadata": {"name": format!("longwire-probe-{node}"), "labels": {"app": FAKE}},
            "spec": {
                "nodeName": node,
                "serviceAccountName": "longwire-probe",
                "automountServiceAccountToken": false,
                "terminationGracePeriodSeconds": 0,
                "containers": [{"name": "probe", "image": "none"}],
            },
        }))?;
        pods.create(&PostParams::default(), &pod).await?;
    }
    let uids = running(&pods, nodes.len()).await?;
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), NAMESPACE);
    for node in nodes {
        let name = format!("longwire-probe-{node}");
        let uid = uids.get(&name).with_context(|| format!("no pod {name}"))?;
        let request = serde_json::from_value(json!({"spec": {
            "audiences": ["longwire-operator"],
            "expirationSeconds": 7_200,
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid},
        }}))?;
        let made = accounts.create_token_request("longwire-probe", &PostParams::default(), &request).await?;
        fs::write(directory.join(node), made.status.context("no token")?.token)?;
    }
    let map = Api::<ConfigMap>::namespaced(client.clone(), NAMESPACE).get("longwire-operator-ca").await?;
    fs::write(directory.join("ca.crt"), map.data.and_then(|mut data| data.remove("ca.crt")).context("no ca.crt")?)?;
    let service = Api::<Service>::namespaced(client, NAMESPACE).get("longwire-operator").await?;
    service.spec.and_then(|spec| spec.cluster_ip).context("the operator's Service has no address")
}

/// UIDs by name, once all run.
async fn running(pods: &Api<Pod>, count: usize) -> Result<BTreeMap<String, String>> {
    let start = Instant::now();
    loop {
        let listed = pods.list(&ListParams::default().labels(&format!("app={FAKE}"))).await?;
        let runs = |pod: &&Pod| pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Running"));
        let uid = |pod: &Pod| Some((pod.metadata.name.clone()?, pod.metadata.uid.clone()?));
        let uids: BTreeMap<_, _> = listed.items.iter().filter(runs).filter_map(uid).collect();
        if uids.len() == count {
            return Ok(uids);
        }
        ensure!(start.elapsed() < PATIENCE, "{} of {count} pods of probes run", uids.len());
        tokio::time::sleep(BETWEEN_LOOKS * 50).await;
    }
}
