//! Edges: from real live streams of probes to what a user gets.

use super::connections::{Probe, batch, described, moved};
use super::front_proxy::eventually;
use super::{Served, names};
use longwire_model::connection::{CloseReason, FailReason, Reporter, Traffic};
use longwire_model::live::{Ended, Ending, LiveBatch, LiveName, Moved, WatchedNamespaces, Whose};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const EDGES: &str = "/apis/live.telemetry.longwire.io/v1alpha1/namespaces/watch/edges";

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().try_into().unwrap()
}

/// Established now.
fn opened(id: u8) -> longwire_model::live::Described {
    longwire_model::live::Described { start: clock(), ..described(id) }
}

fn ended(how: Ending) -> Ended {
    Ended { at: Some(clock()), how, handshake: None }
}

#[tokio::test]
async fn a_list_has_the_sums_of_what_probes_say() {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    let mut probe = Probe::start(&served).await;
    let mut connection = served.connect().await;
    let user = [("x-remote-user", "ops")];
    let (answer, generation) = tokio::join!(connection.send(EDGES, &user), async {
        let watched = probe.asked().await;
        assert_eq!(watched.namespaces, WatchedNamespaces::Only(["watch".to_owned()].into()));
        let mut said = batch(watched.generation, 1..=3);
        for (id, round_trip) in [(1, 100), (2, 200), (3, 300)] {
            let traffic = Traffic { received: 50, retransmitted_bytes: 10, ..Traffic::default() };
            said.moved.push((id, Moved { at: 9, traffic, rtt_us: Some(round_trip), min_rtt_us: None }));
        }
        // One that the probe saw come, and two that were short.
        said.described.push((4, opened(4)));
        said.moved.push((4, Moved { rtt_us: Some(400), ..moved(1_000) }));
        let short = |id| Whose::Described(Box::new(opened(id)));
        let fin = Ending::Closed { by: Some(Reporter::Source), reason: Some(CloseReason::Fin) };
        said.ended =
            vec![(short(5), moved(500), ended(fin)), (short(6), moved(0), ended(Ending::Failed(FailReason::Refused)))];
        probe.say(&said).await;
        watched.generation
    });
    let (code, headers, body) = answer.unwrap();
    let list: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, names(&list).len()), (200, 1), "{list}");
    assert_eq!(headers["warning"], r#"299 - "1 of 2 nodes did not answer: n2""#);
    let edge = &list["items"][0];
    assert_eq!((&edge["kind"], &list["kind"]), (&json!("Edge"), &json!("EdgeList")));
    let status = &edge["status"];
    let counts = ["open", "opened", "closed"].map(|name| status[name].as_u64().unwrap());
    assert_eq!((counts, &status["failed"]), ([4, 2, 1], &json!({"refused": 1})), "{status}");
    // What was open before has not moved since.
    assert_eq!(status["bytes"], json!({"fromSource": 1_500, "fromDestination": 0}));
    assert_eq!(status["rttMicroseconds"], json!({"p50": 200, "p95": 400, "p99": 400}));
    eventually(async || match served.operator.counters.live.edges() {
        1 => Ok(()),
        other => Err(format!("{other} edges")),
    })
    .await;
    // Two namespaces and a Service make others of it, each of which is on a page of its own.
    let mut more = LiveBatch { generation, complete: true, ..LiveBatch::default() };
    for (id, service) in [(7, "a"), (8, "b")] {
        let text = || "watch".to_owned();
        let service = longwire_model::identity::Service {
            namespace: text(),
            name: service.to_owned(),
            host: text(),
            cluster: text(),
        };
        let mut connection = opened(id);
        connection.service = Some(service.into());
        more.described.push((id.into(), connection));
    }
    probe.say(&more).await;
    let all = eventually(async || {
        let (_, list) = connection.get(EDGES, &user).await?;
        if names(&list).len() == 3 { Ok(list) } else { Err(list.to_string()) }
    })
    .await;
    let (_, page) = connection.get(&format!("{EDGES}?limit=2"), &user).await.unwrap();
    let next = page["metadata"]["continue"].as_str().unwrap();
    let (_, rest) = connection.get(&format!("{EDGES}?limit=2&continue={next}"), &user).await.unwrap();
    assert_eq!([names(&page), names(&rest)].concat(), names(&all));
    let (_, chosen) = connection.get(&format!("{EDGES}?fieldSelector=service%3Db"), &user).await.unwrap();
    assert_eq!((names(&chosen).len(), &chosen["items"][0]["spec"]["service"]["name"]), (1, &json!("b")));
    let (_, none) = connection.get(&format!("{EDGES}?labelSelector=app%3Dnothing"), &user).await.unwrap();
    assert_eq!(names(&none), Vec::<&str>::new());
    // As kubectl asks for it.
    let accept = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    let (_, table) = connection.get(&format!("{EDGES}?fieldSelector=service%3D"), &[user[0], accept]).await.unwrap();
    let cells = &table["rows"][0]["cells"];
    assert_eq!(
        (&table["kind"], &cells[4], &cells[6], &cells[9]),
        (&json!("Table"), &json!(4), &json!(1), &json!("200us"))
    );
    assert_eq!(served.ask("nobody", EDGES).await.0, 403);
    let (code, status) = connection.get(&format!("{EDGES}?fieldSelector=pod%3Dp1"), &user).await.unwrap();
    assert_eq!(code, 400, "{status}");
}

