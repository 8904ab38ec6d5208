//! Connections: from real live streams of probes to what a user gets.

use super::front_proxy::eventually;
use super::{Served, names};
use crate::secured::live_streams::{Connected, LiveStream, connected, open, opening};
use crate::secured::probe_pod;
use longwire_model::connection::{CloseReason, Reporter, Traffic};
use longwire_model::identity::Place;
use longwire_model::live::{
    Described, Ended, Ending, LiveBatch, LiveEnd, LiveName, LivePod, Moved, Watched, WatchedNamespaces, Whose,
};
use longwire_wire::live::LiveEncoder;
use serde_json::{Value, json};
use std::sync::Arc;

const BASE: &str = "/apis/live.telemetry.longwire.io/v1alpha1";
const OF_WATCH: &str = "/apis/live.telemetry.longwire.io/v1alpha1/namespaces/watch/connections";

/// Node `n1`'s probe with its live stream.
pub(super) struct Probe {
    _connected: Connected,
    stream: LiveStream,
    encoder: LiveEncoder,
}

impl Probe {
    pub(super) async fn start(served: &Served) -> Self {
        let connected = connected(&served.operator, "n1", "p1").await;
        let stream = open(&connected.channel, opening("n1")).await.unwrap();
        Self { _connected: connected, stream, encoder: LiveEncoder::default() }
    }

    /// What it is asked for, once it is asked for something.
    pub(super) async fn asked(&mut self) -> Watched {
        loop {
            let watched = self.stream.next().await.unwrap();
            if watched.is_on() {
                return watched;
            }
        }
    }

    pub(super) async fn say(&mut self, batch: &LiveBatch) {
        self.stream.say_with(&mut self.encoder, batch).await;
    }
}

fn end(uid: &str, node: &str) -> LiveEnd {
    let place = Arc::new(Place { node: node.to_owned(), ..Place::default() });
    LiveEnd { workload: None, pod: Some(Arc::new(LivePod { uid: uid.to_owned(), name: uid.to_owned(), place })) }
}

/// From `p1` to `p2`.
pub(super) fn described(id: u8) -> Described {
    Described {
        reporter: Reporter::Source,
        name: LiveName::Shared([id; 16]),
        source: end("p1", "n1"),
        destination: end("p2", "n2"),
        service: None,
        requested_service: None,
        source_address: "10.0.0.1:4000".parse().unwrap(),
        requested_address: "10.0.0.2:80".parse().unwrap(),
        answered: None,
        start: 1,
        handshake: None,
        adopted: false,
    }
}

pub(super) fn moved(bytes: u64) -> Moved {
    Moved { at: bytes, traffic: Traffic { received: bytes, ..Traffic::default() }, ..Moved::default() }
}

pub(super) fn batch(generation: u64, ids: impl Iterator<Item = u8>) -> LiveBatch {
    let ids: Vec<u8> = ids.collect();
    LiveBatch {
        generation,
        described: ids.iter().map(|id| (u32::from(*id), described(*id))).collect(),
        moved: ids.iter().map(|id| (u32::from(*id), moved(7))).collect(),
        complete: true,
        ..LiveBatch::default()
    }
}

#[tokio::test]
async fn probes_are_asked_when_somebody_lists_and_the_list_has_what_they_say() {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    let mut probe = Probe::start(&served).await;
    let mut connection = served.connect().await;
    let user = [("x-remote-user", "ops")];
    let (answer, ()) = tokio::join!(connection.send(OF_WATCH, &user), async {
        let watched = probe.asked().await;
        assert_eq!(watched.namespaces, WatchedNamespaces::Only(["watch".to_owned()].into()));
        probe.say(&batch(watched.generation, 1..=3)).await;
    });
    let (code, headers, body) = answer.unwrap();
    let list: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, names(&list).len()), (200, 3), "{list}");
    // n2's pod is there, and has no stream.
    assert_eq!(headers["warning"], r#"299 - "1 of 2 nodes did not answer: n2""#);
    let first = &list["items"][0];
    assert_eq!((&first["spec"]["source"]["pod"], &first["spec"]["destination"]["node"]), (&json!("p1"), &json!("n2")));
    assert_eq!((&first["status"]["phase"], &first["status"]["bytes"]["fromSource"]), (&json!("Open"), &json!(7)));
    // In parts.
    let (_, page) = connection.get(&format!("{OF_WATCH}?limit=2"), &user).await.unwrap();
    let next = page["metadata"]["continue"].as_str().unwrap();
    let (_, rest) = connection.get(&format!("{OF_WATCH}?limit=2&continue={next}"), &user).await.unwrap();
    assert_eq!((names(&page).len(), names(&rest)), (2, vec![names(&list)[2]]));
    assert_eq!(rest["metadata"]["resourceVersion"], page["metadata"]["resourceVersion"]);
    let elsewhere = format!("{BASE}/namespaces/other/connections");
    let (code, none) = connection.get(&elsewhere, &user).await.unwrap();
    assert_eq!((code, names(&none)), (200, vec![]));
    // As kubectl asks for it.
    let accept = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    let (_, table) = connection.get(OF_WATCH, &[user[0], accept]).await.unwrap();
    assert_eq!((&table["kind"], &table["rows"][0]["cells"][2]), (&json!("Table"), &json!("p1")));
    assert_eq!(served.ask("nobody", OF_WATCH).await.0, 403);
}

