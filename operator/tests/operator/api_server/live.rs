//! What the live API needs of an API server: the ConfigMap about its front proxy, reviews, the APIService, and the objects that
//! show that Longwire is removed.

use super::{ApiServer, answer, failure, read};
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::watch;

const FRONT_PROXY: &str = "extension-apiserver-authentication";

#[derive(Default)]
pub(super) struct Objects {
    front_proxy: watch::Sender<Option<Value>>,
    namespace: watch::Sender<Option<Value>>,
    /// Whether the operator's Deployment is gone.
    deployment_gone: AtomicBool,
    /// The last patch of the APIService.
    api_service: watch::Sender<Option<Value>>,
    /// Whether it has been deleted.
    withdrawn: watch::Sender<bool>,
    /// User, verb and name that are allowed.
    allowed: Mutex<BTreeSet<(String, String, String)>>,
    /// User, verb and the namespace in which it is allowed.
    allowed_in: Mutex<BTreeSet<(String, String, String)>>,
}

impl Objects {
    pub(super) fn allows(&self, spec: &Value) -> bool {
        let attributes = &spec["resourceAttributes"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_ours = attributes["group"] == "live.telemetry.longwire.io"
            && ["probes", "connections", "edges", "effectivetelemetries", "seriesestimates"]
                .contains(&attributes["resource"].as_str().unwrap_or_default());
        let asked = (text(&spec["user"]), text(&attributes["verb"]), text(&attributes["name"]));
        let asked_in = (text(&spec["user"]), text(&attributes["verb"]), text(&attributes["namespace"]));
        is_ours
            && (self.allowed.lock().unwrap().contains(&asked) || self.allowed_in.lock().unwrap().contains(&asked_in))
    }
}

impl ApiServer {
    /// The ConfigMap as kube-apiserver would write it now.
    pub(crate) fn set_front_proxy(&self, authority: &str, names: &[&str]) {
        let data = json!({
            "requestheader-client-ca-file": authority,
            "requestheader-allowed-names": json!(names).to_string(),
            "requestheader-username-headers": r#"["X-Remote-User"]"#,
            "requestheader-uid-headers": r#"["X-Remote-Uid"]"#,
            "requestheader-group-headers": r#"["X-Remote-Group"]"#,
            "requestheader-extra-headers-prefix": r#"["X-Remote-Extra-"]"#,
        });
        self.set(&self.0.live.front_proxy, FRONT_PROXY, json!({}), Some(data));
    }

    /// The operator's own namespace; `ending`: it is being deleted.
    pub(crate) fn set_namespace(&self, ending: bool) {
        let metadata = if ending { json!({"deletionTimestamp": "2026-12-01T00:00:00Z"}) } else { json!({}) };
        self.set(&self.0.live.namespace, "watch", metadata, None);
    }

    fn set(&self, to: &watch::Sender<Option<Value>>, name: &str, mut metadata: Value, data: Option<Value>) {
        metadata["name"] = json!(name);
        metadata["resourceVersion"] = json!(self.next_version());
        let mut object = json!({"metadata": metadata});
        if let Some(data) = data {
            object["data"] = data;
        }
        to.send_replace(Some(object));
    }

    pub(crate) fn remove_deployment(&self) {
        self.0.live.deployment_gone.store(true, Relaxed);
    }

    pub(crate) fn allow(&self, user: &str, verb: &str, name: &str) {
        self.0.live.allowed.lock().unwrap().insert((user.to_owned(), verb.to_owned(), name.to_owned()));
    }

    /// In one namespace alone.
    pub(crate) fn allow_in(&self, user: &str, verb: &str, namespace: &str) {
        let allowed = (user.to_owned(), verb.to_owned(), namespace.to_owned());
        self.0.live.allowed_in.lock().unwrap().insert(allowed);
    }

    /// The patch with the authorities in the APIService.
    pub(crate) async fn api_service(&self) -> Value {
        let mut patch = self.0.live.api_service.subscribe();
        patch.wait_for(Option::is_some).await.unwrap().clone().unwrap()
    }

    pub(crate) async fn withdrawn(&self) {
        self.0.live.withdrawn.subscribe().wait_for(|withdrawn| *withdrawn).await.unwrap();
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        *self.0.live.withdrawn.borrow()
    }
}

pub(super) fn router() -> Router<ApiServer> {
    let api_services = "/apis/apiregistration.k8s.io/v1/apiservices/{name}";
    Router::new()
        .route("/api/v1/namespaces/kube-system/configmaps", routing::get(list_front_proxy))
        .route("/api/v1/namespaces", routing::get(list_namespaces))
        .route("/api/v1/namespaces/watch", routing::get(read_namespace))
        .route("/apis/apps/v1/namespaces/watch/deployments/{name}", routing::get(read_deployment))
        .route(api_services, routing::patch(patch_api_service).delete(delete_api_service))
}

async fn list_front_proxy(State(server): State<ApiServer>, RawQuery(query): RawQuery) -> Response {
    server.list_one("ConfigMap", &server.0.live.front_proxy, query)
}

async fn list_namespaces(State(server): State<ApiServer>, RawQuery(query): RawQuery) -> Response {
    server.list_one("Namespace", &server.0.live.namespace, query)
}

async fn read_namespace(State(server): State<ApiServer>) -> Response {
    let held = server.0.live.namespace.borrow().clone();
    held.map_or_else(|| failure(404, "NotFound"), |namespace| answer(&namespace))
}

async fn read_deployment(State(server): State<ApiServer>, Path(name): Path<String>) -> Response {
    if server.0.live.deployment_gone.load(Relaxed) {
        return failure(404, "NotFound");
    }
    answer(&json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}}))
}

async fn patch_api_service(State(server): State<ApiServer>, Path(name): Path<String>, body: String) -> Response {
    server.0.live.api_service.send_replace(Some(read(&body)));
    answer(&json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": name}}))
}

async fn delete_api_service(State(server): State<ApiServer>, Path(name): Path<String>) -> Response {
    if name != "v1alpha1.live.telemetry.longwire.io" || server.0.live.withdrawn.send_replace(true) {
        return failure(404, "NotFound");
    }
    answer(&json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}))
}
