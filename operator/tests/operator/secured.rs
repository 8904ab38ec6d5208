//! TLS and authentication over loopback: an operator as it serves on a cluster, beside a scripted API server.

mod admission;
mod certificates;
mod live;
mod live_streams;
mod load;
mod readers;
mod standby;
mod webhook;

use crate::api_server::{ApiServer, token};
use crate::harness::hello;
use k8s_openapi::api::core::v1 as k8s;
use kube::Client;
use longwire_operator::acks::Acks;
use longwire_operator::cli::options::Options;
use longwire_operator::cluster::guard;
use longwire_operator::cluster::writer::Writer;
use longwire_operator::cluster::writer::questions::Question;
use longwire_operator::counters::Counters;
use longwire_operator::index::probes::Probes;
use longwire_operator::index::seen::{Seen, SeenPods};
use longwire_operator::live::streams::{self, LiveReports};
use longwire_operator::policy::compile::{Compiler, Settings};
use longwire_operator::publish::role::Role;
use longwire_operator::publish::{Published, Publisher};
use longwire_operator::serve::{self, Context};
use longwire_operator::source::event::{Batch, Event};
use longwire_operator::source::object::{Key, Kind, Name, Object};
use longwire_wire::message::{FromProbe, Token};
use longwire_wire::proto;
use longwire_wire::proto::control_client::ControlClient;
use serde_json::json;
use std::future::pending;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status, Streaming};

/// Longer than anything takes, even on a machine that stalls for seconds.
const TIMEOUT: Duration = Duration::from_secs(60);
const PROBE: &str = "longwire-probe";
const AUDIENCE: &str = "longwire-operator";
const NAME: &str = "longwire-operator.watch.svc";
/// Of certificates: minutes, so that nothing is renewed while a test runs.
const LONG: [&str; 6] = ["--certificate-lifetime", "1h", "--authority-lifetime", "1d", "--authority-spread", "10m"];

/// An operator with pod `p1` of the probes' account on node `n1`, `p2` on `n2`.
struct Secured {
    api: ApiServer,
    address: SocketAddr,
    events: mpsc::Sender<Batch>,
    role: watch::Sender<Role>,
    counters: Arc<Counters>,
    guard: guard::Guard,
    published: watch::Receiver<Published>,
    acks: Arc<Acks>,
    live: LiveReports,
    seen_pods: SeenPods,
    questions: mpsc::Sender<Question>,
}

fn probe_pod(name: &str, node: &str) -> Event {
    let pod = json!({
        "metadata": {"name": name, "namespace": "watch", "uid": name},
        "spec": {"nodeName": node, "serviceAccountName": PROBE, "containers": []},
        "status": {"phase": "Running"},
    });
    let pod: k8s::Pod = serde_json::from_value(pod).unwrap();
    Event::Apply(Object::Pod(Arc::new(pod.try_into().unwrap())))
}

/// A node with this address of its own.
fn node_at(name: &str, address: IpAddr) -> Event {
    let node = json!({
        "metadata": {"name": name},
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    });
    let node: k8s::Node = serde_json::from_value(node).unwrap();
    Event::Apply(Object::Node(Arc::new(node.try_into().unwrap())))
}

fn end_of(name: &str) -> Event {
    Event::Delete(Key { kind: Kind::Pod, name: Name::new("watch", name) })
}

impl Secured {
    /// What live streams say is for whoever serves the live API.
    fn take_reports(&mut self) -> LiveReports {
        std::mem::replace(&mut self.live, streams::channel().1)
    }

    async fn start() -> Self {
        let (api, client) = ApiServer::start().await;
        Self::beside(api, &client, &LONG).await
    }

