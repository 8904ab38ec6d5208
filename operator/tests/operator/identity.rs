//! Who is who.

use crate::harness::{Running, annotated, namespace, node, pod, service};

const ALL: &str = "[istio,kmesh-connection,longwire,longwire-locality]";

#[tokio::test]
async fn replicas_have_one_identity_and_their_service() {
    let text =
        [&pod("web", "a", "10.0.0.1"), &pod("web", "b", "10.0.0.2"), &service("web", "web", "10.96.0.1", "8080")];
    let operator = Running::with(&[("web.yaml", &text.map(String::as_str).concat())]).await;
    let probe = operator.probe("n1").await;
    let expected = format!("web/web/v1 8080=web.shop.svc.cluster.local {ALL}");
    assert_eq!([probe.known.pod("a"), probe.known.pod("b")], [expected.clone(), expected]);
    let (a, b) = (&probe.known.pods["a"].0.pod, &probe.known.pods["b"].0.pod);
    assert_eq!((a.workload.cluster.as_str(), &a.workload), ("Kubernetes", &b.workload));
}

#[tokio::test]
async fn a_probe_is_sent_its_own_node_alone() {
    let elsewhere = pod("web", "b", "10.0.0.2").replace("nodeName: n1", "nodeName: n2");
    let operator = Running::with(&[("a.yaml", &pod("web", "a", "10.0.0.1")), ("b.yaml", &elsewhere)]).await;
    let uids = |probe: &crate::harness::Probe| probe.known.pods.keys().cloned().collect::<Vec<_>>();
    assert_eq!(uids(&operator.probe("n1").await), ["a"]);
    assert_eq!(uids(&operator.probe("n2").await), ["b"]);
    assert_eq!(uids(&operator.probe("n3").await), [""; 0]);
}

#[tokio::test]
async fn every_kind_of_owner_is_in_the_answer_for_its_address() {
    let text = [pod("web", "a", "10.0.0.1"), service("web", "web", "10.96.0.1", "8080"), node("n1", "10.9.0.1")];
    let operator = Running::with(&[("all.yaml", &text.concat())]).await;
    let mut probe = operator.probe("n2").await;
    let answers = probe.answers(&["10.0.0.1", "10.96.0.1", "10.9.0.1", "192.0.2.1"]).await;
    assert_eq!(answers, "a owns; web.shop.svc.cluster.local owns; node n1 owns; outside");
}

#[tokio::test]
async fn a_completed_pod_does_not_shadow_the_living() {
    let job = pod("job", "z", "10.0.0.1").replace("phase: Running", "phase: Succeeded");
    let operator = Running::with(&[("a.yaml", &pod("web", "a", "10.0.0.1")), ("z.yaml", &job)]).await;
    let mut probe = operator.probe("n1").await;
    // What it did while it ran may be reported yet.
    let answers = probe.answers(&["10.0.0.1"]).await;
    assert_eq!((answers.as_str(), probe.known.pod("z").as_str()), ("a owns, z left", "no pod"));
}

#[tokio::test]
async fn an_address_that_is_used_again_has_two_owners() {
    let operator = Running::with(&[("a.yaml", &pod("web", "a", "10.0.0.1"))]).await;
    let mut probe = operator.probe("n1").await;
    assert_eq!(probe.answers(&["10.0.0.1"]).await, "a owns");
    operator.write("a.yaml", pod("web", "b", "10.0.0.1"));
    let address = "10.0.0.1".parse().unwrap();
    probe.until(|known| known.owners(address) == "a left, b owns").await;
    assert_eq!((probe.known.pod("a").as_str(), probe.known.pods.len()), ("no pod", 1));
}

#[tokio::test]
async fn of_two_services_the_oldest_is_it_and_then_the_first_by_name() {
    let aged = |name: &str, created: &str| {
        service(name, "web", "10.96.0.1", "8080")
            .replace("namespace: shop}", &format!("namespace: shop, creationTimestamp: \"{created}\"}}"))
    };
    let (old, young) = ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z");
    let text = [pod("web", "a", "10.0.0.1"), aged("a", young), aged("c", old), aged("b", old)];
    let operator = Running::with(&[("all.yaml", &text.concat())]).await;
    let probe = operator.probe("n1").await;
    assert_eq!(probe.known.pod("a"), format!("web/web/v1 8080=b.shop.svc.cluster.local {ALL}"));
}

