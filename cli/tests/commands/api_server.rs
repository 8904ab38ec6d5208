//! A small API server on loopback that lists what it was given, page by page, and sends watches what it is told.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::mem;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) limit: String,
    pub(crate) continues: String,
    /// Decoded.
    pub(crate) fields: String,
    pub(crate) labels: String,
    /// The version from which it watches.
    pub(crate) watches: Option<String>,
}

#[derive(Default)]
struct Inner {
    answers: BTreeMap<String, Value>,
    refused: BTreeMap<String, (u16, String)>,
    /// Paths of objects that are not there.
    absent: BTreeSet<String>,
    /// Of every path.
    broken: Option<(u16, String)>,
    /// Most items of a page; 0: no bound.
    page: usize,
    /// The next token is too old.
    expires: bool,
    asked: Vec<Asked>,
    /// Headers of every list.
    warning: Option<String>,
    date: Option<String>,
    /// Of each watch that has not ended.
    watches: Vec<mpsc::UnboundedSender<Result<Bytes, Infallible>>>,
}

pub(crate) struct ApiServer {
    inner: Arc<Mutex<Inner>>,
    url: String,
    /// Serves until it is dropped.
    _runtime: Runtime,
}

/// A list as the API server has it: items name no kind.
pub(crate) fn list(items: &[Value]) -> Value {
    json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items})
}

impl ApiServer {
    pub(crate) fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { inner, url, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn serve(&self, path: &str, answer: Value) {
        self.inner.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    pub(crate) fn refuse(&self, path: &str, code: u16, reason: &str) {
        self.inner.lock().unwrap().refused.insert(path.to_owned(), (code, reason.to_owned()));
    }

    /// It has objects of the kind, and not this one.
    pub(crate) fn lack(&self, path: &str) {
        self.inner.lock().unwrap().absent.insert(path.to_owned());
    }

    pub(crate) fn refuse_all(&self, code: u16, reason: &str) {
        self.inner.lock().unwrap().broken = Some((code, reason.to_owned()));
    }

    pub(crate) fn set_page(&self, items: usize) {
        self.inner.lock().unwrap().page = items;
    }

    pub(crate) fn expire_once(&self) {
        self.inner.lock().unwrap().expires = true;
    }

    /// Of every list.
    pub(crate) fn warn(&self, warning: &str) {
        self.inner.lock().unwrap().warning = Some(warning.to_owned());
    }

    /// When every list is answered.
    pub(crate) fn set_date(&self, date: &str) {
        self.inner.lock().unwrap().date = Some(date.to_owned());
    }

    /// Of all paths again.
    pub(crate) fn mend(&self) {
        self.inner.lock().unwrap().broken = None;
    }

    /// To the watch that there is, which it waits for.
    pub(crate) fn send(&self, events: &[Value]) {
        self.wait(|inner| !inner.watches.is_empty());
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        for watch in &self.inner.lock().unwrap().watches {
            watch.send(Ok(lines.clone().into())).unwrap();
        }
    }

    /// As a server that stops.
    pub(crate) fn end_watches(&self) {
        self.wait(|inner| !inner.watches.is_empty());
        self.inner.lock().unwrap().watches.clear();
    }

    /// Until so many requests were made for this path.
    pub(crate) fn await_asked(&self, path: &str, times: usize) {
        self.wait(|inner| inner.asked.iter().filter(|asked| asked.path == path).count() >= times);
    }

    fn wait(&self, until: impl Fn(&Inner) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !until(&self.inner.lock().unwrap()) {
            assert!(Instant::now() < deadline, "nobody asked: {:?}", self.asked());
            sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inner.lock().unwrap().asked.clone()
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response {
    let mut inner = inner.lock().unwrap();
    let path = request.uri().path().to_owned();
    let token = request.headers().get(header::AUTHORIZATION).map(|token| token.to_str().unwrap().to_owned());
    let query = request.uri().query().unwrap_or_default();
    let pairs = || query.split('&').filter_map(|pair| pair.split_once('='));
    let parameter = |name: &str| pairs().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()).unwrap_or_default();
    let (limit, continues) = (parameter("limit"), parameter("continue"));
    let is_watch = ["1", "true"].contains(&parameter("watch").as_str());
    inner.asked.push(Asked {
        path: path.clone(),
        token: token.unwrap_or_default(),
        limit,
        continues: continues.clone(),
        fields: decoded(&parameter("fieldSelector")),
        labels: decoded(&parameter("labelSelector")),
        watches: is_watch.then(|| parameter("resourceVersion")),
    });
    if let Some((code, reason)) = inner.broken.as_ref().or_else(|| inner.refused.get(&path)) {
        return failure(*code, reason);
    }
    if inner.absent.contains(&path) {
        return absent(&path);
    }
    if is_watch {
        let (events, body) = mpsc::unbounded_channel();
        inner.watches.retain(|watch| !watch.is_closed());
        inner.watches.push(events);
        let body = Body::from_stream(UnboundedReceiverStream::new(body));
        return ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    }
    if !continues.is_empty() && mem::take(&mut inner.expires) {
        return failure(410, "Expired");
    }
    let Some(mut found) = inner.answers.get(&path).cloned() else { return failure(404, "NotFound") };
    if let (Some(items), page @ 1..) = (found["items"].as_array().cloned(), inner.page) {
        let begin: usize = continues.parse().unwrap_or(0);
        let end = items.len().min(begin + page);
        found["items"] = items[begin..end].into();
        if end < items.len() {
            found["metadata"]["continue"] = end.to_string().into();
        }
    }
    let mut answer = json_of(StatusCode::OK, &found);
    for (name, value) in [(header::WARNING, &inner.warning), (header::DATE, &inner.date)] {
        answer.headers_mut().extend(value.as_ref().map(|value| (name, value.parse().unwrap())));
    }
    answer
}

/// Of a query.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned()
}

fn failure(code: u16, reason: &str) -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": reason,
    });
    json_of(StatusCode::from_u16(code).unwrap(), &status)
}

/// As of an object, and not of a kind that is not served.
fn absent(path: &str) -> Response {
    let name = path.rsplit('/').next().unwrap();
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound",
        "message": format!("{name:?} not found"), "details": {"name": name},
    });
    json_of(StatusCode::NOT_FOUND, &status)
}

fn json_of(code: StatusCode, value: &Value) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
