use super::reduce;
use serde_json::json;

#[test]
fn a_pod_keeps_what_decides_its_series_and_nothing_more() {
    let pod = json!({
        "metadata": {
            "name": "web", "labels": {"app": "web"}, "managedFields": [{}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"},
        },
        "spec": {"nodeName": "n1", "containers": [{"env": [{"name": "SECRET", "value": "x"}]}], "volumes": []},
        "status": {"phase": "Succeeded", "conditions": []},
    });
    let expected = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"a": "b"}},
        "spec": {"nodeName": "n1", "containers": []},
        "status": {"phase": "Succeeded"},
    });
    assert_eq!(reduce("Pod", "v1", pod), Some(expected));
}

#[test]
fn a_policy_keeps_its_spec_and_an_item_of_a_list_gets_its_kind() {
    let policy = json!({"metadata": {"name": "p"}, "spec": {"a": [1]}, "status": {"conditions": []}});
    let expected = json!({"apiVersion": "g/v1", "kind": "P", "metadata": {"name": "p"}, "spec": {"a": [1]}});
    assert_eq!(reduce("P", "g/v1", policy), Some(expected));
    assert_eq!(reduce("P", "g/v1", json!(5)), None);
}