#[tokio::test]
async fn a_named_target_port_is_found_in_the_pod() {
    let other = pod("web", "b", "10.0.0.2").replace("8080", "9090");
    let text = [pod("web", "a", "10.0.0.1"), other, service("web", "web", "10.96.0.1", "http")];
    let operator = Running::with(&[("all.yaml", &text.concat())]).await;
    let probe = operator.probe("n1").await;
    assert_eq!(probe.known.pod("a"), format!("web/web/v1 8080=web.shop.svc.cluster.local {ALL}"));
    assert_eq!(probe.known.pod("b"), format!("web/web/v1 9090=web.shop.svc.cluster.local {ALL}"));
}

#[tokio::test]
async fn a_slice_has_the_endpoints_of_a_service() {
    let slice = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nmetadata: {name: web-x, namespace: \
                 shop, labels: {kubernetes.io/service-name: web}}\nports: [{port: 7070}]\nendpoints:\n- {addresses: \
                 [10.0.0.1], targetRef: {kind: Pod, name: a, uid: a}}\n- {addresses: [10.0.0.3]}\n---\n";
    let text = [
        pod("web", "a", "10.0.0.1"),
        pod("web", "b", "10.0.0.2"),
        pod("other", "c", "10.0.0.3"),
        service("web", "web", "10.96.0.1", "8080"),
        slice.to_owned(),
    ];
    let operator = Running::with(&[("all.yaml", &text.concat())]).await;
    let probe = operator.probe("n1").await;
    let pods = ["a", "b", "c"].map(|uid| probe.known.pod(uid));
    let behind = |workload: &str| format!("{workload}/{workload}/v1 7070=web.shop.svc.cluster.local {ALL}");
    assert_eq!(pods, [behind("web"), format!("web/web/v1 {ALL}"), behind("other")]);
}

const SETS: &str = "telemetry.longwire.io/series-sets";

#[tokio::test]
async fn a_pod_of_another_mesh_has_no_istio_series_unless_its_annotation_names_them() {
    let status = "sidecar.istio.io/status: injected";
    let text = [
        annotated(&pod("web", "meshed", "10.0.0.1"), status),
        annotated(&pod("web", "ambient", "10.0.0.2"), "ambient.istio.io/redirection: enabled"),
        annotated(&pod("web", "insisting", "10.0.0.3"), &format!("{status}, {SETS}: \"istio,longwire\"")),
    ];
    let operator = Running::with(&[("all.yaml", &text.concat())]).await;
    let probe = operator.probe("n1").await;
    let pods = ["meshed", "ambient", "insisting"].map(|uid| probe.known.pod(uid));
    let left = "web/web/v1 [kmesh-connection,longwire,longwire-locality]";
    assert_eq!(pods, [left, left, "web/web/v1 [istio,longwire]"]);
}

#[tokio::test]
async fn the_narrowest_annotation_decides_and_an_edit_of_it_is_live() {
    let own = annotated(&pod("web", "own", "10.0.0.2"), &format!("{SETS}: longwire"));
    let root = |sets: &str| namespace("longwire-system", &format!("{SETS}: {sets}"));
    let text = [pod("web", "a", "10.0.0.1"), own];
    let operator = Running::with(&[("pods.yaml", &text.concat()), ("root.yaml", &root("kmesh-workload"))]).await;
    let mut probe = operator.probe("n1").await;
    let pods = ["a", "own"].map(|uid| probe.known.pod(uid));
    assert_eq!(pods, ["web/web/v1 [kmesh-workload]", "web/web/v1 [longwire]"]);
    operator.write("shop.yaml", namespace("shop", &format!("{SETS}: istio")));
    probe.until(|known| known.pod("a") == "web/web/v1 [istio]").await;
    assert_eq!(probe.known.pod("own"), "web/web/v1 [longwire]");
}
