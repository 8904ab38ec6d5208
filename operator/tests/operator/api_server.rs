//! A small API server on loopback that speaks just what TLS and authentication ask for: TokenReviews and SubjectAccessReviews, token keys, one Secret,
//! one ConfigMap; and what the live API asks for (`live`). Tests set its answers; the cluster tests use a real one.

mod live;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use futures::{StreamExt, stream};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kube::{Client, Config};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::future::ready;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::watch;

static KEY: LazyLock<EncodingKey> = LazyLock::new(|| {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap();
    EncodingKey::from_rsa_pem(key.to_pkcs1_pem(LineEnding::LF).unwrap().as_bytes()).unwrap()
});

#[derive(Clone, Default)]
pub(crate) struct ApiServer(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// It answers nothing but 500.
    away: AtomicBool,
    reviews: AtomicU64,
    versions: AtomicU64,
    /// The one Secret, as it was written last.
    secret: watch::Sender<Option<Value>>,
    map: watch::Sender<Option<Value>>,
    /// The last patch of the webhook's configuration.
    webhook: watch::Sender<Option<Value>>,
    access_reviews: AtomicU64,
    live: live::Objects,
    /// Users who may get /metrics.
    readers: Mutex<Vec<String>>,
    /// What it says of a token, beside what the token says itself.
    revoked: Mutex<Vec<String>>,
}

/// A token as a pod of this ServiceAccount has it mounted.
pub(crate) fn token(account: &str, pod: &str, audience: &str, expires_in: i64) -> String {
    token_by("one", account, pod, audience, expires_in)
}

/// The API server publishes key `one` alone.
pub(crate) fn token_by(key: &str, account: &str, pod: &str, audience: &str, expires_in: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "iss": "https://api",
        "aud": [audience],
        "sub": format!("system:serviceaccount:watch:{account}"),
        "nbf": now - 60,
        "exp": now.checked_add_signed(expires_in).unwrap(),
        "kubernetes.io": {
            "namespace": "watch",
            "pod": {"name": pod, "uid": pod},
            "serviceaccount": {"name": account, "uid": "s1"},
        },
    });
    let header = Header { kid: Some(key.to_owned()), ..Header::new(Algorithm::RS256) };
    encode(&header, &claims, &KEY).unwrap()
}

impl ApiServer {
    pub(crate) async fn start() -> (Self, Client) {
        // Making it may take longer than the operator waits for an answer with the keys.
        LazyLock::force(&KEY);
        let server = Self::default();
        let secrets = "/api/v1/namespaces/watch/secrets";
        let router = Router::new()
            .route("/apis/authentication.k8s.io/v1/tokenreviews", routing::post(review))
            .route("/apis/authorization.k8s.io/v1/subjectaccessreviews", routing::post(review_access))
            .route(
                "/.well-known/openid-configuration",
                routing::get(async || answer(&json!({"issuer": "https://api"}))),
            )
            .route("/openid/v1/jwks", routing::get(keys))
            .route(secrets, routing::get(list_secrets).post(create_secret))
            .route(&format!("{secrets}/{{name}}"), routing::get(read_secret).put(replace_secret))
            .route("/api/v1/namespaces/watch/configmaps/{name}", routing::patch(apply_map))
            .route(
                "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{name}",
                routing::patch(patch_webhook),
            )
            .merge(live::router())
            .layer(axum::middleware::from_fn_with_state(server.clone(), presence))
            .with_state(server.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, Client::try_from(Config::new(format!("http://{address}").parse().unwrap())).unwrap())
    }

    pub(crate) fn set_away(&self, away: bool) {
        self.0.away.store(away, Relaxed);
    }

    pub(crate) fn revoke(&self, token: &str) {
        self.0.revoked.lock().unwrap().push(token.to_owned());
    }

    pub(crate) fn reviews(&self) -> u64 {
        self.0.reviews.load(Relaxed)
    }

    pub(crate) fn access_reviews(&self) -> u64 {
        self.0.access_reviews.load(Relaxed)
    }

    /// From now on this account may read metrics.
    pub(crate) fn may_read(&self, account: &str) {
        self.0.readers.lock().unwrap().push(format!("system:serviceaccount:watch:{account}"));
    }

    /// The authorities in the ConfigMap, once it exists.
    pub(crate) async fn bundle(&self, is_so: impl Fn(&str) -> bool) -> String {
        let text = |map: &Option<Value>| Some(map.as_ref()?["data"]["ca.crt"].as_str()?.to_owned());
        let mut map = self.0.map.subscribe();
        let map = map.wait_for(|map| text(map).is_some_and(|bundle| is_so(&bundle))).await.unwrap();
        text(&map).unwrap()
    }

    /// The patch with the authorities in the webhook's configuration.
    pub(crate) async fn webhook(&self) -> Value {
        let mut webhook = self.0.webhook.subscribe();
        webhook.wait_for(Option::is_some).await.unwrap().clone().unwrap()
    }

    /// Writes a Secret as another replica would.
    pub(crate) fn spoil(&self, key: &str) {
        let version = self.next_version();
        self.0.secret.send_modify(|secret| {
            let secret = secret.as_mut().unwrap();
            secret["data"][key] = json!("AAAA");
            secret["metadata"]["resourceVersion"] = json!(version);
        });
    }

    fn next_version(&self) -> String {
        (self.0.versions.fetch_add(1, Relaxed) + 1).to_string()
    }