    /// One more replica with these lifetimes.
    async fn beside(api: ApiServer, client: &Client, lifetimes: &[&str]) -> Self {
        let words = ["longwire-operator", "--manifests", "none", "--namespace", "watch"];
        let options = <Options as clap::Parser>::parse_from(words.iter().chain(lifetimes)).security;
        let counters = Arc::<Counters>::default();
        let (probes, pods) = Probes::new(options.account().unwrap());
        let (publisher, published) = Publisher::new();
        let text = str::to_owned;
        let settings =
            Settings { cluster_name: text("c"), cluster_domain: text("cluster.local"), root_namespace: text("watch") };
        let (events, batches) = mpsc::channel(4);
        let seen = Seen::default();
        let seen_pods = seen.pods();
        let writer = Writer::new(Compiler::new(settings), publisher, Some(probes), Arc::clone(&counters));
        let writer = writer.with_seen_pods(Some(seen));
        let (observations, questions) = (writer.observations(), writer.questions());
        tokio::spawn(writer.run(batches, || 1));
        let guard = guard::start(client, options.guard().unwrap(), pods, Arc::clone(&counters)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (role, receiver) = watch::channel(Role::Leader);
        let (gate, tls) = (Some(Arc::clone(&guard.gate)), Some(Arc::clone(&guard.tls)));
        let readers = Some(Arc::clone(&guard.readers));
        let acks = Arc::<Acks>::default();
        let (live, reports) = streams::channel();
        let context = Context {
            published: published.clone(),
            acks: Arc::clone(&acks),
            role: receiver,
            gate,
            readers,
            counters: Arc::clone(&counters),
            observations,
            live: Some(live),
        };
        tokio::spawn(serve::serve(listener, context, tls, pending()));
        let operator =
            Self { api, address, events, role, counters, guard, published, acks, live: reports, seen_pods, questions };
        operator.send_events(vec![probe_pod("p1", "n1"), probe_pod("p2", "n2"), Event::Synced]).await;
        operator.guard.certificate.clone().wait_for(Option::is_some).await.unwrap();
        operator.guard.gate.pods().wait_for(|pods| pods.synced).await.unwrap();
        operator
    }

    async fn send_events(&self, events: Batch) {
        self.events.send(events).await.unwrap();
    }

    /// As a probe that trusts this connects.
    async fn channel(&self, trust: &str, name: &str) -> Result<Channel, tonic::transport::Error> {
        self.channel_from(None, trust, name).await
    }

    async fn channel_from(
        &self,
        source: Option<IpAddr>,
        trust: &str,
        name: &str,
    ) -> Result<Channel, tonic::transport::Error> {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(trust)).domain_name(name);
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address)).unwrap().local_address(source);
        endpoint.tls_config(tls).unwrap().connect().await
    }

    /// A stream of node `n1` with this token.
    async fn stream(&self, token: Option<&str>) -> Result<Stream, Status> {
        self.stream_of("n1", None, token).await
    }

    async fn stream_of(&self, node: &str, source: Option<IpAddr>, token: Option<&str>) -> Result<Stream, Status> {
        let channel = self.channel_from(source, &self.api.bundle(|_| true).await, NAME).await;
        let channel = channel.map_err(|error| Status::unavailable(error.to_string()))?;
        let (messages, outbox) = mpsc::channel(16);
        messages.send(FromProbe::Hello(hello(node)).into()).await.unwrap();
        let mut request = Request::new(ReceiverStream::new(outbox));
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let updates = ControlClient::new(channel).connect(request).await?.into_inner();
        Ok(Stream { messages, updates })
    }

    /// A stream that has been sent an update.
    async fn admitted(&self, token: &str) -> Stream {
        let mut stream = self.stream(Some(token)).await.unwrap();
        stream.next().await.unwrap();
        stream
    }

    /// How a stream with this token ends.
    async fn refusal(&self, token: Option<&str>) -> (Code, String) {
        let status = match self.stream(token).await {
            Ok(mut stream) => stream.last_status().await,
            Err(status) => status,
        };
        (status.code(), status.message().to_owned())
    }
}

struct Stream {
    messages: mpsc::Sender<proto::ProbeMessage>,
    updates: Streaming<proto::Update>,
}

impl Stream {
    async fn next(&mut self) -> Result<proto::Update, Status> {
        let message = tokio::time::timeout(TIMEOUT, self.updates.message()).await.expect("an update")?;
        message.ok_or_else(|| Status::ok("ended"))
    }

    async fn last_status(&mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }

    async fn authenticate(&self, token: String) {
        self.messages.send(FromProbe::Authenticate(Token(token)).into()).await.unwrap();
    }
}

fn good() -> String {
    token(PROBE, "p1", AUDIENCE, 600)
}
