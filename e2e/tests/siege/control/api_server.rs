//! An API server on loopback that stores objects, sends watch events for added ones, and reviews its own tokens.
//! Cluster tests use a real one.

use anyhow::{Context, Result};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, body};
use futures::{StreamExt, stream};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::KeyPair;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Namespace of operator and probes.
pub(crate) const NAMESPACE: &str = "watch";
const ISSUER: &str = "https://api";
const KEY_NAME: &str = "one";
/// Largest request, bytes.
const LONGEST: usize = 1 << 20;

#[derive(Clone)]
pub(crate) struct ApiServer(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    key: EncodingKey,
    /// Every version of every object in order; its index is its resourceVersion.
    log: watch::Sender<Vec<Entry>>,
    reviews: AtomicU64,
}

#[derive(Clone)]
struct Entry {
    collection: String,
    name: String,
    /// JSON.
    object: Arc<str>,
}

impl Entry {
    /// Its text is always valid JSON.
    fn read(&self) -> Value {
        serde_json::from_str(&self.object).unwrap_or_default()
    }
}

impl ApiServer {
    pub(crate) async fn start() -> Result<Self> {
        let key = EncodingKey::from_ec_pem(KeyPair::generate()?.serialize_pem().as_bytes())?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, log) = (listener.local_addr()?, watch::Sender::new(Vec::new()));
        let server = Self(Arc::new(Inner { address, key, log, reviews: AtomicU64::new(0) }));
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(server)
    }

    pub(crate) fn kubeconfig(&self) -> String {
        let address = self.0.address;
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "only", "users": [],
            "clusters": [{"name": "only", "cluster": {"server": format!("http://{address}")}}],
            "contexts": [{"name": "only", "context": {"cluster": "only", "user": ""}}],
        })
        .to_string()
    }

    /// Number of TokenReviews.
    pub(crate) fn reviews(&self) -> u64 {
        self.0.reviews.load(Relaxed)
    }

    pub(crate) fn add_node(&self, name: &str, address: IpAddr) {
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {"addresses": [{"type": "InternalIP", "address": address}]},
        });
        self.put("/api/v1/nodes", name, node);
    }

    /// A pod of the probes' ServiceAccount. Its UID equals its name.
    pub(crate) fn add_pod(&self, namespace: &str, name: &str, node: &str) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "uid": name},
            "spec": {"nodeName": node, "serviceAccountName": "longwire-probe", "containers": []},
            "status": {"phase": "Running"},
        });
        self.put("/api/v1/pods", name, pod);
    }

    /// An EndpointSlice. There may be very many, so they are stored as text that shares its endpoints.
    pub(crate) fn add_slice(&self, namespace: &str, name: &str, endpoints: &str) {
        self.add("/apis/discovery.k8s.io/v1/endpointslices", name, |version| {
            let service = json!({"kubernetes.io/service-name": name});
            let metadata = json!({"name": name, "namespace": namespace, "labels": service, "resourceVersion": version});
            format!(
                r#"{{"addressType":"IPv4","ports":[{{"port":8080}}],"metadata":{metadata},"endpoints":{endpoints}}}"#
            )
        });
    }

    /// Reasons of the Events of a namespace.
    pub(crate) fn events(&self, namespace: &str) -> Vec<String> {
        let collection = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
        let log = self.0.log.borrow();
        let events = log.iter().filter(|entry| entry.collection == collection).map(Entry::read);
        events.map(|event| event["reason"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The CA bundle for probes, once the operator has written it.
    pub(crate) async fn bundle(&self) -> Result<String> {
        let mut log = self.0.log.subscribe();
        let bundle = |entry: &Entry| {
            let is_map = entry.collection.ends_with("/configmaps");
            is_map.then(|| entry.read()["data"]["ca.crt"].as_str().map(str::to_owned))?
        };
        let known = log.wait_for(|log| log.iter().any(|entry| bundle(entry).is_some())).await?;
        known.iter().rev().find_map(bundle).context("no bundle")
    }

    /// A token like the one that is mounted in a probe's pod.
    pub(crate) fn token(&self, pod: &str) -> Result<String> {
        self.sign(KEY_NAME, pod, 0)
    }

    /// A token that only the API server can refuse, because its key id is unknown. `number` distinguishes many.
    pub(crate) fn strange_token(&self, pod: &str, number: u64) -> Result<String> {
        self.sign("other", pod, number)
    }

    fn sign(&self, key: &str, pod: &str, number: u64) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let account = "longwire-probe";
        let claims = json!({
            "iss": ISSUER, "jti": number.to_string(), "aud": ["longwire-operator"], "nbf": now - 60, "exp": now + 3_600,
            "sub": format!("system:serviceaccount:{NAMESPACE}:{account}"),
            "kubernetes.io": {
                "namespace": NAMESPACE, "pod": {"name": pod, "uid": pod}, "serviceaccount": {"name": account, "uid": "s"},
            },
        });
        let header = Header { kid: Some(key.to_owned()), ..Header::new(Algorithm::ES256) };
        Ok(encode(&header, &claims, &self.0.key)?)
    }

    fn review(&self, mut review: Value) -> Response {
        self.0.reviews.fetch_add(1, Relaxed);
        let token = review["spec"]["token"].as_str().unwrap_or_default();
        let is_ours = jsonwebtoken::decode_header(token).is_ok_and(|header| header.kid.as_deref() == Some(KEY_NAME));
        let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Value>(token).unwrap_or_default();
        review["status"] = if is_ours {
            let extra = json!({"authentication.kubernetes.io/pod-uid": [claims["kubernetes.io"]["pod"]["uid"]]});
            let user = json!({"username": claims["sub"], "extra": extra});
            json!({"authenticated": true, "audiences": review["spec"]["audiences"], "user": user})
        } else {
            json!({"error": "[invalid bearer token]"})
        };
        json_response(&review)
    }

    fn keys(&self) -> Response {
        let Ok(mut key) = Jwk::from_encoding_key(&self.0.key, Algorithm::ES256) else {
            return failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
        };
        key.common.key_id = Some(KEY_NAME.to_owned());
        json_response(&json!(JwkSet { keys: vec![key] }))
    }

    fn get(&self, collection: &str, name: &str) -> Option<Value> {
        let log = self.0.log.borrow();
        let mut versions = log.iter().rev().filter(|entry| entry.collection == collection && entry.name == name);
        versions.next().map(Entry::read)
    }

    fn put(&self, collection: &str, name: &str, mut object: Value) -> Value {
        self.add(collection, name, |version| {
            object["metadata"]["resourceVersion"] = json!(version);
            object.to_string()
        });
        object
    }

    fn add(&self, collection: &str, name: &str, text: impl FnOnce(String) -> String) {
        self.0.log.send_modify(|log| {
            let object = text((log.len() + 1).to_string()).into();
            log.push(Entry { collection: collection.to_owned(), name: name.to_owned(), object });
        });
    }

    /// The client's resourceVersion must be the current one, or empty if the object does not exist.
    fn replace(&self, collection: &str, name: &str, object: Value) -> Response {
        let version = |object: &Value| object["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        if self.get(collection, name).as_ref().and_then(version) != version(&object) {
            return failure(StatusCode::CONFLICT, "Conflict");
        }
        json_response(&self.put(collection, name, object))
    }

    fn list(&self, collection: &str) -> Response {
        let (version, names): (usize, Vec<String>) = {
            let log = self.0.log.borrow();
            let names = log.iter().filter(|entry| entry.collection == collection).map(|entry| entry.name.clone());
            (log.len(), names.collect())
        };
        let items: Vec<_> = names.iter().filter_map(|name| self.get(collection, name)).collect();
        json_response(&json!({"metadata": {"resourceVersion": version.to_string()}, "items": items}))
    }

    /// Events after `since`. `announce`: first all existing objects, then a bookmark.
    fn watch(&self, collection: &str, since: usize, announce: bool) -> Response {
        let collection = collection.to_owned();
        let bookmark = announce.then_some(self.0.log.borrow().len());
        let start = (self.0.log.subscribe(), since, bookmark);
        let lines = stream::unfold(start, move |(mut log, mut seen, mut bookmark)| {
            let collection = collection.clone();
            async move {
                let known = log.wait_for(|log| log.len() > seen || bookmark.is_some()).await.ok()?;
                let mut lines = String::new();
                for entry in known[seen..].iter().filter(|entry| entry.collection == collection) {
                    lines += &format!("{{\"type\":\"ADDED\",\"object\":{}}}\n", entry.object);
                }
                seen = known.len();
                drop(known);
                if let Some(version) = bookmark.take() {
                    let end = json!({"k8s.io/initial-events-end": "true"});
                    let metadata = json!({"resourceVersion": version.to_string(), "annotations": end});
                    let object = json!({"apiVersion": "v1", "kind": "Bookmark", "metadata": metadata});
                    lines += &format!("{}\n", json!({"type": "BOOKMARK", "object": object}));
                }
                Some((Ok::<_, Infallible>(lines), (log, seen, bookmark)))
            }
        });
        Body::from_stream(lines.filter(|lines| std::future::ready(lines.as_ref().is_ok_and(|text| !text.is_empty()))))
            .into_response()
    }
}

/// A router would need a line for each kind; here the parts of the path identify the resource.
async fn answer(State(server): State<ApiServer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let Ok(bytes) = body::to_bytes(body, LONGEST).await else {
        return failure(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge");
    };
    let object = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let one = path.rsplit_once('/').unwrap_or_default();
    match parts.method {
        Method::POST if path.ends_with("/tokenreviews") => server.review(object),
        Method::POST => server.replace(&path, name, object.clone()),
        Method::PUT => server.replace(one.0, one.1, object),
        // A server-side apply.
        Method::PATCH => json_response(&server.put(one.0, one.1, object)),
        _ if path == "/openid/v1/jwks" => server.keys(),
        _ if path == "/.well-known/openid-configuration" => json_response(&json!({"issuer": ISSUER})),
        _ if parameter(&query, "watch").is_some() => {
            let since = parameter(&query, "resourceVersion").and_then(|version| version.parse().ok());
            server.watch(&path, since.unwrap_or(0), parameter(&query, "sendInitialEvents").is_some())
        }
        _ if parameter(&query, "limit").is_some() || parameter(&query, "fieldSelector").is_some() => server.list(&path),
        _ => match server.get(one.0, one.1) {
            Some(object) => json_response(&object),
            None => failure(StatusCode::NOT_FOUND, "NotFound"),
        },
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn json_response(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn failure(code: StatusCode, reason: &str) -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code.as_u16(), "reason": reason, "message": reason,
    });
    (code, json_response(&status)).into_response()
}
