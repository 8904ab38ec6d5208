use super::objects::SERVED;
use super::{Api, Caller, LISTS};
use crate::acks::Acks;
use crate::counters::Counters;
use crate::live::connections::Connections;
use crate::live::effective::Effective;
use crate::live::probes::Probes;
use crate::publish::Publisher;
use crate::publish::role::Role;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use longwire_live::{API_VERSION, GROUP, RESOURCES};
use longwire_model::series::{LABEL_VALUES, operator_names};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

struct Served {
    api: Api,
    counters: Arc<Counters>,
    role: watch::Sender<Role>,
}

impl Served {
    /// With probes on two nodes.
    fn new() -> Self {
        let (_, published) = Publisher::new();
        let acks = Arc::<Acks>::default();
        for node in ["n1", "n2"] {
            let node = acks.open(node).unwrap();
            node.runs("0.1.0");
            node.applied(0);
        }
        let (role, receiver) = watch::channel(Role::Leader);
        let counters = Arc::<Counters>::default();
        let probes = Arc::new(Probes::new((Arc::clone(&acks), Arc::default()), None, published));
        let effective = Effective::new(mpsc::channel(1).0);
        let connections = Arc::new(Connections::new(1_000, watch::Sender::default(), acks, None));
        Self { api: Api::new((probes, connections, effective), None, receiver, Arc::clone(&counters)), counters, role }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.api.answer(&Caller::Anybody, request.body(Body::empty()).unwrap()).await;
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        (head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (code, _, body) = self.send("GET", path, &[]).await;
        assert_eq!(code, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

fn probes(rest: &str) -> String {
    format!("/apis/{API_VERSION}/probes{rest}")
}

#[tokio::test]
async fn probes_are_listed_and_read() {
    let served = Served::new();
    let list = served.get(&probes("")).await;
    assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("ProbeList"), &json!(API_VERSION)));
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["n1", "n2"]);
    let one = served.get(&probes("/n2")).await;
    assert_eq!(one, list["items"][1]);
    assert_eq!(one["status"], json!({"connected": false, "release": "0.1.0", "revision": {"applied": 0, "wanted": 0}}));
    let some = served.get(&probes("?fieldSelector=metadata.name%3Dn1&limit=5")).await;
    assert_eq!(some["items"], json!([list["items"][0]]));
    let pages = served.get(&probes("?limit=1")).await;
    let next = pages["metadata"]["continue"].as_str().unwrap();
    let rest = served.get(&probes(&format!("?limit=1&continue={next}"))).await;
    assert_eq!((&rest["items"][0], &rest["metadata"]["continue"]), (&list["items"][1], &Value::Null));
    assert_eq!(rest["metadata"]["resourceVersion"], list["metadata"]["resourceVersion"]);
    let counted = served.counters.live.answers();
    assert_eq!((counted[&("probes", "list", "200")], counted[&("probes", "get", "200")]), (4, 1));
}

#[rstest]
#[case::unknown_name("GET", "/probes/n9", 404, "NotFound", r#"probes.live.telemetry.longwire.io "n9" not found"#)]
#[case::unknown_resource("GET", "/pods", 404, "NotFound", "could not find the requested resource")]
#[case::no_watch_yet("GET", "/probes?watch=1", 405, "MethodNotAllowed", "watch is not supported")]
#[case::delete("DELETE", "/probes/n1", 405, "MethodNotAllowed", "delete is not supported")]
#[case::create("POST", "/probes", 405, "MethodNotAllowed", "post is not supported")]
#[case::selector("GET", "/probes?fieldSelector=status.ready%3Dtrue", 400, "BadRequest", "use one of metadata.name")]
#[case::too_old("GET", "/probes?resourceVersion=1&resourceVersionMatch=Exact", 410, "Expired", "is too old")]
#[case::too_new("GET", "/probes?resourceVersion=9999999999999999999", 504, "Timeout", "Too large resource version")]
#[case::no_sense("GET", "/probes?resourceVersionMatch=Exact", 422, "Invalid", "ListOptions.meta.k8s.io")]
#[tokio::test]
async fn what_is_not_answered_is_a_status(
    #[case] method: &str,
    #[case] path: &str,
    #[case] code: u16,
    #[case] reason: &str,
    #[case] text: &str,
) {
    let (answered, headers, body) = Served::new().send(method, &format!("/apis/{API_VERSION}{path}"), &[]).await;
    let status: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((answered, &status["code"], &status["reason"]), (code, &json!(code), &json!(reason)), "{body}");
    assert_eq!(
        (&status["kind"], &status["apiVersion"], &status["status"]),
        (&json!("Status"), &json!("v1"), &json!("Failure"))
    );
    assert!(status["message"].as_str().unwrap().contains(text), "{body}");
    assert_eq!(headers["content-type"], "application/json");
}

#[tokio::test]
async fn lists_that_nobody_takes_keep_others_waiting_and_then_away() {
    let served = Served::new();
    let request = || Request::builder().uri(probes("")).body(Body::empty()).unwrap();
    let mut untaken = Vec::new();
    for _ in 0..LISTS {
        untaken.push(served.api.answer(&Caller::Anybody, request()).await);
    }
    let (code, headers, body) = served.send("GET", &probes(""), &[]).await;
    assert_eq!((code, headers["retry-after"].to_str().unwrap()), (429, "5"), "{body}");
    served.get(&probes("/n1")).await;
    untaken.pop();
    served.get(&probes("")).await;
}

#[tokio::test]
async fn what_a_client_cannot_read_is_not_sent() {
    let served = Served::new();
    for path in [probes(""), "/apis".to_owned(), "/openapi/v2".to_owned()] {
        let (code, _, body) = served.send("GET", &path, &[("accept", "application/yaml")]).await;
        assert_eq!(code, 406, "{path}: {body}");
    }
}

#[tokio::test]
async fn a_standby_without_a_leader_serves_documents_and_no_data() {
    let served = Served::new();
    served.role.send_replace(Role::Standby { leader: None });
    let (code, headers, body) = served.send("GET", &probes(""), &[]).await;
    assert_eq!((code, headers["retry-after"].to_str().unwrap()), (503, "2"), "{body}");
    for path in
        ["/apis", &format!("/apis/{GROUP}"), &format!("/apis/{API_VERSION}"), "/openapi/v2", "/openapi/v3", "/version"]
    {
        served.get(path).await;
    }
    let (code, _, body) = served.send("GET", "/readyz", &[]).await;
    assert_eq!((code, body.as_str()), (200, "ok"));
}

#[tokio::test]
async fn discovery_has_the_form_that_is_asked_for_and_is_sent_once() {
    let served = Served::new();
    let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let (code, headers, body) = served.send("GET", "/apis", &[("accept", aggregated)]).await;
    assert_eq!((code, headers["content-type"].to_str().unwrap()), (200, aggregated));
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["kind"], "APIGroupDiscoveryList");
    let etag = headers["etag"].to_str().unwrap();
    assert!(etag.starts_with('"') && etag.len() > 60, "{etag}");
    let again = [("accept", aggregated), ("if-none-match", etag)];
    let (code, headers, body) = served.send("GET", "/apis", &again).await;
    assert_eq!((code, headers["etag"].to_str().unwrap(), body.as_str()), (304, etag, ""));
    assert_eq!(served.get("/apis").await["kind"], "APIGroupList");
}

