//! Estimates: what a user asks, what probes are asked, and what comes back.

use super::Served;
use crate::secured::live_streams::{Connected, LiveStream, connected, open, opening_with_estimates};
use k8s_openapi::api::core::v1 as k8s;
use longwire_model::estimate::{
    BudgetEstimate, EstimateOrder, Estimated, LabelEstimate, MetricEstimate, NamespaceEstimate, NodeEstimate,
};
use longwire_operator::source::event::Event;
use longwire_operator::source::object::Object;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

const API: &str = "/apis/live.telemetry.longwire.io/v1alpha1";

fn path(namespace: &str) -> String {
    format!("{API}/namespaces/{namespace}/seriesestimates")
}

/// Node `n1`'s probe, which knows estimates.
struct Probe {
    _connected: Connected,
    stream: LiveStream,
}

impl Probe {
    async fn start(served: &Served) -> Self {
        let connected = connected(&served.operator, "n1", "p1").await;
        let mut stream = open(&connected.channel, opening_with_estimates("n1")).await.unwrap();
        // It is known from its first order on.
        stream.next().await.unwrap();
        Self { _connected: connected, stream }
    }

    async fn answer(&mut self, estimate: NodeEstimate) -> EstimateOrder {
        let order = self.stream.estimate().await;
        // Of another round, and of this one.
        self.stream.estimated(Estimated { id: order.id + 1, estimate: NodeEstimate::default() }).await;
        self.stream.estimated(Estimated { id: order.id, estimate }).await;
        order
    }
}

fn shop_pod() -> Event {
    let pod = json!({
        "metadata": {"name": "web", "namespace": "shop", "uid": "web", "labels": {"team": "payments"}},
        "spec": {"nodeName": "n1", "containers": []},
        "status": {"phase": "Running"},
    });
    let pod: k8s::Pod = serde_json::from_value(pod).unwrap();
    Event::Apply(Object::Pod(Arc::new(pod.try_into().unwrap())))
}

fn tags(expression: &str) -> Value {
    json!({
        "apiVersion": "telemetry.longwire.io/v1alpha1", "kind": "ExtraStatTags", "metadata": {"name": "team"},
        "spec": {"tags": [{"name": "team", "value": expression}]},
    })
}

fn asking(object: &Value) -> String {
    json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "SeriesEstimate", "metadata": {},
        "spec": {"object": object},
    })
    .to_string()
}

/// What one probe says.
fn found() -> NodeEstimate {
    NodeEstimate {
        complete: true,
        connections: 5,
        relabelled: 3,
        metrics: vec![MetricEstimate { name: "m".to_owned(), today: 10, then: 14, stopped: 2, later: 1 }],
        namespaces: vec![NamespaceEstimate { namespace: "shop".to_owned(), today: 10, then: 14, stopped: 2 }],
        budgets: vec![BudgetEstimate {
            namespace: Some("shop".to_owned()),
            peer: None,
            resource: "series".to_owned(),
            limit: 12,
            refused: 1,
        }],
        labels: vec![LabelEstimate {
            name: "team".to_owned(),
            connections: 3,
            unknown: 1,
            values: 2,
            top: vec![("payments".to_owned(), 2), ("unknown".to_owned(), 1)],
            ..LabelEstimate::default()
        }],
    }
}

async fn served() -> Served {
    let served = Served::start().await;
    served.api().allow("ops", "create", "");
    served.operator.send_events(vec![shop_pod()]).await;
    let mut published = served.operator.published.clone();
    published
        .wait_for(|published| published.node("n1").is_some_and(|node| node.pods.contains_key("web")))
        .await
        .unwrap();
    served
}

