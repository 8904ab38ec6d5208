//! An operator in this process, probes that connect to it, and manifests in a few words.

use longwire_model::identity::{Address, OwnerKind, Pod};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_model::update::{LocalPod, Update};
use longwire_operator::cli::options::Options;
use longwire_operator::cli::run::Operator;
use longwire_wire::decode::Decoder;
use longwire_wire::message::{FromProbe, Hello, Interest};
use longwire_wire::proto;
use longwire_wire::proto::control_client::ControlClient;
use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Status, Streaming};

/// Longer than anything takes, even on a machine that stalls for seconds.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct Running {
    directory: TempDir,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn with(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (file, text) in files {
            fs::write(directory.path().join(file), text).unwrap();
        }
        let manifests = directory.path().to_str().unwrap();
        let words = ["longwire-operator", "--manifests", manifests, "--listen", "127.0.0.1:0"];
        let options = <Options as clap::Parser>::parse_from(words);
        let operator = Operator::start(&options).await.unwrap();
        let address = operator.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            // An error means that the test has ended, and that is a stop too.
            let stopped = async { drop(stopped.await) };
            operator.serve(stopped).await.unwrap();
        });
        Self { directory, address, stop, served }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    /// Replaces a file at once, as an editor does.
    pub(crate) fn write(&self, file: &str, text: impl AsRef<str>) {
        let unfinished = self.path(&format!(".{file}.new"));
        fs::write(&unfinished, text.as_ref()).unwrap();
        fs::rename(unfinished, self.path(file)).unwrap();
    }

    /// A probe of this node that has been sent everything.
    pub(crate) async fn probe(&self, node: &str) -> Probe {
        let mut probe = self.connect([FromProbe::Hello(hello(node))]).await;
        probe.next().await.unwrap();
        probe
    }

    pub(crate) async fn connect(&self, first: impl IntoIterator<Item = FromProbe>) -> Probe {
        self.connect_raw(first.into_iter().map(proto::ProbeMessage::from)).await
    }

    /// A stream that begins with these messages, whatever they are.
    pub(crate) async fn connect_raw(&self, first: impl IntoIterator<Item = proto::ProbeMessage>) -> Probe {
        let channel = Endpoint::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap();
        let (messages, outbox) = mpsc::channel(16);
        for message in first {
            messages.send(message).await.unwrap();
        }
        let updates = ControlClient::new(channel).connect(ReceiverStream::new(outbox)).await.unwrap().into_inner();
        Probe { messages, updates, decoder: Decoder::default(), known: Known::default() }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(TIMEOUT, self.served).await.unwrap().unwrap();
    }
}

pub(crate) fn hello(node: &str) -> Hello {
    Hello { node: node.to_owned(), probe_version: "test".to_owned(), ..Hello::default() }
}

pub(crate) struct Probe {
    messages: mpsc::Sender<proto::ProbeMessage>,
    updates: Streaming<proto::Update>,
    decoder: Decoder,
    pub(crate) known: Known,
}

/// What a probe has been sent so far, with versions.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) pods: BTreeMap<String, (LocalPod, u64)>,
    pub(crate) addresses: BTreeMap<IpAddr, (Address, u64)>,
}

impl Probe {
    pub(crate) async fn send(&self, message: FromProbe) {
        self.messages.send(message.into()).await.unwrap();
    }

    pub(crate) async fn query(&self, addresses: &[&str]) {
        let add = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.send(FromProbe::Interest(Interest { add, drop: vec![] })).await;
    }

    /// The next update, taken in.
    pub(crate) async fn next(&mut self) -> Result<Update, Status> {
        let message = tokio::time::timeout(TIMEOUT, self.updates.message()).await.expect("an update")?;
        let received = self.decoder.decode(message.ok_or_else(|| Status::ok("ended"))?).unwrap();
        let update = received.update;
        for (pod, version) in update.pods.iter().zip(received.pod_versions) {
            self.known.pods.insert(pod.pod.uid.clone(), (pod.clone(), version));
        }
        for uid in &update.removed_pods {
            self.known.pods.remove(uid).unwrap();
        }
        for (address, version) in update.addresses.iter().zip(received.address_versions) {
            self.known.addresses.insert(address.address, (address.clone(), version));
        }
        Ok(update)
    }

