//! What telemetry pods have: from objects to what a user gets.

use super::front_proxy::eventually;
use super::{Served, names};
use k8s_openapi::api::core::v1 as k8s;
use longwire_operator::source::event::Event;
use longwire_operator::source::object::{Object, TelemetryPolicy};
use serde_json::{Value, json};
use std::sync::Arc;

const ALL: &str = "/apis/live.telemetry.longwire.io/v1alpha1/effectivetelemetries";

fn of(namespace: &str) -> String {
    format!("/apis/live.telemetry.longwire.io/v1alpha1/namespaces/{namespace}/effectivetelemetries")
}

fn pod(namespace: &str, name: &str) -> Event {
    let pod = json!({
        "metadata": {"name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"), "labels": {"app": name}},
        "spec": {"nodeName": "n1", "containers": []}, "status": {"phase": "Running"},
    });
    let pod: k8s::Pod = serde_json::from_value(pod).unwrap();
    Event::Apply(Object::Pod(Arc::new(pod.try_into().unwrap())))
}

fn policy(namespace: &str, name: &str, spec: &Value) -> Event {
    let object = json!({
        "apiVersion": "telemetry.longwire.io/v1alpha1", "kind": "TelemetryPolicy",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    });
    let object: longwire_crds::TelemetryPolicy = serde_json::from_value(object).unwrap();
    Event::Apply(Object::TelemetryPolicy(Arc::new(TelemetryPolicy::try_from(object).unwrap())))
}

async fn served() -> Served {
    let served = Served::start().await;
    let events = vec![
        pod("shop", "web"),
        pod("shop", "db"),
        pod("bank", "web"),
        policy("watch", "mesh", &json!({"seriesSets": ["istio"]})),
        policy("shop", "web", &json!({"selector": {"matchLabels": {"app": "web"}}, "seriesSets": ["longwire"]})),
    ];
    served.operator.send_events(events).await;
    served.api().allow("reader", "list", "");
    let ready = eventually(async || match served.ask("reader", &of("bank")).await {
        (200, list) if names(&list) == ["web"] => Ok(()),
        (code, body) => Err(format!("{code} {body}")),
    });
    ready.await;
    served
}

#[tokio::test]
async fn a_pod_s_telemetry_names_the_objects_that_it_is_from() {
    let served = served().await;
    served.api().allow("one", "get", "web");
    let (code, web) = served.ask("one", &format!("{}/web", of("shop"))).await;
    assert_eq!((code, &web["kind"]), (200, &json!("EffectiveTelemetry")), "{web}");
    let set = &web["status"]["seriesSets"][0];
    let expected = json!({
        "name": "istio", "on": false,
        "from": {"kind": "TelemetryPolicy", "namespace": "shop", "name": "web", "field": "spec.seriesSets"},
        "lost": [{
            "kind": "TelemetryPolicy", "namespace": "watch", "name": "mesh", "field": "spec.seriesSets",
            "why": "TelemetryPolicy shop/web is narrower",
        }],
    });
    assert_eq!(*set, expected);
    assert_eq!(
        web["status"]["objects"],
        json!([
            {"kind": "TelemetryPolicy", "namespace": "watch", "name": "mesh"},
            {"kind": "TelemetryPolicy", "namespace": "shop", "name": "web"},
        ])
    );
    assert_eq!((&web["metadata"]["namespace"], &web["metadata"]["labels"]), (&json!("shop"), &json!({"app": "web"})));
    served.api().allow("one", "get", "gone");
    let (code, status) = served.ask("one", &format!("{}/gone", of("shop"))).await;
    assert_eq!((code, &status["reason"], &status["details"]["name"]), (404, &json!("NotFound"), &json!("gone")));
}

#[tokio::test]
async fn a_list_has_the_pods_of_its_namespace_and_a_user_without_the_right_none() {
    let served = served().await;
    let (code, list) = served.ask("reader", &of("shop")).await;
    assert_eq!((code, names(&list), &list["kind"]), (200, vec!["db", "web"], &json!("EffectiveTelemetryList")));
    let (_, all) = served.ask("reader", ALL).await;
    assert_eq!(names(&all), ["web", "db", "web", "p1", "p2"]);
    let (_, some) = served.ask("reader", &format!("{ALL}?fieldSelector=workload%3Dweb&labelSelector=app")).await;
    assert_eq!(names(&some), ["web", "web"]);
    let (_, page) = served.ask("reader", &format!("{ALL}?limit=2")).await;
    let next = page["metadata"]["continue"].as_str().unwrap();
    let (_, rest) = served.ask("reader", &format!("{ALL}?limit=9&continue={next}")).await;
    assert_eq!([names(&page), names(&rest)].concat(), names(&all));
    for path in [of("shop"), format!("{}/web", of("shop")), ALL.to_owned()] {
        assert_eq!(served.ask("nobody", &path).await.0, 403, "{path}");
    }
    let (code, status) = served.ask("reader", &format!("{ALL}?watch=1")).await;
    assert_eq!((code, &status["reason"]), (405, &json!("MethodNotAllowed")));
}

/// The API server decides by namespace; it is asked about the one of the request.
#[tokio::test]
async fn a_right_in_one_namespace_is_none_in_another() {
    let served = served().await;
    served.api().allow_in("shopkeeper", "list", "shop");
    assert_eq!(served.ask("shopkeeper", &of("shop")).await.0, 200);
    assert_eq!(served.ask("shopkeeper", &of("bank")).await.0, 403);
    assert_eq!(served.ask("shopkeeper", ALL).await.0, 403);
}

#[tokio::test]
async fn kubectl_gets_a_table() {
    let served = served().await;
    let accept = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    let mut connection = served.connect().await;
    let (_, table) = connection.get(&of("shop"), &[("x-remote-user", "reader"), accept]).await.unwrap();
    let columns: Vec<_> =
        table["columnDefinitions"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(columns[..6], ["Name", "Workload", "Sets", "Tags", "Node", "Problems"]);
    let cells: Vec<_> = table["rows"].as_array().unwrap().iter().map(|row| row["cells"].clone()).collect();
    assert_eq!(
        cells[1].as_array().unwrap()[..6],
        json!(["web", "web", "longwire", "<none>", "n1", 0]).as_array().unwrap()[..]
    );
    assert_eq!(cells[0][2], "istio");
}
