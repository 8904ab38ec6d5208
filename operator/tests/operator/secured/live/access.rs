//! Who gets in, and what a user may read.

use super::front_proxy::{Connection, FrontProxy, eventually};
use super::{AGGREGATOR, PROBES, Served};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// The outcome of a request, where a handshake may fail on the way.
async fn attempt(served: &Served, by: &FrontProxy, name: Option<&str>) -> Result<u16, String> {
    let trust = served.api().bundle(|_| true).await;
    let certificate = name.map(|name| by.issue(name));
    let mut connection = Connection::open(served.address, &trust, certificate.as_ref(), "http/1.1").await?;
    Ok(connection.get("/healthz", &[]).await?.0)
}

#[tokio::test]
async fn only_the_front_proxy_gets_through_the_handshake() {
    let served = Served::start().await;
    drop(served.connect().await);
    assert_eq!(attempt(&served, &served.proxy, Some(AGGREGATOR)).await, Ok(200));
    assert_eq!(attempt(&served, &served.proxy, Some("another")).await, Ok(200));
    for (by, name) in
        [(&served.proxy, None), (&served.proxy, Some("kubernetes-admin")), (&FrontProxy::new(), Some(AGGREGATOR))]
    {
        assert!(attempt(&served, by, name).await.is_err(), "{name:?}");
    }
    let refused = eventually(async || {
        let mut refused = served.operator.counters.live.refusals();
        // Before the ConfigMap was read.
        refused.remove("no_front_proxy");
        if refused.values().sum::<u64>() == 3 { Ok(refused) } else { Err(format!("{refused:?}")) }
    });
    assert_eq!(refused.await, [("certificate", 2), ("no_certificate", 1)].into());
}

/// Unit tests have the exact bounds.
#[tokio::test]
async fn whoever_only_connects_is_soon_refused() {
    let served = Served::start().await;
    drop(served.connect().await);
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(TcpStream::connect(served.address).await.unwrap());
    }
    eventually(async || {
        let refused = served.operator.counters.live.refusals();
        let is_bounded = refused.contains_key("too_many") && refused.contains_key("timeout");
        if is_bounded { Ok(()) } else { Err(format!("{refused:?}")) }
    })
    .await;
}

/// kube-apiserver speaks HTTP/2, some probes of it HTTP/1.1.
#[rstest]
#[case("h2")]
#[case("http/1.1")]
#[tokio::test]
async fn each_protocol_of_http_is_served(#[case] protocol: &str) {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    drop(served.connect().await);
    let trust = served.api().bundle(|_| true).await;
    let certificate = served.proxy.issue(AGGREGATOR);
    let mut connection = Connection::open(served.address, &trust, Some(&certificate), protocol).await.unwrap();
    for _ in 0..3 {
        assert_eq!(connection.get(PROBES, &[("x-remote-user", "ops")]).await.unwrap().0, 200);
    }
}

#[tokio::test]
async fn a_user_may_do_what_the_api_server_says_and_nothing_else() {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    served.api().allow("one", "get", "n1");
    served.api().allow("one", "list", "n1");
    let (one, named) = (format!("{PROBES}/n1"), format!("{PROBES}?fieldSelector=metadata.name%3Dn1"));
    for (user, path, code) in [
        ("ops", PROBES, 200),
        ("ops", one.as_str(), 403),
        ("one", one.as_str(), 200),
        ("one", named.as_str(), 200),
        ("one", PROBES, 403),
        ("nobody", PROBES, 403),
    ] {
        assert_eq!(served.ask(user, path).await.0, code, "{user} {path}");
    }
    let (_, refusal) = served.ask("nobody", PROBES).await;
    assert_eq!((&refusal["kind"], &refusal["reason"]), (&json!("Status"), &json!("Forbidden")));
    let text =
        r#"User "nobody" cannot list resource "probes" in API group "live.telemetry.longwire.io" at the cluster scope"#;
    assert!(refusal["message"].as_str().unwrap().contains(text), "{refusal}");
}

#[tokio::test]
async fn a_decision_is_remembered_and_masters_need_none() {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    let mut connection = served.connect().await;
    for _ in 0..5 {
        assert_eq!(connection.get(PROBES, &[("x-remote-user", "ops")]).await.unwrap().0, 200);
    }
    // It is asked anew only after ten seconds, which five requests do not take: but a stalled machine may.
    let reviews = served.api().access_reviews();
    assert!((1..5).contains(&reviews), "{reviews}");
    let masters = [("x-remote-user", "system:kube-aggregator"), ("x-remote-group", "system:masters")];
    assert_eq!(connection.get(PROBES, &masters).await.unwrap().0, 200);
    assert_eq!(served.api().access_reviews(), reviews);
}

#[tokio::test]
async fn documents_need_no_user_and_objects_do() {
    let served = Served::start().await;
    let mut connection = served.connect().await;
    for path in ["/apis", "/apis/live.telemetry.longwire.io/v1alpha1", "/openapi/v2", "/openapi/v3", "/healthz"] {
        assert_eq!(connection.get(path, &[]).await.unwrap().0, 200, "{path}");
        // As the aggregator asks, without any group.
        assert_eq!(connection.get(path, &[("x-remote-user", "system:aggregator")]).await.unwrap().0, 200, "{path}");
    }
    let (code, status) = connection.get(PROBES, &[]).await.unwrap();
    assert_eq!((code, &status["reason"]), (401, &json!("Unauthorized")));
    assert_eq!(served.api().access_reviews(), 0);
}

#[tokio::test]
async fn without_the_api_server_nobody_is_let_through() {
    let served = Served::start().await;
    let mut connection = served.connect().await;
    served.api().set_away(true);
    let (code, headers, body) = connection.send(PROBES, &[("x-remote-user", "ops")]).await.unwrap();
    assert_eq!((code, headers["retry-after"].to_str().unwrap()), (503, "2"), "{body}");
    assert_eq!(connection.get("/apis", &[]).await.unwrap().0, 200);
}

#[tokio::test]
async fn another_authority_ends_connections_of_the_former_one() {
    let served = Served::start().await;
    let mut connection = served.connect().await;
    let next = FrontProxy::new();
    served.api().set_front_proxy(&next.authority, &[AGGREGATOR]);
    connection.closed().await;
    assert!(connection.get("/healthz", &[]).await.is_err());
    eventually(async || attempt(&served, &next, Some(AGGREGATOR)).await).await;
    assert!(attempt(&served, &served.proxy, Some(AGGREGATOR)).await.is_err());
}

/// In the clear there are no users: whoever is on this machine reads everything.
#[tokio::test]
async fn with_manifests_it_is_open_on_loopback() {
    let served = Served::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let context = longwire_operator::live::Context {
        published: served.operator.published.clone(),
        acks: std::sync::Arc::clone(&served.operator.acks),
        pods: None,
        seen_pods: served.operator.seen_pods.clone(),
        reports: longwire_operator::live::streams::channel().1,
        to_writer: served.operator.questions.clone(),
        role: served.role.subscribe(),
        counters: std::sync::Arc::clone(&served.operator.counters),
    };
    let _live = longwire_operator::live::start(listener, longwire_operator::live::Access::Open, context);
    let _stream = served.operator.admitted(&crate::secured::good()).await;
    let (code, list) = Connection::plain(address).await.get(PROBES, &[]).await.unwrap();
    assert_eq!((code, super::names(&list)), (200, vec!["n1"]), "{list}");
    assert_eq!(list["items"][0]["status"]["ready"], Value::Null);
}
