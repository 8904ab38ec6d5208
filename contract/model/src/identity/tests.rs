use super::*;

fn service(namespace: &str, name: &str) -> Arc<Service> {
    let text = str::to_owned;
    Arc::new(Service { namespace: text(namespace), name: text(name), host: text(name), cluster: text("c") })
}

fn backing(target: u16, port: u16, name: &str) -> Backing {
    Backing { target, port, service: service("shop", name) }
}

fn pod() -> Pod {
    let text = str::to_owned;
    let workload = Workload {
        namespace: text("shop"),
        name: text("web"),
        canonical_service: text("web"),
        canonical_revision: text("v1"),
        cluster: text("c"),
    };
    Pod {
        uid: text("u"),
        name: text("web-1"),
        addresses: Vec::new(),
        host_network: false,
        workload: Arc::new(workload),
        services: vec![backing(80, 1, "a"), backing(82, 2, "a")],
        more_services: vec![backing(80, 3, "b"), backing(80, 4, "c"), backing(81, 5, "b"), backing(82, 6, "d")],
        service_account: String::new(),
        place: Arc::default(),
        labels: Vec::new(),
    }
}

#[test]
fn any_service_of_a_port_is_found_by_its_name() {
    let pod = pod();
    let port = |target, namespace, name| pod.backing_of(target, &service(namespace, name)).map(|backing| backing.port);
    assert_eq!([80, 81, 82, 83].map(|target| port(target, "shop", "a")), [Some(1), None, Some(2), None]);
    assert_eq!([80, 81, 82].map(|target| port(target, "shop", "b")), [Some(3), Some(5), None]);
    assert_eq!([port(80, "shop", "c"), port(82, "shop", "d"), port(80, "shop", "d")], [Some(4), Some(6), None]);
    assert_eq!(port(80, "other", "a"), None, "of another namespace");
}

#[test]
fn a_frontend_leads_to_its_endpoints_and_its_selected_pods() {
    let endpoints = ["10.9.0.1:6443".parse().unwrap(), "[fd00::1]:6443".parse().unwrap()].into();
    let api = Frontend { endpoints, ..Frontend::whole(service("default", "kubernetes")) };
    let at = |text: &str| api.leads_to(&pod(), text.parse().unwrap());
    assert_eq!([at("10.9.0.1:6443"), at("[fd00::1]:6443"), at("10.9.0.1:80")], [true, true, false]);
    let a = Frontend::whole(service("shop", "a"));
    assert!(a.leads_to(&pod(), "10.0.0.1:80".parse().unwrap()) && !a.leads_to(&pod(), "10.0.0.1:81".parse().unwrap()));
}

#[test]
fn a_frontend_claims_its_ports_and_one_without_any_all() {
    let claims = |ports: &[u16]| {
        let frontend = Frontend { ports: ports.into(), ..Frontend::whole(service("shop", "a")) };
        [22, 80, 443].map(|port| frontend.claims(port))
    };
    assert_eq!((claims(&[22, 443]), claims(&[])), ([true, false, true], [true; 3]));
}
