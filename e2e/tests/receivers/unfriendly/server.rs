//! A receiver of OTLP over HTTP that answers as it is told, and remembers what it got.

use crate::otlp::{Logs, Metrics};
use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use longwire_export::otlp::proto::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use longwire_export::otlp::proto::collector::metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse};
use longwire_testkit::Netns;
use parking_lot::Mutex;
use prost::Message;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Accept,
    /// 429: again after so many seconds.
    Later(u64),
    /// 400: never again.
    Refuse,
    /// All but so many of its points or records.
    Partial(i64),
    /// None for so long.
    Slow(Duration),
}

/// A request, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) body: Bytes,
    pub(crate) came: Instant,
    pub(crate) answer: Answer,
}

impl Seen {
    /// Whether the receiver keeps it, or most of it.
    fn is_kept(&self) -> bool {
        matches!(self.answer, Answer::Accept | Answer::Partial(_))
    }
}

#[derive(Debug)]
struct Desk {
    answer: Answer,
    seen: Vec<Seen>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
    runtime: Option<Runtime>,
}

impl Server {
    /// On a namespace's loopback.
    pub(crate) fn start(netns: &Netns, answer: Answer) -> Result<Self> {
        let listener = netns.run(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Mutex::new(Desk { answer, seen: Vec::new() }));
        let router = Router::new().fallback(answer_one).with_state(Arc::clone(&desk));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, desk, runtime: Some(runtime) })
    }

    /// From the next request on.
    pub(crate) fn answer(&self, answer: Answer) {
        self.desk.lock().answer = answer;
    }

    /// Requests of a signal so far.
    pub(crate) fn seen(&self, signal: &str) -> Vec<Seen> {
        let path = format!("/v1/{signal}");
        self.desk.lock().seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// Requests of metrics that it has kept.
    pub(crate) fn metrics(&self) -> Result<Vec<Metrics>> {
        self.kept("metrics")
    }

    pub(crate) fn logs(&self) -> Result<Vec<Logs>> {
        self.kept("logs")
    }

    fn kept<M: Message + Default>(&self, signal: &str) -> Result<Vec<M>> {
        let kept = self.seen(signal).into_iter().filter(Seen::is_kept);
        kept.map(|seen| M::decode(seen.body).context("a request that is none")).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without waiting for slow answers.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn answer_one(State(desk): State<Arc<Mutex<Desk>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let is_protobuf = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/x-protobuf");
    if !is_protobuf {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let path = uri.path().to_owned();
    let answer = {
        let mut desk = desk.lock();
        let answer = desk.answer;
        desk.seen.push(Seen { path: path.clone(), body, came: Instant::now(), answer });
        answer
    };
    match answer {
        Answer::Accept => protobuf(accepted(&path, 0)),
        Answer::Later(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Answer::Refuse => StatusCode::BAD_REQUEST.into_response(),
        Answer::Partial(rejected) => protobuf(accepted(&path, rejected)),
        Answer::Slow(time) => {
            tokio::time::sleep(time).await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn protobuf(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/x-protobuf")], body).into_response()
}

fn accepted(path: &str, rejected: i64) -> Vec<u8> {
    let error_message = if rejected == 0 { String::new() } else { "some are not wanted".to_owned() };
    if path == "/v1/logs" {
        let partial = ExportLogsPartialSuccess { rejected_log_records: rejected, error_message };
        ExportLogsServiceResponse { partial_success: (rejected != 0).then_some(partial) }.encode_to_vec()
    } else {
        let partial = ExportMetricsPartialSuccess { rejected_data_points: rejected, error_message };
        ExportMetricsServiceResponse { partial_success: (rejected != 0).then_some(partial) }.encode_to_vec()
    }
}
