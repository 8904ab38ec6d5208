//! A thousand watchers at once: as many as there is room for are served, and all others are told so.

use super::Served;
use super::connections::{batch, moved};
use super::front_proxy::{Connection, eventually};
use crate::harness::hello;
use crate::process::{Running, peak, program};
use crate::secured::live_streams::{open, opening};
use axum::http::Response;
use hyper::body::Incoming;
use longwire_model::live::LiveBatch;
use longwire_wire::live::LiveEncoder;
use longwire_wire::message::FromProbe;
use longwire_wire::proto::control_client::ControlClient;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::transport::Endpoint;

const OF_WATCH: &str = "/apis/live.telemetry.longwire.io/v1alpha1/namespaces/watch/connections?watch=1";
const WATCHERS: usize = 1_000;
/// Fewer than the streams that a connection may have.
const OF_CONNECTION: usize = 250;
const MAX_WATCHES: usize = 256;
const MAX_OF_USER: usize = 64;

/// Members need no review, of which few may be open at a time.
fn of(user: &str) -> [(&str, &str); 2] {
    [("x-remote-user", user), ("x-remote-group", "system:masters")]
}

/// Watches that nobody reads, by user, and how many were refused.
#[derive(Default)]
struct Crowd {
    watches: Vec<(String, Response<Incoming>)>,
    refused: usize,
}

impl Crowd {
    /// By so many users in turn. Each is answered.
    async fn come(connections: Vec<Connection>, users: usize) -> Self {
        let mut answers = JoinSet::new();
        for (number, connection) in connections.into_iter().enumerate() {
            let connection = Arc::new(connection);
            for watcher in 0..OF_CONNECTION {
                let (connection, user) = (Arc::clone(&connection), (number * OF_CONNECTION + watcher) % users);
                answers.spawn(async move {
                    let user = format!("user{user}");
                    let answer = connection.begin(OF_WATCH, &of(&user)).await.unwrap();
                    (user, answer)
                });
            }
        }
        let mut crowd = Self::default();
        while let Some(answer) = answers.join_next().await {
            let (user, answer) = answer.unwrap();
            if answer.status() == 200 {
                crowd.watches.push((user, answer));
            } else {
                assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"5".parse().unwrap()));
                crowd.refused += 1;
            }
        }
        crowd
    }

    fn served(&self) -> usize {
        assert_eq!(self.watches.len() + self.refused, WATCHERS);
        self.watches.len()
    }
}

async fn crowd(served: &Served, users: usize) -> Crowd {
    let mut connections = Vec::new();
    for _ in 0..WATCHERS / OF_CONNECTION {
        connections.push(served.connect().await);
    }
    Crowd::come(connections, users).await
}

async fn all_leave(served: &Served, crowd: Crowd) {
    drop(crowd);
    eventually(async || match served.operator.counters.live.watches_now() {
        0 => Ok(()),
        some => Err(format!("{some} watches run")),
    })
    .await;
}

#[tokio::test]
async fn of_one_user_64_are_served_and_of_all_256_again_and_again() {
    let served = Served::start().await;
    for _ in 0..2 {
        let alone = crowd(&served, 1).await;
        assert_eq!(alone.served(), MAX_OF_USER);
        // Another user has room.
        let other = served.connect().await.begin(OF_WATCH, &of("user1")).await.unwrap();
        assert_eq!((other.status().as_u16(), served.operator.counters.live.watches_now()), (200, 65));
        drop(other);
        all_leave(&served, alone).await;
        let many = crowd(&served, 20).await;
        assert_eq!(many.served(), MAX_WATCHES);
        let mut of_user = BTreeMap::<_, usize>::new();
        many.watches.iter().for_each(|(user, _)| *of_user.entry(user.clone()).or_default() += 1);
        assert!(of_user.values().all(|own| *own <= MAX_OF_USER), "{of_user:?}");
        all_leave(&served, many).await;
    }
}

fn pods() -> String {
    let pod = |(name, node)| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "watch", "uid": name},
            "spec": {"nodeName": node, "containers": []},
            "status": {"phase": "Running"},
        })
        .to_string()
    };
    [("p1", "n1"), ("p2", "n2")].map(pod).join("\n---\n")
}

/// An address of loopback that nobody has.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.7.1:0").unwrap().local_addr().unwrap()
}

/// The whole program, in the clear, where there are no users.
#[tokio::test]
async fn watchers_that_read_nothing_take_little_memory_however_much_there_is_to_say() {
    let (directory, live) = (tempfile::tempdir().unwrap(), free());
    std::fs::write(directory.path().join("pods.yaml"), pods()).unwrap();
    let mut operator = Running::start(program().arg("--manifests").arg(directory.path()).args([
        "--listen",
        "127.0.0.1:0",
        "--live-listen",
        &live.to_string(),
    ]));
    let control = operator.address();
    let channel = Endpoint::from_shared(format!("http://{control}")).unwrap().connect().await.unwrap();
    let first = FromProbe::Hello(hello("n1")).into();
    let messages = futures::StreamExt::chain(tokio_stream::iter([first]), tokio_stream::pending());
    let mut updates = ControlClient::new(channel.clone()).connect(messages).await.unwrap().into_inner();
    assert!(updates.message().await.unwrap().is_some());
    let mut stream = open(&channel, opening("n1")).await.unwrap();
    let mut connections = Vec::new();
    for _ in 0..WATCHERS / OF_CONNECTION {
        connections.push(Connection::plain_http2(live).await);
    }
    let before = peak(operator.id());
    let mut encoder = LiveEncoder::default();
    let ((), crowd) = tokio::join!(
        async {
            let generation = loop {
                let watched = stream.next().await.unwrap();
                if watched.is_on() {
                    break watched.generation;
                }
            };
            let all = batch(generation, 1..=255);
            stream.say_with(&mut encoder, &all).await;
            // Each is an event of every row: a second apart, they are not one.
            for round in 1..=5 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let moved = (1..=255).map(|number| (number, moved(1_000 * round))).collect();
                stream
                    .say_with(&mut encoder, &LiveBatch { generation, moved, complete: true, ..LiveBatch::default() })
                    .await;
            }
        },
        Crowd::come(connections, 1)
    );
    assert_eq!(crowd.served(), MAX_WATCHES);
    let cost = peak(operator.id()) - before;
    println!("{WATCHERS} watchers cost {:.1} MB", cost as f64 / 1e6);
    assert!(cost < 96 << 20, "{cost} bytes");
    drop(crowd);
    eventually(async || {
        let answer = Connection::plain_http2(live).await.begin(OF_WATCH, &[]).await?;
        if answer.status() == 200 { Ok(()) } else { Err(format!("{}", answer.status())) }
    })
    .await;
}
