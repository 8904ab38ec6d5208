//! The client against replicas that speak gRPC over TLS on loopback.

use super::{Operator, StreamEnd, follow};
use crate::options::{Options, Task};
use crate::shared::Shared;
use longwire_endpoint::readers::{Authorizer, Decision};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{self, Pipeline, Waits};
use longwire_wire::message::{FromProbe, Token};
use longwire_wire::proto;
use longwire_wire::proto::control_server::{Control, ControlServer};
use rcgen::{CertificateParams, Issuer, KeyPair};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

/// A timeout that no step of a test reaches.
const TIMEOUT: Duration = Duration::from_secs(60);
const NAME: &str = "longwire-operator.watch.svc";

/// What a replica receives: its name, then the message.
type Received = mpsc::UnboundedSender<(&'static str, String)>;

struct Replica {
    name: &'static str,
    sender: Received,
    /// Redirects probes there instead of serving them.
    leader: Option<SocketAddr>,
}

#[tonic::async_trait]
impl Control for Replica {
    type ConnectStream = ReceiverStream<Result<proto::Update, Status>>;

    async fn connect(
        &self,
        request: Request<Streaming<proto::ProbeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let (name, sender) = (self.name, self.sender.clone());
        let authorization = request.metadata().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let _ = sender.send((name, authorization.unwrap_or_default()));
        if let Some(leader) = self.leader {
            let mut status = Status::unavailable("is a standby");
            status.metadata_mut().insert("longwire-leader", leader.to_string().parse().unwrap());
            return Err(status);
        }
        let (updates, stream) = mpsc::channel(1);
        let mut messages = request.into_inner();
        tokio::spawn(async move {
            while let Ok(Some(message)) = messages.message().await {
                let text = match FromProbe::try_from(message).unwrap() {
                    FromProbe::Hello(hello) => format!("hello {}", hello.node),
                    FromProbe::Authenticate(Token(token)) => format!("authenticate {token}"),
                    other => format!("{other:?}"),
                };
                let _ = sender.send((name, text));
            }
            drop(updates);
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

/// PEM of a CA, and a server's certificate signed by it.
fn certificates() -> (String, Identity) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &Issuer::new(params, &key)).unwrap();
    (authority, Identity::from_pem(leaf.pem(), leaf_key.serialize_pem()))
}

async fn serve(name: &'static str, identity: &Identity, sender: &Received, leader: Option<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = ServerTlsConfig::new().identity(identity.clone());
    let replica = ControlServer::new(Replica { name, sender: sender.clone(), leader });
    let server = Server::builder().tls_config(tls).unwrap().add_service(replica);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

fn options(address: SocketAddr, directory: &Path) -> Options {
    let file = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let (url, ca, token) = (format!("https://{address}"), file("ca.crt"), file("token"));
    let words = ["longwire-probe", "--node-name", "n1", "--operator", &url, "--operator-name", NAME];
    let files = ["--operator-ca", &ca, "--operator-token", &token];
    match Task::parse_from(words.iter().chain(&files)).unwrap() {
        Task::Run(options) => *options,
        Task::Perform(command) => panic!("{command:?}"),
    }
}

fn start(options: Options) -> (Arc<Shared>, Operator) {
    let shared = Shared::new(Pipeline::new(pipeline::Options {
        budget: Budget::undivided(1_000, 10),
        max_connections: 10,
        long_connection_threshold: 1,
        waits: Waits { answer: 1, pod: 1, settling: 0 },
        max_pending: 10,
        host_netns: 1,
        kubelet_cgroups: pipeline::KubeletCgroups::default(),
        wall_clock_offset: 0,
        live_history: 8,
    }));
    let (shared, operator) = (Arc::new(shared), options.operator().unwrap());
    let (_, messages) = mpsc::channel(1);
    tokio::spawn(follow(options, operator.clone(), Arc::clone(&shared), messages));
    (shared, operator)
}

struct Listening {
    messages: mpsc::UnboundedReceiver<(&'static str, String)>,
    seen: Vec<(&'static str, String)>,
}

impl Listening {
    fn new(messages: mpsc::UnboundedReceiver<(&'static str, String)>) -> Self {
        Self { messages, seen: Vec::new() }
    }

    /// The next new message. A machine that stalls may let an attempt time out, and its messages come again.
    async fn next(&mut self) -> (&'static str, String) {
        loop {
            let message = tokio::time::timeout(TIMEOUT, self.messages.recv()).await.expect("a message").unwrap();
            if !self.seen.contains(&message) {
                self.seen.push(message.clone());
                return message;
            }
        }
    }
}

fn from(name: &'static str, message: &str) -> (&'static str, String) {
    (name, message.to_owned())
}

fn files(authority: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ca.crt"), authority).unwrap();
    fs::write(directory.path().join("token"), "one\n").unwrap();
    directory
}

#[tokio::test]
async fn a_standby_redirects_a_probe_to_the_leader_and_a_new_token_is_sent() {
    let (authority, identity) = certificates();
    let directory = files(&authority);
    let (sender, messages) = mpsc::unbounded_channel();
    let mut messages = Listening::new(messages);
    let leader = serve("leader", &identity, &sender, None).await;
    let standby = serve("standby", &identity, &sender, Some(leader)).await;
    let (shared, _) = start(options(standby, directory.path()));
    assert_eq!(messages.next().await, from("standby", "Bearer one"));
    assert_eq!(messages.next().await, from("leader", "Bearer one"));
    assert_eq!(messages.next().await, from("leader", "hello n1"));
    fs::write(directory.path().join("token"), "two\n").unwrap();
    assert_eq!(messages.next().await, from("leader", "authenticate two"));
    // The connection through which readers are checked; this operator knows none.
    let decision = Arc::clone(&shared.line).authorize("192.0.2.1".into(), "token".to_owned()).await;
    assert!(
        matches!(&decision, Decision::Unavailable(text) if text.starts_with("the operator knows no")),
        "{decision:?}"
    );
}

#[tokio::test]
async fn an_operator_that_cannot_authenticate_gets_no_message_until_its_ca_is_known() {
    let (authority, identity) = certificates();
    let (other, _) = certificates();
    let directory = files(&other);
    let (sender, messages) = mpsc::unbounded_channel();
    let address = serve("operator", &identity, &sender, None).await;
    let refused = start(options(address, directory.path())).1.connect(None).await.unwrap_err();
    let source = std::error::Error::source(&refused).unwrap();
    let text = std::iter::successors(Some(source), |error| error.source()).last().unwrap().to_string();
    assert!(text.starts_with("invalid peer certificate"), "{text}");
    // The file is read again for every attempt.
    fs::write(directory.path().join("ca.crt"), &authority).unwrap();
    let mut messages = Listening::new(messages);
    assert_eq!(messages.next().await, from("operator", "Bearer one"));
}

/// No process listens at port 1.
#[tokio::test]
async fn the_reason_of_an_unreachable_operator_is_short() {
    let operator = Operator::new("http://127.0.0.1:1".to_owned(), None, None, None).unwrap();
    let refused = StreamEnd::from(operator.connect(None).await.unwrap_err());
    assert_eq!(refused.reason(), "connection refused");
    let end = StreamEnd::from(Status::unavailable("this replica is a standby"));
    assert_eq!(end.reason(), "this replica is a standby (The service is currently unavailable)");
    assert_eq!(StreamEnd::Closed.reason(), "closed by the operator");
}
