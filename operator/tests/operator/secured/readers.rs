//! Who may read metrics, as probes request it.

use super::{AUDIENCE, LONG, NAME, PROBE, Secured, Stream, good};
use crate::api_server::{ApiServer, token, token_by};
use crate::harness::hello;
use longwire_endpoint::Counts;
use longwire_operator::counters::Counters;
use longwire_operator::publish::Publisher;
use longwire_operator::publish::role::Role;
use longwire_operator::serve::health::{self, Endpoints, State};
use longwire_wire::message::FromProbe;
use longwire_wire::proto::AuthorizeRequest;
use longwire_wire::proto::authorize_reply::Verdict;
use longwire_wire::proto::control_client::ControlClient;
use longwire_wire::proto::readers_client::ReadersClient;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// What tokens for the API server itself are for, here.
const API: &str = "https://api";

/// A probe with its stream, and authorizations on the same connection.
struct ReadersOfProbe {
    stream: Stream,
    client: ReadersClient<Channel>,
}

impl ReadersOfProbe {
    async fn start(operator: &Secured, node: &str, pod: &str) -> Self {
        let channel = operator.channel(&operator.api.bundle(|_| true).await, NAME).await.unwrap();
        let (messages, outbox) = mpsc::channel(16);
        messages.send(FromProbe::Hello(hello(node)).into()).await.unwrap();
        let mut request = Request::new(ReceiverStream::new(outbox));
        let own = format!("Bearer {}", token(PROBE, pod, AUDIENCE, 600));
        request.metadata_mut().insert("authorization", own.parse().unwrap());
        let updates = ControlClient::new(channel.clone()).connect(request).await.unwrap().into_inner();
        let mut stream = Stream { messages, updates };
        stream.next().await.unwrap();
        Self { stream, client: ReadersClient::new(channel) }
    }

    async fn about(&mut self, token: &str) -> Verdict {
        self.try_about(token).await.unwrap()
    }

    async fn try_about(&mut self, token: &str) -> Result<Verdict, Status> {
        let reply = self.client.authorize(AuthorizeRequest { token: token.to_owned() }).await?;
        Ok(reply.into_inner().verdict.unwrap())
    }
}

fn reader(account: &str) -> String {
    token(account, "p9", API, 600)
}