#[tokio::test]
async fn probes_are_asked_with_the_pods_that_would_differ_and_the_user_gets_the_sum() {
    let served = served().await;
    let mut probe = Probe::start(&served).await;
    let mut connection = served.connect().await;
    let object = tags("source.labels['team']");
    let body = asking(&object);
    let (path, begun) = (path("shop"), Instant::now());
    let (answer, order) = tokio::join!(connection.post(&path, "ops", body), probe.answer(found()));
    let (code, estimate) = answer.unwrap();
    assert_eq!(code, 201, "{estimate}");
    assert!(begun.elapsed() < Duration::from_secs(30), "every probe that can answer has");
    assert_eq!((&estimate["kind"], &estimate["metadata"]["namespace"]), (&json!("SeriesEstimate"), &json!("shop")));
    assert_eq!(estimate["spec"]["object"]["spec"], object["spec"]);
    let status = &estimate["status"];
    let warning = json!(["1 of 2 nodes did not answer: n2"]);
    assert_eq!((&status["complete"], &status["warnings"]), (&json!(false), &warning), "{status}");
    assert_eq!(status["series"], json!({"before": 10, "after": 14, "stopped": 2, "later": 1}));
    assert_eq!(status["metrics"][0]["name"], "m");
    assert_eq!(
        status["overflows"],
        json!([{"node": "n1", "namespace": "shop", "resource": "series", "limit": 12, "refused": 1}])
    );
    let top = json!([{"value": "payments", "connections": 2}, {"value": "unknown", "connections": 1}]);
    assert_eq!((&status["labels"][0]["top"], &status["labels"][0]["unknown"]), (&top, &json!(1)));
    assert_eq!(status["changes"], json!([{"what": "label team becomes source.labels['team']", "pods": 1}]));
    // The pod has its label, as it would be sent it.
    assert_eq!((order.namespace.as_deref(), order.update.settings.as_ref()), (Some("shop"), None));
    let [pod] = &order.update.pods[..] else { panic!("{:?}", order.update) };
    assert_eq!((pod.pod.uid.as_str(), pod.pod.label("team")), ("web", Some("payments")));
    assert!(pod.telemetry.source[0].tags.iter().any(|tag| tag.name.as_str() == "team"), "{:?}", pod.telemetry);
    // Nothing was published.
    assert!(served.operator.published.borrow().policy_states.is_empty());
    let known = served.operator.published.borrow().node("n1").unwrap().pods["web"].1.clone();
    assert_eq!(known.pod.label("team"), None);
}

#[tokio::test]
async fn an_object_of_the_root_namespace_is_about_all_of_them() {
    let served = served().await;
    let mut probe = Probe::start(&served).await;
    let mut connection = served.connect().await;
    let interval = json!({
        "apiVersion": "telemetry.longwire.io/v1alpha1", "kind": "TelemetryPolicy", "metadata": {"name": "all"},
        "spec": {"reportingInterval": "7s"},
    });
    let (path, body) = (path("watch"), asking(&interval));
    let (answer, order) = tokio::join!(connection.post(&path, "ops", body), probe.answer(NodeEstimate::default()));
    assert_eq!((answer.unwrap().0, order.namespace, order.update.pods.len()), (201, None, 0));
    assert_eq!(order.update.settings.unwrap().reporting_interval, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_probe_that_does_not_answer_is_named_in_bounded_time() {
    let served = served().await;
    let _silent = Probe::start(&served).await;
    let mut connection = served.connect().await;
    let begun = Instant::now();
    let (code, estimate) = connection.post(&path("shop"), "ops", asking(&tags("'x'"))).await.unwrap();
    assert_eq!(code, 201, "{estimate}");
    assert!(begun.elapsed() >= Duration::from_secs(1), "it was waited for");
    assert_eq!(estimate["status"]["warnings"], json!(["2 of 2 nodes did not answer: n1, n2"]));
    assert_eq!(
        (&estimate["status"]["complete"], &estimate["status"]["changes"][0]["pods"]),
        (&json!(false), &json!(1))
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let served = served().await;
    let mut connection = served.connect().await;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": []}});
    let mut elsewhere = tags("'x'");
    elsewhere["metadata"]["namespace"] = json!("bank");
    let not_here = json!({
        "apiVersion": "telemetry.longwire.io/v1alpha1", "kind": "TelemetryPolicy", "metadata": {"name": "all"},
        "spec": {"reportingInterval": "7s"},
    });
    let large = asking(&json!({"text": "x".repeat(2 << 20)}));
    for (body, expected, text) in [
        ("{".to_owned(), 400, "the body is no SeriesEstimate"),
        (asking(&json!(7)), 422, "spec.object: no object"),
        (asking(&json!({})), 422, "spec.object"),
        (asking(&pod), 422, "no TelemetryPolicy, ExtraStatTags or StatsMatcher"),
        (asking(&tags("source.nothing")), 422, "source.nothing"),
        (asking(&elsewhere), 422, "it must be that of the estimate, shop"),
        (asking(&not_here), 422, "reportingInterval"),
        (large, 413, "1048576 bytes"),
    ] {
        let (code, status) = connection.post(&path("shop"), "ops", body).await.unwrap();
        assert_eq!(code, expected, "{status}");
        assert!(status["message"].as_str().unwrap().contains(text), "{status}");
    }
    let (code, status) = connection.post(&path("shop"), "nobody", asking(&tags("'x'"))).await.unwrap();
    assert_eq!(code, 403, "{status}");
    let user = [("x-remote-user", "ops")];
    for path in [path("shop"), format!("{}/team", path("shop")), format!("{API}/seriesestimates")] {
        assert_eq!(connection.get(&path, &user).await.unwrap().0, 405, "{path}");
    }
    let (code, status) = connection.post(&format!("{API}/seriesestimates"), "ops", asking(&tags("'x'"))).await.unwrap();
    assert_eq!(code, 405, "{status}");
}