    /// Takes updates in until this is so.
    pub(crate) async fn until(&mut self, is_so: impl Fn(&Known) -> bool) {
        while !is_so(&self.known) {
            self.next().await.unwrap();
        }
    }

    /// Queries and waits for every answer.
    pub(crate) async fn answers(&mut self, addresses: &[&str]) -> String {
        self.query(addresses).await;
        let ips: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.until(|known| ips.iter().all(|ip| known.addresses.contains_key(ip))).await;
        ips.iter().map(|ip| self.known.owners(*ip)).collect::<Vec<_>>().join("; ")
    }

    /// The error that ends the stream.
    pub(crate) async fn last_status(&mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }
}

impl Known {
    /// `workload.service.revision`, then the Services as `port=host`, then the series sets.
    pub(crate) fn pod(&self, uid: &str) -> String {
        let Some((local, _)) = self.pods.get(uid) else { return "no pod".to_owned() };
        let metrics = local.telemetry.source.iter().fold(Metrics::NONE, |all, group| all.union(group.metrics));
        let whole = |set: &SeriesSet| Metrics::of(*set).difference(metrics).is_empty();
        let sets: Vec<_> = SeriesSet::NAMED.into_iter().filter(whole).map(SeriesSet::name).collect();
        format!("{} [{}]", describe(&local.pod), sets.join(","))
    }

    pub(crate) fn owners(&self, address: IpAddr) -> String {
        let Some((answer, _)) = self.addresses.get(&address) else { return "unanswered".to_owned() };
        let owner = |owner: &longwire_model::identity::Owner| {
            let who = match &owner.kind {
                OwnerKind::Pod(pod) => pod.uid.clone(),
                OwnerKind::Service(frontend) => frontend.service.host.clone(),
                OwnerKind::Node(name) => format!("node {name}"),
            };
            format!("{who} {}", if owner.until.is_some() { "left" } else { "owns" })
        };
        let owners: Vec<_> = answer.owners.iter().map(owner).collect();
        if owners.is_empty() { "outside".to_owned() } else { owners.join(", ") }
    }
}

fn describe(pod: &Pod) -> String {
    let workload = &pod.workload;
    let mut text = format!("{}/{}/{}", workload.name, workload.canonical_service, workload.canonical_revision);
    for backing in &pod.services {
        text += &format!(" {}={}", backing.target, backing.service.host);
    }
    text
}

/// A replica of a Deployment `workload` in namespace `shop` on node `n1`, with port `http` = 8080. Its name is its UID.
pub(crate) fn pod(workload: &str, uid: &str, address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {uid}\n  generateName: {workload}-7d4b9c-\n  namespace: shop\n  \
         uid: {uid}\n  labels: {{app: {workload}, version: v1, pod-template-hash: 7d4b9c}}\n  ownerReferences:\n  - \
         {{apiVersion: apps/v1, kind: ReplicaSet, name: {workload}-7d4b9c, uid: r, controller: true}}\nspec:\n  nodeName: \
         n1\n  containers:\n  - name: main\n    ports: [{{name: http, containerPort: 8080}}]\nstatus:\n  phase: Running\n  \
         podIP: {address}\n  podIPs: [{{ip: {address}}}]\n---\n"
    )
}

pub(crate) fn annotated(pod: &str, annotation: &str) -> String {
    pod.replace("  namespace: shop\n", &format!("  namespace: shop\n  annotations: {{{annotation}}}\n"))
}

/// Selects the pods of a workload and leads port 80 to `target`.
pub(crate) fn service(name: &str, workload: &str, address: &str, target: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  clusterIP: {address}\n  \
         clusterIPs: [{address}]\n  selector: {{app: {workload}}}\n  ports: [{{port: 80, targetPort: {target}}}]\n---\n"
    )
}

pub(crate) fn node(name: &str, address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{addresses: [{{type: InternalIP, address: \
         {address}}}]}}\n---\n"
    )
}

pub(crate) fn namespace(name: &str, annotation: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, annotations: {{{annotation}}}}}\n---\n")
}
