use super::{Endpoints, State, serve};
use crate::cluster::tls::{self, Lifetimes, Material};
use crate::counters::Counters;
use crate::policy::compile::Changes;
use crate::publish::role::Role;
use crate::publish::{Published, Publisher};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Code and body.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn start(
    published: watch::Receiver<Published>,
    certificate: watch::Receiver<Option<tls::Serving>>,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_role, role) = watch::channel(Role::Standby { leader: None });
    let counters = Arc::<Counters>::default();
    let endpoints = Endpoints::new(&counters);
    tokio::spawn(serve(listener, State { published, role, certificate: Some(certificate), counters, endpoints }, None));
    address
}

#[tokio::test]
async fn a_replica_is_ready_once_it_is_synced_and_has_a_certificate() {
    let (publisher, published) = Publisher::new();
    let (serving, certificate) = watch::channel(None);
    let address = start(published, certificate).await;
    let (code, text) = get(address, "/readyz").await;
    let unsynced = "not all objects are known yet: is the API server reachable?";
    let bare = "there is no certificate yet: may the operator keep its Secret?";
    assert_eq!((code, text), (503, format!("not ready: {unsynced}; {bare}\n")));
    publisher.publish(Changes::default(), true);
    assert_eq!(get(address, "/readyz").await, (503, format!("not ready: {bare}\n")));
    let lifetimes = Lifetimes { leaf: 100, authority: 1_000, spread: 10 };
    tls::publish(&Material::create(&tls::names("watch"), lifetimes, 1_000_000).unwrap(), &serving).unwrap();
    // A standby, and ready.
    assert_eq!(get(address, "/readyz").await, (200, "ready\n".to_owned()));
    assert_eq!(get(address, "/healthz").await, (200, "healthy\n".to_owned()));
    let (code, text) = get(address, "/metrics").await;
    assert!(code == 200 && text.contains("longwire_operator_synced 1\n"), "{text}");
}

#[tokio::test]
async fn the_first_page_names_all_others_and_they_are_there() {
    let (_publisher, published) = Publisher::new();
    let (_serving, certificate) = watch::channel(None);
    let address = start(published, certificate).await;
    let (code, text) = get(address, "/").await;
    assert_eq!((code, text.lines().next()), (200, Some("longwire-operator")));
    let paths: Vec<&str> = text.lines().skip(2).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(paths, ["/metrics", "/healthz", "/readyz"]);
    for path in paths {
        assert_ne!(get(address, path).await.0, 404, "{path}");
    }
    assert_eq!(get(address, "/elsewhere").await.0, 404);
}