    /// Answers to lists and watches of a kind of which there is one object.
    fn list_one(&self, kind: &str, held: &watch::Sender<Option<Value>>, query: Option<String>) -> Response {
        let query = query.unwrap_or_default();
        let parameter =
            |name: &str| query.split('&').find_map(|pair| pair.split_once('=').filter(|pair| pair.0 == name));
        if parameter("watch").is_none() {
            let items: Vec<Value> = held.borrow().clone().into_iter().collect();
            let version = self.0.versions.load(Relaxed).to_string();
            let list = json!({
                "kind": format!("{kind}List"), "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": items,
            });
            return answer(&list);
        }
        let since: u64 = parameter("resourceVersion").unwrap().1.parse().unwrap();
        let version = |object: &Value| object["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap();
        let mut held = held.subscribe();
        held.mark_changed();
        // What was there at `since` has been listed.
        let changes = stream::unfold(held, async |mut held| {
            held.changed().await.ok()?;
            let object = held.borrow_and_update().clone();
            Some((object, held))
        });
        let lines = changes.filter_map(move |object| {
            let object = object.filter(|object| version(object) > since);
            ready(
                object
                    .map(|object| Ok::<_, Infallible>(format!("{}\n", json!({"type": "MODIFIED", "object": object})))),
            )
        });
        Body::from_stream(lines).into_response()
    }

    fn store(&self, mut secret: Value, expected: Option<&str>) -> Response {
        let mut outcome = None;
        let version = self.next_version();
        self.0.secret.send_if_modified(|held| {
            let held_version =
                held.as_ref().map(|held| held["metadata"]["resourceVersion"].as_str().unwrap().to_owned());
            if held_version.as_deref() != expected {
                return false;
            }
            secret["metadata"]["resourceVersion"] = json!(version);
            outcome = Some(secret.clone());
            *held = Some(secret);
            true
        });
        outcome.map_or_else(|| failure(409, "Conflict"), |secret| answer(&secret))
    }
}

fn failure(code: u16, reason: &str) -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": reason,
    });
    (StatusCode::from_u16(code).unwrap(), answer(&status)).into_response()
}

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn read(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

async fn presence(
    State(server): State<ApiServer>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if server.0.away.load(Relaxed) { failure(500, "InternalError") } else { next.run(request).await }
}

async fn review(State(server): State<ApiServer>, body: String) -> Response {
    let mut review = read(&body);
    server.0.reviews.fetch_add(1, Relaxed);
    let token = review["spec"]["token"].as_str().unwrap().to_owned();
    let wanted = match &review["spec"]["audiences"][0] {
        Value::Null => json!("https://api"),
        wanted => wanted.clone(),
    };
    let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Value>(&token).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    review["status"] = if claims["exp"].as_u64().is_none_or(|expires| expires <= now) {
        json!({"error": "[invalid bearer token, service account token has expired]"})
    } else if server.0.revoked.lock().unwrap().contains(&token) {
        json!({"error": "[invalid bearer token, service account token has been invalidated]"})
    } else if claims["aud"][0] != wanted {
        json!({"error": "token audiences are invalid for the target audiences"})
    } else {
        let extra = json!({"authentication.kubernetes.io/pod-uid": [claims["kubernetes.io"]["pod"]["uid"]]});
        json!({"authenticated": true, "audiences": [wanted], "user": {"username": claims["sub"], "extra": extra}})
    };
    answer(&review)
}

async fn review_access(State(server): State<ApiServer>, body: String) -> Response {
    let mut review = read(&body);
    server.0.access_reviews.fetch_add(1, Relaxed);
    let spec = &review["spec"];
    let is_for_page = spec["nonResourceAttributes"] == json!({"path": "/metrics", "verb": "get"});
    // What the review of the token said of the user comes along.
    let is_whole = spec["extra"]["authentication.kubernetes.io/pod-uid"].is_array();
    let is_reader = server.0.readers.lock().unwrap().iter().any(|reader| spec["user"] == *reader);
    let is_allowed = match &spec["resourceAttributes"] {
        Value::Null => is_for_page && is_whole && is_reader,
        _ => server.0.live.allows(spec),
    };
    review["status"] = json!({"allowed": is_allowed});
    answer(&review)
}

async fn keys() -> Response {
    let mut key = Jwk::from_encoding_key(&KEY, Algorithm::RS256).unwrap();
    key.common.key_id = Some("one".to_owned());
    answer(&serde_json::to_value(JwkSet { keys: vec![key] }).unwrap())
}

async fn list_secrets(State(server): State<ApiServer>, RawQuery(query): RawQuery) -> Response {
    server.list_one("Secret", &server.0.secret, query)
}

async fn create_secret(State(server): State<ApiServer>, body: String) -> Response {
    server.store(read(&body), None)
}

async fn replace_secret(State(server): State<ApiServer>, body: String) -> Response {
    let secret = read(&body);
    let expected = secret["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    server.store(secret, expected.as_deref())
}

async fn read_secret(State(server): State<ApiServer>, Path(_): Path<String>) -> Response {
    let held = server.0.secret.borrow().clone();
    held.map_or_else(|| failure(404, "NotFound"), |secret| answer(&secret))
}

async fn apply_map(State(server): State<ApiServer>, Path(_): Path<String>, body: String) -> Response {
    let map = read(&body);
    server.0.map.send_if_modified(|held| held.replace(map.clone()).as_ref() != Some(&map));
    answer(&map)
}

async fn patch_webhook(State(server): State<ApiServer>, Path(name): Path<String>, body: String) -> Response {
    server.0.webhook.send_replace(Some(read(&body)));
    answer(&json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": name},
    }))
}