#[tokio::test]
async fn a_probe_that_never_answers_is_named_and_holds_nothing_up() {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    let _probe = Probe::start(&served).await;
    let mut connection = served.connect().await;
    let (code, headers, body) = connection.send(OF_WATCH, &[("x-remote-user", "ops")]).await.unwrap();
    assert_eq!((code, &headers["warning"]), (200, &r#"299 - "2 of 2 nodes did not answer: n1, n2""#.parse().unwrap()));
    assert_eq!(names(&serde_json::from_str(&body).unwrap()), Vec::<&str>::new());
}

#[tokio::test]
async fn a_watch_sees_a_connection_come_move_and_end() {
    let served = Served::start().await;
    served.api().allow("ops", "watch", "");
    let mut probe = Probe::start(&served).await;
    let connection = served.connect().await;
    let path =
        format!("{OF_WATCH}?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    let (watch, generation) = tokio::join!(connection.follow(&path, "ops"), async {
        let watched = probe.asked().await;
        probe.say(&batch(watched.generation, 1..=1)).await;
        watched.generation
    });
    let mut watch = watch.unwrap();
    assert_eq!(watch.next().await["type"], "ADDED");
    let bookmark = watch.next().await;
    let annotations = &bookmark["object"]["metadata"]["annotations"];
    assert_eq!((&bookmark["type"], annotations), (&json!("BOOKMARK"), &json!({"k8s.io/initial-events-end": "true"})));
    let mut more = batch(generation, 2..=2);
    more.moved.push((1, moved(9)));
    probe.say(&more).await;
    let event = watch.find("ADDED").await;
    assert_eq!(event["object"]["metadata"]["name"], "02".repeat(16));
    let how = Ending::Closed { by: Some(Reporter::Source), reason: Some(CloseReason::Fin) };
    let ended = vec![(Whose::Number(1), moved(11), Ended { at: Some(1), how, handshake: None })];
    probe.say(&LiveBatch { generation, ended, complete: true, ..LiveBatch::default() }).await;
    let event = loop {
        let event = watch.find("MODIFIED").await;
        if event["object"]["status"]["phase"] == "Closed" {
            break event;
        }
    };
    assert_eq!(
        (&event["object"]["status"]["reason"], &event["object"]["status"]["bytes"]["fromSource"]),
        (&json!("fin"), &json!(11))
    );
    assert_eq!(served.operator.counters.live.watches_now(), 1);
    drop(watch);
    eventually(async || match served.operator.counters.live.watches_now() {
        0 => Ok(()),
        some => Err(format!("{some} watches run")),
    })
    .await;
}

#[tokio::test]
async fn too_old_too_many_and_not_allowed_are_a_status() {
    let served = Served::start().await;
    served.api().allow("ops", "watch", "");
    let mut connection = served.connect().await;
    let (code, status) =
        connection.get(&format!("{OF_WATCH}?watch=1&resourceVersion=7"), &[("x-remote-user", "ops")]).await.unwrap();
    assert_eq!((code, &status["reason"]), (410, &json!("Expired")), "{status}");
    assert_eq!(served.ask("nobody", &format!("{OF_WATCH}?watch=1")).await.0, 403);
    let mut watches = Vec::new();
    for _ in 0..64 {
        watches.push(connection.follow(&format!("{OF_WATCH}?watch=1"), "ops").await.unwrap());
    }
    let (code, headers, body) =
        connection.send(&format!("{OF_WATCH}?watch=1"), &[("x-remote-user", "ops")]).await.unwrap();
    assert_eq!((code, headers["retry-after"].to_str().unwrap()), (429, "5"), "{body}");
}

#[tokio::test]
async fn the_names_of_a_pod_that_has_just_gone_are_known() {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    let mut probe = Probe::start(&served).await;
    served.operator.send_events(vec![probe_pod("p3", "n1")]).await;
    eventually(async || served.operator.seen_pods.get("n1", "p3").map(drop).ok_or_else(|| "not yet".to_owned())).await;
    served.operator.send_events(vec![crate::secured::end_of("p3")]).await;
    let mut connection = served.connect().await;
    let user = [("x-remote-user", "ops")];
    let (answer, ()) = tokio::join!(connection.get(OF_WATCH, &user), async {
        let watched = probe.asked().await;
        let mut said = batch(watched.generation, 1..=1);
        said.described[0].1.source = end("p3", "n1");
        probe.say(&said).await;
    });
    let (_, list) = answer.unwrap();
    assert_eq!(list["items"][0]["spec"]["source"]["pod"], "p3", "{list}");
}
