//! Facts: from real live streams of probes to what a user gets of `probes`.

use super::{PROBES, Served};
use crate::secured::live_streams::{Connected, LiveStream, connected, open, opening, opening_with_facts};
use longwire_model::live::{BudgetUse, Facts, Lag, LiveBatch, Lost};
use longwire_wire::live::{Asked, LiveEncoder, MAX_COUNT, facts_report};
use longwire_wire::proto::LiveReport;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;
use tonic::Code;

const USER: (&str, &str) = ("x-remote-user", "ops");

/// A probe with its live stream.
struct Probe {
    _connected: Connected,
    stream: LiveStream,
}

impl Probe {
    async fn start(served: &Served, (node, pod): (&str, &str), first: LiveReport) -> Self {
        let connected = connected(&served.operator, node, pod).await;
        let mut stream = open(&connected.channel, first).await.unwrap();
        // The stream is known once it is told what is watched.
        if let Ok(asked) = timeout(Duration::from_secs(1), stream.asked()).await {
            assert!(matches!(asked, Ok(Asked::Watched(_))), "{asked:?}");
        }
        Self { _connected: connected, stream }
    }
}

async fn served() -> Served {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    served.api().allow("ops", "get", "n1");
    served
}

fn facts() -> Facts {
    Facts {
        kernel: "6.1.0-50-amd64".to_owned(),
        architecture: "x86_64".to_owned(),
        uptime: Duration::from_millis(90_999),
        budgets: vec![BudgetUse { name: "series".to_owned(), used: 97, limit: 100 }],
        losses: vec![Lost { metric: "longwire_probe_closes_lost_total".to_owned(), reason: String::new(), count: 3 }],
        lag: Lag { pass: Some(Duration::from_micros(1_200_900)), ..Lag::default() },
        ..Facts::default()
    }
}

/// The list, and its warning.
async fn list(served: &Served) -> (Value, String) {
    let (code, headers, body) = served.connect().await.send(PROBES, &[USER]).await.unwrap();
    assert_eq!(code, 200, "{body}");
    let warning = headers.get("warning").map(|warning| warning.to_str().unwrap().to_owned()).unwrap_or_default();
    (serde_json::from_str(&body).unwrap(), warning)
}

#[tokio::test]
async fn a_probe_is_asked_when_somebody_reads_it_and_its_object_has_what_it_says() {
    let served = served().await;
    let mut probe = Probe::start(&served, ("n1", "p1"), opening_with_facts("n1", false)).await;
    let asked = tokio::join!(list(&served), async {
        let question = probe.stream.question().await;
        probe.stream.answer(question, facts()).await;
    });
    let ((list, warning), ()) = asked;
    let expected = json!({
        "kernel": "6.1.0-50-amd64", "architecture": "x86_64", "uptimeSeconds": 90,
        "budgets": [{"name": "series", "used": 97, "limit": 100}],
        "losses": [{"metric": "longwire_probe_closes_lost_total", "count": 3}],
        "lag": {"passMilliseconds": 1_200},
    });
    assert_eq!((&list["items"][0]["status"]["facts"], &list["items"][1]["status"]["facts"]), (&expected, &Value::Null));
    // n2 has a pod, and no probe.
    assert_eq!(warning, r#"299 - "1 of 2 nodes did not answer: n2""#);
    // Of one node nothing is missing.
    let ((code, headers, body), ()) =
        tokio::join!(async { served.connect().await.send(&format!("{PROBES}/n1"), &[USER]).await.unwrap() }, async {
            // It is asked again unless this is within the same second.
            if let Ok(question) = timeout(Duration::from_secs(2), probe.stream.question()).await {
                probe.stream.answer(question, facts()).await;
            }
        });
    let one: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, &one["status"]["facts"], headers.get("warning")), (200, &expected, None));
}

#[tokio::test]
async fn a_silent_probe_and_an_old_one_are_named_and_hold_nothing_up() {
    let served = served().await;
    let _silent = Probe::start(&served, ("n1", "p1"), opening_with_facts("n1", false)).await;
    let mut old = Probe::start(&served, ("n2", "p2"), opening("n2")).await;
    let (list, warning) = list(&served).await;
    for item in list["items"].as_array().unwrap() {
        assert_eq!((&item["status"]["connected"], &item["status"]["facts"]), (&json!(true), &Value::Null), "{item}");
    }
    assert_eq!(warning, r#"299 - "2 of 2 nodes did not answer: n1, n2""#);
    // The old one was not asked.
    assert!(timeout(Duration::from_millis(300), old.stream.asked()).await.is_err());
}

#[tokio::test]
async fn a_probe_without_live_views_says_how_it_is_and_is_not_waited_for_otherwise() {
    let served = served().await;
    let Probe { _connected, mut stream } = Probe::start(&served, ("n1", "p1"), opening_with_facts("n1", true)).await;
    let ((list, _), ()) = tokio::join!(list(&served), async {
        // It is not told what is watched.
        let Ok(Asked::Facts(question)) = stream.asked().await else { panic!("no question") };
        stream.answer(question, facts()).await;
    });
    assert_eq!(list["items"][0]["status"]["facts"]["kernel"], "6.1.0-50-amd64", "{list}");
    assert_eq!(served.operator.counters.live.rows(), 0);
    stream.say_with(&mut LiveEncoder::default(), &LiveBatch::default()).await;
    let status = stream.last_status().await;
    let text = "a probe without live views sends no batch";
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, text));
}

#[tokio::test]
async fn a_hostile_probe_says_nothing_that_cannot_be_true_and_nothing_long() {
    let served = served().await;
    let mut probe = Probe::start(&served, ("n1", "p1"), opening_with_facts("n1", false)).await;
    let hostile = Facts { kernel: "\u{1b}[2J6.1\n".to_owned() + &"x".repeat(10_000), ..Facts::default() };
    let ((list, _), ()) = tokio::join!(list(&served), async {
        let question = probe.stream.question().await;
        // What was not asked is not taken, and what was asked only once.
        probe.stream.answer(question + 7, facts()).await;
        probe.stream.answer(question, hostile.clone()).await;
        probe.stream.answer(question, facts()).await;
    });
    let kernel = list["items"][0]["status"]["facts"]["kernel"].as_str().unwrap();
    assert_eq!((kernel.len(), kernel.starts_with("[2J6.1xxx")), (64, true), "{kernel}");
    let absurd = vec![BudgetUse { name: "series".to_owned(), used: MAX_COUNT + 1, limit: 1 }];
    probe.stream.send(facts_report(1, Facts { budgets: absurd, ..Facts::default() })).await;
    let status = probe.stream.last_status().await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with("budgets.used: 9007199254740993 is more than"), "{}", status.message());
    assert_eq!(served.operator.counters.refusals(), [("invalid_report", 1)].into());
}
