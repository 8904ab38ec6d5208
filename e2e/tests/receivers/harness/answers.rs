//! The tests' own servers answer as they are told, and clients read it so.

use crate::otlp::Metrics;
use crate::unfriendly::grpc::{self, GrpcServer};
use crate::unfriendly::server::{Answer, Server};
use anyhow::{Context, Result, ensure};
use longwire_export::otlp::proto::collector::metrics::v1::ExportMetricsServiceResponse;
use longwire_export::otlp::{Accepted, logs_response, metrics_response, refusal};
use longwire_testkit::{Netns, confirm, http};
use std::time::Duration;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

#[test]
fn over_http_each_answer_is_what_the_protocol_has_for_it() -> Result<()> {
    let netns = Netns::new()?;
    let server = Server::start(&netns, Answer::Accept)?;
    let post = |signal: &str| {
        netns.run(|| http::post_to(server.address, &format!("/v1/{signal}"), "application/x-protobuf", &[]))
    };
    ensure!(metrics_response(&post("metrics")?.body)? == Accepted::All, "accepted");
    server.answer(Answer::Partial(3));
    let partly = Accepted::Partly { rejected: 3, message: "some are not wanted".to_owned() };
    ensure!(metrics_response(&post("metrics")?.body)? == partly, "partly accepted metrics");
    ensure!(logs_response(&post("logs")?.body)? == partly, "partly accepted logs");
    server.answer(Answer::Later(3));
    let later = post("metrics")?;
    ensure!((later.status, later.header("retry-after")) == (429, Some("3")), "{later:?}");
    server.answer(Answer::Refuse);
    ensure!(post("metrics")?.status == 400, "refused");
    ensure!((server.seen("metrics").len(), server.metrics()?.len()) == (4, 2), "two of four requests are kept");
    confirm!((server.seen("logs").len(), server.logs()?.len()) == (1, 1), "the only request of logs is kept")
}

async fn export(server: &GrpcServer) -> Result<Result<ExportMetricsServiceResponse, Status>> {
    let channel = Endpoint::from_shared(format!("http://{}", server.address))?.connect().await?;
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await?;
    let codec = ProstCodec::<Metrics, ExportMetricsServiceResponse>::default();
    let answer = client.unary(Request::new(Metrics::default()), PathAndQuery::from_static(grpc::EXPORT), codec).await;
    Ok(answer.map(tonic::Response::into_inner))
}

#[tokio::test]
async fn over_grpc_an_exhausted_server_says_when_or_not() -> Result<()> {
    let server = GrpcServer::start(&Netns::of_this_thread()?, grpc::Answer::Accept)?;
    ensure!(export(&server).await?? == ExportMetricsServiceResponse::default(), "accepted");
    for seconds in [Some(3), None] {
        server.answer(grpc::Answer::Exhausted(seconds));
        let status = export(&server).await?.err().context("accepted")?;
        ensure!(status.code() == Code::ResourceExhausted, "{status}");
        ensure!(status.details().is_empty() == seconds.is_none(), "{status:?}");
        let delay = if seconds.is_some() { refusal(status.details())?.delay } else { None };
        ensure!(delay == seconds.map(Duration::from_secs), "{delay:?} instead of {seconds:?}");
    }
    ensure!((server.seen().len(), server.accepted().len()) == (3, 1), "one of three requests is accepted");
    // A runtime cannot be dropped inside another one's task.
    tokio::task::spawn_blocking(move || drop(server)).await?;
    Ok(())
}
