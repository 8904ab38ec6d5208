use super::{Nodes, patch};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

fn daemon_set(args: &Value) -> DaemonSet {
    let containers = json!([{"name": "probe", "args": args}]);
    let template = json!({"metadata": {}, "spec": {"containers": containers}});
    serde_json::from_value(json!({"metadata": {}, "spec": {"selector": {}, "template": template}})).unwrap()
}

fn pod(node: &str, retired: bool, ready: &str) -> Pod {
    let annotations = if retired { json!({"telemetry.longwire.io/retired": "true"}) } else { json!({}) };
    let status = json!({"conditions": [{"type": "Ready", "status": ready}]});
    let spec = json!({"nodeName": node, "containers": []});
    serde_json::from_value(json!({"metadata": {"annotations": annotations}, "spec": spec, "status": status})).unwrap()
}

#[test]
fn the_probe_is_told_to_clean_up_where_it_was_told_to_work() {
    let set = daemon_set(&json!(["--metrics-listen=[::]:7", "--max-series=1", "--pin-dir=/p", "--state-dir=/s"]));
    let args = json!(["uninstall", "--pin-dir=/p", "--state-dir=/s", "--stay=[::]:7"]);
    assert_eq!(
        patch(&set).unwrap()["spec"]["template"]["spec"]["containers"],
        json!([{"name": "probe", "args": args}])
    );
}

#[test]
fn who_cleans_up_can_remove_the_directory_that_was_mounted() {
    let mut set = daemon_set(&json!(["--metrics-listen=:7", "--pin-dir=/bpf/longwire", "--state-dir=/s"]));
    let pod = set.spec.as_mut().unwrap().template.spec.as_mut().unwrap();
    let mounts = json!([{"name": "other", "mountPath": "/s"}, {"name": "bpf", "mountPath": "/bpf/longwire"}]);
    pod.containers[0].volume_mounts = serde_json::from_value(mounts).unwrap();
    let of_node = json!([{"name": "bpf", "hostPath": {"path": "/sys/fs/bpf/longwire", "type": "DirectoryOrCreate"}}]);
    pod.volumes = serde_json::from_value(of_node).unwrap();
    let spec = patch(&set).unwrap()["spec"]["template"]["spec"].clone();
    assert_eq!(spec["volumes"], json!([{"name": "bpf", "hostPath": {"path": "/sys/fs/bpf", "type": "Directory"}}]));
    assert_eq!(
        spec["containers"][0]["volumeMounts"],
        json!([{"$patch": "delete", "mountPath": "/bpf/longwire"}, {"name": "bpf", "mountPath": "/bpf"}])
    );
}

#[test]
fn its_pod_answers_where_the_kubelet_asks() {
    let words = ["--metrics-listen=[::]:7", "--health-listen=127.0.0.1:8", "--pin-dir=/p", "--state-dir=/s"];
    let patched = patch(&daemon_set(&json!(words))).unwrap();
    assert_eq!(patched["spec"]["template"]["spec"]["containers"][0]["args"][3], "--stay=127.0.0.1:8");
}

#[test]
fn a_daemon_set_of_another_shape_is_left_alone() {
    assert_eq!(patch(&daemon_set(&json!(["--pin-dir", "/p"]))), None);
}

#[test]
fn a_node_is_done_when_the_pod_that_cleans_up_is_ready() {
    let mut nodes = Nodes::default();
    nodes.see(&[pod("a", false, "True"), pod("b", true, "False"), pod("c", true, "True")]);
    assert_eq!(nodes.silent().collect::<Vec<_>>(), ["a", "b"]);
    nodes.see(&[pod("a", true, "True"), pod("b", true, "True")]);
    assert_eq!(nodes.silent().count(), 0);
    assert_eq!(nodes.all.len(), 3);
}
