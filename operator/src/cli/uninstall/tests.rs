use super::Nodes;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;

fn set(observed: Option<i64>, desired: i32) -> DaemonSet {
    let status = observed.map(|observed| {
        let counts = json!({"currentNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0});
        let mut status = counts.as_object().unwrap().clone();
        status.extend([("observedGeneration".to_owned(), observed.into())]);
        status.extend([("desiredNumberScheduled".to_owned(), desired.into())]);
        status
    });
    serde_json::from_value(json!({"metadata": {"generation": 1}, "status": status})).unwrap()
}

fn pod(node: &str, ready: &str) -> Pod {
    let status = json!({"conditions": [{"type": "Ready", "status": ready}]});
    serde_json::from_value(json!({"metadata": {}, "spec": {"nodeName": node, "containers": []}, "status": status}))
        .unwrap()
}

#[test]
fn all_are_done_when_each_node_has_a_pod_that_is_ready() {
    let mut nodes = Nodes::default();
    nodes.see(&set(Some(1), 2), &[pod("a", "True")]);
    assert!(!nodes.are_done());
    nodes.see(&set(Some(1), 2), &[pod("a", "True"), pod("b", "False")]);
    assert!(!nodes.are_done());
    assert_eq!(nodes.silent().collect::<Vec<_>>(), ["b"]);
    nodes.see(&set(Some(1), 2), &[pod("a", "True"), pod("b", "True")]);
    assert!(nodes.are_done());
}

#[test]
fn nothing_is_over_before_the_nodes_are_counted() {
    let mut nodes = Nodes::default();
    for uncounted in [set(None, 0), set(Some(0), 0)] {
        nodes.see(&uncounted, &[]);
        assert!(!nodes.are_done());
    }
    nodes.see(&set(Some(1), 0), &[]);
    assert!(nodes.are_done());
}

#[test]
fn a_node_that_has_no_room_for_a_pod_is_counted() {
    let mut nodes = Nodes::default();
    let mut homeless = pod("", "False");
    homeless.spec.as_mut().unwrap().node_name = None;
    nodes.see(&set(Some(1), 2), &[pod("a", "True"), homeless]);
    assert_eq!((nodes.are_done(), nodes.unscheduled(), nodes.all.len()), (false, 1, 1));
}

#[test]
fn a_node_that_was_done_stays_so_when_its_pod_goes() {
    let mut nodes = Nodes::default();
    nodes.see(&set(Some(1), 1), &[pod("a", "True")]);
    nodes.see(&set(Some(1), 1), &[pod("a", "False")]);
    assert!(nodes.are_done());
}