#[tokio::test]
async fn one_edge_is_got_by_its_name() {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    let mut probe = Probe::start(&served).await;
    let mut connection = served.connect().await;
    let user = [("x-remote-user", "ops")];
    let (answer, ()) = tokio::join!(connection.get(EDGES, &user), async {
        let watched = probe.asked().await;
        probe.say(&batch(watched.generation, 1..=1)).await;
    });
    let (_, list) = answer.unwrap();
    let name = names(&list)[0];
    served.api().allow("ops", "get", name);
    let (code, edge) = connection.get(&format!("{EDGES}/{name}"), &user).await.unwrap();
    assert_eq!((code, &edge["metadata"]["uid"]), (200, &list["items"][0]["metadata"]["uid"]), "{edge}");
    served.api().allow("ops", "get", "x");
    assert_eq!(connection.get(&format!("{EDGES}/x"), &user).await.unwrap().0, 404);
}

#[tokio::test]
async fn a_watch_sees_an_edge_come_and_grow() {
    let served = Served::start().await;
    served.api().allow("ops", "watch", "");
    let mut probe = Probe::start(&served).await;
    let connection = served.connect().await;
    let path =
        format!("{EDGES}?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    let (watch, generation) = tokio::join!(connection.follow(&path, "ops"), async {
        let watched = probe.asked().await;
        probe.say(&batch(watched.generation, 1..=1)).await;
        watched.generation
    });
    let mut watch = watch.unwrap();
    let added = watch.next().await;
    assert_eq!((&added["type"], &added["object"]["status"]["open"]), (&json!("ADDED"), &json!(1)));
    let bookmark = watch.next().await;
    let annotations = &bookmark["object"]["metadata"]["annotations"];
    assert_eq!((&bookmark["type"], annotations), (&json!("BOOKMARK"), &json!({"k8s.io/initial-events-end": "true"})));
    assert_eq!((&bookmark["object"]["kind"], &added["object"]["kind"]), (&json!("Edge"), &json!("Edge")));
    let mut more = LiveBatch { generation, complete: true, ..LiveBatch::default() };
    more.described.push((2, opened(2)));
    // Of another node's end, with no id that both ends know.
    more.described.push((3, longwire_model::live::Described { name: LiveName::Local(3), ..opened(3) }));
    more.moved.extend([(1, moved(9)), (2, moved(11)), (3, moved(13))]);
    probe.say(&more).await;
    let grown = loop {
        let event = watch.find("MODIFIED").await;
        if event["object"]["status"]["open"] == 3 {
            break event;
        }
    };
    let status = &grown["object"]["status"];
    assert_eq!((&status["opened"], &status["bytes"]["fromSource"]), (&json!(2), &json!(26)), "{status}");
    assert_eq!(grown["object"]["metadata"]["uid"], added["object"]["metadata"]["uid"]);
    let version =
        |event: &Value| event["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(version(&grown) > version(&added));
}

#[tokio::test]
async fn a_version_of_another_term_and_a_user_without_the_right_are_a_status() {
    let served = Served::start().await;
    served.api().allow("ops", "watch", "");
    let mut connection = served.connect().await;
    let user = [("x-remote-user", "ops")];
    let (code, status) = connection.get(&format!("{EDGES}?watch=1&resourceVersion=7"), &user).await.unwrap();
    assert_eq!((code, &status["reason"]), (410, &json!("Expired")), "{status}");
    assert_eq!(served.ask("nobody", &format!("{EDGES}?watch=1")).await.0, 403);
    assert_eq!(connection.get(EDGES, &user).await.unwrap().0, 403, "a watch is no list");
}
