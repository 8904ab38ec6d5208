use super::Line;
use crate::options::Task;
use longwire_endpoint::readers::{Authorizer, Decision};
use longwire_wire::proto::authorize_reply::Verdict;
use longwire_wire::proto::readers_server::{Readers, ReadersServer};
use longwire_wire::proto::{Admitted, AuthorizeReply, AuthorizeRequest};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

/// Decides as the token's text demands.
pub(crate) struct Obedient;

#[tonic::async_trait]
impl Readers for Obedient {
    async fn authorize(&self, request: Request<AuthorizeRequest>) -> Result<Response<AuthorizeReply>, Status> {
        let text = "because".to_owned();
        let verdict = match request.into_inner().token.as_str() {
            "good" => Some(Verdict::Admitted(Admitted { valid_seconds: 600 })),
            "unauthenticated" => Some(Verdict::Unauthenticated(text)),
            "forbidden" => Some(Verdict::Forbidden(text)),
            "unavailable" => Some(Verdict::Unavailable(text)),
            "newer" => None,
            _ => return Err(Status::unauthenticated("this connection has no admitted stream of a probe")),
        };
        Ok(Response::new(AuthorizeReply { verdict }))
    }
}

pub(crate) async fn connect(router: tonic::transport::server::Router) -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    Endpoint::from_shared(url).unwrap().connect().await.unwrap()
}

async fn decide(line: &Arc<Line>, token: &str) -> Decision {
    Arc::clone(line).authorize("192.0.2.1".into(), token.to_owned()).await
}

fn unavailable(text: &str) -> Decision {
    Decision::Unavailable(text.to_owned())
}

#[tokio::test]
async fn the_operator_decides_and_no_error_of_it_is_a_refusal() {
    let line = Arc::<Line>::default();
    let open = line.open(connect(Server::builder().add_service(ReadersServer::new(Obedient))).await);
    let because = "because".to_owned();
    for (token, decision) in [
        ("good", Decision::Allowed { valid: Duration::from_secs(600) }),
        ("unauthenticated", Decision::Unauthenticated(because.clone())),
        ("forbidden", Decision::Forbidden(because)),
        ("unavailable", unavailable("because")),
        ("newer", unavailable("the operator's answer is one of a newer release")),
        ("else", unavailable("the operator does not answer: this connection has no admitted stream of a probe")),
    ] {
        assert_eq!(decide(&line, token).await, decision, "{token}");
    }
    drop(open);
}

#[tokio::test]
async fn without_a_stream_authorization_is_unavailable() {
    let line = Arc::<Line>::default();
    let no_stream = unavailable("this node's probe has no stream to the operator");
    assert_eq!(decide(&line, "good").await, no_stream);
    let open = line.open(connect(Server::builder().add_service(ReadersServer::new(Obedient))).await);
    assert_eq!(decide(&line, "good").await, Decision::Allowed { valid: Duration::from_secs(600) });
    drop(open);
    assert_eq!(decide(&line, "good").await, no_stream);
}

#[tokio::test]
async fn an_operator_without_authorization_of_readers_is_named_as_the_cause() {
    let line = Arc::<Line>::default();
    let _open = line.open(connect(Server::builder().add_optional_service(None::<ReadersServer<Obedient>>)).await);
    let text = "the operator knows no readers: is it of an older release, or does it read manifests?";
    assert_eq!(decide(&line, "good").await, unavailable(text));
}

#[test]
fn readers_are_demanded_only_with_an_operator_that_knows_them() {
    let operator = |url: &str| {
        let words = ["longwire-probe", "--node-name=n1", "--operator-name=o", "--metrics-auth"];
        let words =
            words.map(str::to_owned).into_iter().filter(|word| url.starts_with("https") || !word.contains("name=o"));
        let ca = url.starts_with("https").then(|| "--operator-ca=/ca.crt".to_owned());
        match Task::parse_from(words.chain(ca).chain([format!("--operator={url}")])).unwrap() {
            Task::Run(options) => options.operator().map(drop).map_err(|error| error.to_string()),
            Task::Perform(command) => panic!("{command:?}"),
        }
    };
    assert_eq!(operator("https://operator:15010"), Ok(()));
    let text = "--metrics-auth needs an operator on a cluster, by https: the one at http://127.0.0.1:15010 has no API server that \
                can authorize readers";
    assert_eq!(operator("http://127.0.0.1:15010"), Err(text.to_owned()));
}
