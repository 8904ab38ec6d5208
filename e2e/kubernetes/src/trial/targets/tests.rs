use super::target;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

fn pod(annotations: &Value, phase: &str, address: Option<&str>) -> Pod {
    serde_json::from_value(json!({
        "metadata": {"labels": {"app": "longwire-probe"}, "annotations": annotations},
        "spec": {"nodeName": "n1", "containers": []},
        "status": {"phase": phase, "podIP": address},
    }))
    .unwrap()
}

#[test]
fn a_running_pod_that_asks_for_it_is_a_target_with_its_job_and_node() {
    let asks = json!({"prometheus.io/scrape": "true", "prometheus.io/port": "15020", "prometheus.io/path": "/m"});
    let labels = json!({"job": "longwire-probe", "node": "n1", "__metrics_path__": "/m"});
    let found = target(&pod(&asks, "Running", Some("10.99.0.11")));
    assert_eq!(found, Some(json!({"targets": ["10.99.0.11:15020"], "labels": labels})));
    let found = target(&pod(&asks, "Running", Some("fd00::1"))).unwrap();
    assert_eq!(found["targets"], json!(["[fd00::1]:15020"]));
}

#[test]
fn pods_without_the_annotation_or_not_running_are_no_targets() {
    let asks = json!({"prometheus.io/scrape": "true", "prometheus.io/port": "15020"});
    for pod in [
        pod(&asks, "Pending", None),
        pod(&asks, "Succeeded", Some("10.244.1.2")),
        pod(&json!({"prometheus.io/scrape": "false", "prometheus.io/port": "15020"}), "Running", Some("10.244.1.2")),
        pod(&json!({}), "Running", Some("10.244.1.2")),
        Pod::default(),
    ] {
        assert_eq!(target(&pod), None);
    }
}