/// Seconds that it is good for.
fn admitted(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Admitted(admitted) => admitted.valid_seconds,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reader_has_the_permission_or_learns_which_one_is_missing() {
    let operator = Secured::start().await;
    operator.api.may_read("prometheus");
    let mut readers = ReadersOfProbe::start(&operator, "n1", "p1").await;
    let left = admitted(readers.about(&reader("prometheus")).await);
    assert!((590..=600).contains(&left), "{left}");
    // Good for nothing else.
    admitted(readers.about(&token("prometheus", "p9", "longwire-metrics", 500)).await);
    let text = "system:serviceaccount:watch:web may not get /metrics: bind it to a ClusterRole with nonResourceURLs: \
                [\"/metrics\"] and verbs: [\"get\"], such as the chart's longwire-metrics-reader";
    assert_eq!(readers.about(&reader("web")).await, Verdict::Forbidden(text.to_owned()));
    assert_eq!(operator.counters.authorization_requests(), [("admitted", 2), ("forbidden", 1)].into());
}

#[tokio::test]
async fn what_is_no_readers_token_is_refused_and_a_wrong_signature_costs_the_api_server_nothing() {
    let operator = Secured::start().await;
    operator.api.may_read("prometheus");
    let mut readers = ReadersOfProbe::start(&operator, "n1", "p1").await;
    let before = operator.api.reviews();
    let genuine = reader("prometheus");
    let other = good();
    let (body, signature) = (genuine.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    let forged = format!("{body}.{signature}");
    let refused = |text: &str| Verdict::Unauthenticated(text.to_owned());
    assert_eq!(readers.about(&forged).await, refused("InvalidSignature"));
    assert_eq!(readers.about("a b").await, refused("it is no bearer token of at most 8192 bytes"));
    assert_eq!(operator.api.reviews(), before);
    let of_a_probe = "token audiences are invalid for the target audiences";
    assert_eq!(readers.about(&token("prometheus", "p9", AUDIENCE, 600)).await, refused(of_a_probe));
    operator.api.revoke(&genuine);
    let revoked = "[invalid bearer token, service account token has been invalidated]";
    assert_eq!(readers.about(&genuine).await, refused(revoked));
    assert_eq!((operator.api.reviews() - before, operator.api.access_reviews()), (2, 0));
}

#[tokio::test]
async fn only_a_connection_with_a_stream_authorizes_readers() {
    let operator = Secured::start().await;
    operator.api.may_read("prometheus");
    let channel = operator.channel(&operator.api.bundle(|_| true).await, NAME).await.unwrap();
    let mut other = ReadersClient::new(channel);
    let mut request = Request::new(AuthorizeRequest { token: reader("prometheus") });
    // A token without a stream is not enough.
    request.metadata_mut().insert("authorization", format!("Bearer {}", good()).parse().unwrap());
    let status = other.authorize(request).await.unwrap_err();
    let text = "this connection has no admitted stream of a probe";
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, text));
    assert_eq!((operator.api.reviews(), operator.api.access_reviews()), (0, 0));
    assert_eq!(operator.counters.authorization_requests(), [("no_stream", 1)].into());
    // When the stream has ended it is over.
    let mut readers = ReadersOfProbe::start(&operator, "n1", "p1").await;
    admitted(readers.about(&reader("prometheus")).await);
    readers.stream.authenticate(token(PROBE, "p2", AUDIENCE, 600)).await;
    readers.stream.last_status().await;
    let ended = tokio::time::timeout(super::TIMEOUT, async {
        loop {
            if let Err(status) = readers.try_about(&reader("prometheus")).await {
                break status;
            }
        }
    });
    assert_eq!(ended.await.unwrap().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_token_is_reviewed_once_for_all_probes_and_is_unavailable_during_an_outage() {
    let operator = Secured::start().await;
    operator.api.may_read("prometheus");
    let (mut here, mut there) =
        (ReadersOfProbe::start(&operator, "n1", "p1").await, ReadersOfProbe::start(&operator, "n2", "p2").await);
    let known = reader("prometheus");
    for _ in 0..3 {
        admitted(here.about(&known).await);
        admitted(there.about(&known).await);
    }
    assert_eq!(operator.api.access_reviews(), 1);
    operator.api.set_away(true);
    let verdict = here.about(&token("prometheus", "p9", API, 500)).await;
    assert!(matches!(verdict, Verdict::Unavailable(_)), "{verdict:?}");
    // A moment ago it knew.
    admitted(there.about(&known).await);
}

#[tokio::test]
async fn bogus_tokens_at_one_probe_keep_no_reader_from_another_nor_a_signed_one_from_the_same() {
    let operator = Secured::start().await;
    operator.api.may_read("prometheus");
    operator.api.may_read("other");
    let (mut here, mut there) =
        (ReadersOfProbe::start(&operator, "n1", "p1").await, ReadersOfProbe::start(&operator, "n2", "p2").await);
    let before = operator.api.reviews();
    let mut busy = 0;
    for number in 0..30 {
        let bogus = token_by("unknown", &format!("bogus{number}"), "p9", API, 600);
        match here.about(&bogus).await {
            Verdict::Unavailable(text) => {
                assert_eq!(text, "too many tokens wait for the API server");
                busy += 1;
            }
            verdict => assert!(matches!(verdict, Verdict::Forbidden(_)), "{verdict:?}"),
        }
    }
    let reviewed = operator.api.reviews() - before;
    assert!(busy > 0 && reviewed + busy == 30 && reviewed >= 10, "{busy} busy, {reviewed} reviewed");
    admitted(here.about(&reader("prometheus")).await);
    admitted(there.about(&token_by("unknown", "other", "p9", API, 600)).await);
}

/// The operator's own page, and what it counts there.
async fn own_page(operator: &Secured) -> (SocketAddr, Endpoints) {
    let (_publisher, published) = Publisher::new();
    let (_role, role) = watch::channel(Role::Leader);
    let counters = Arc::<Counters>::default();
    let endpoints = Endpoints::new(&counters);
    let state = State { published, role, certificate: None, counters, endpoints: endpoints.clone() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let readers = operator.guard.own_readers.clone();
    assert!(readers.is_some(), "every client may read");
    tokio::spawn(health::serve(listener, state, readers));
    (address, endpoints)
}

async fn get(address: SocketAddr, path: &str, token: Option<&str>) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let header = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n{header}\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_operators_own_page_is_for_the_same_readers() {
    let (api, client) = ApiServer::start().await;
    let operator = Secured::beside(api, &client, &[&LONG[..], &["--metrics-auth"]].concat()).await;
    operator.api.may_read("prometheus");
    let (address, endpoints) = own_page(&operator).await;
    let (prometheus, web) = (reader("prometheus"), reader("web"));
    assert_eq!(get(address, "/metrics", None).await, 401);
    assert_eq!(get(address, "/metrics", Some("bogus")).await, 401);
    assert_eq!(get(address, "/metrics", Some(&web)).await, 403);
    assert_eq!(get(address, "/metrics", Some(&prometheus)).await, 200);
    assert_eq!(get(address, "/healthz", None).await, 200);
    operator.api.set_away(true);
    // It was admitted a moment ago; a new one has to wait.
    assert_eq!(get(address, "/metrics", Some(&prometheus)).await, 200);
    assert_eq!(get(address, "/metrics", Some(&token("prometheus", "p9", API, 500))).await, 503);
    let counted = |counts: &Counts| counts.readers().into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>();
    let due = [("admitted", 2), ("no_token", 1), ("unauthenticated", 1), ("forbidden", 1), ("unavailable", 1)];
    assert_eq!(counted(endpoints.metrics.counts()), due);
}