#[tokio::test]
async fn openapi_v3_is_found_by_its_hash() {
    let served = Served::new();
    let index = served.get("/openapi/v3").await;
    let paths = index["paths"].as_object().unwrap();
    assert_eq!(paths.keys().collect::<Vec<_>>(), [&format!("apis/{API_VERSION}")]);
    let place = paths[&format!("apis/{API_VERSION}")]["serverRelativeURL"].as_str().unwrap();
    let (code, headers, body) = served.send("GET", place, &[]).await;
    assert_eq!((code, headers["cache-control"].to_str().unwrap()), (200, "public, immutable"));
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["openapi"], "3.0.0");
    let plain = place.split('?').next().unwrap();
    let (code, headers, _) = served.send("GET", &format!("{plain}?hash=OLD"), &[]).await;
    assert_eq!((code, headers["location"].to_str().unwrap()), (301, place));
    let (code, headers, same) = served.send("GET", plain, &[]).await;
    assert_eq!((code, headers.get("cache-control"), same == body), (200, None, true));
}

#[test]
fn every_resource_of_the_table_is_served_and_counted() {
    let plurals: Vec<_> = RESOURCES.iter().map(|resource| resource.plural).collect();
    assert_eq!(plurals, SERVED);
    let listed = |label: &str| {
        let row =
            LABEL_VALUES.iter().find(|row| row.label == label && row.metrics.contains(&operator_names::LIVE_REQUESTS));
        row.unwrap().values.iter().map(|(value, _)| *value).collect::<Vec<_>>()
    };
    for resource in RESOURCES {
        assert!(listed("resource").contains(&resource.plural), "{}", resource.plural);
        for verb in resource.verbs {
            assert!(listed("verb").contains(&verb.name()), "{}", verb.name());
        }
    }
}
