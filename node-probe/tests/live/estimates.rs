//! An estimate through the live API is what applying the same object then makes: operator, streams and probe are real, the kernel is
//! not.

use super::{Operator, TIMEOUT, client, moved};
use longwire_export::exposition::{Cursor, Encoder, Format};
use longwire_operator::live::{self, Access, Context, Live};
use longwire_operator::source::event::Event;
use longwire_operator::source::object_of;
use longwire_pipeline::record::{RawRecord, Sample, kind};
use longwire_probe::simulated::SimulatedProbe;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use zerocopy::IntoBytes;

const CONNECTIONS: u64 = 5;

/// The live API in the clear.
async fn api(operator: &mut Operator) -> (SocketAddr, Live) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reports = std::mem::replace(&mut operator.reports, live::streams::channel().1);
    let context = Context {
        published: operator.published.clone(),
        acks: Arc::clone(&operator.acks),
        pods: None,
        seen_pods: longwire_operator::index::seen::Seen::default().pods(),
        reports,
        to_writer: operator.questions.clone(),
        role: operator.role.subscribe(),
        counters: Arc::clone(&operator.counters),
    };
    (address, live::start(listener, Access::Open, context))
}

fn post(address: SocketAddr, namespace: &str, object: &Value) -> Value {
    let body = json!({"apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "SeriesEstimate", "metadata": {},
                      "spec": {"object": object}})
    .to_string();
    let path = format!("/apis/live.telemetry.longwire.io/v1alpha1/namespaces/{namespace}/seriesestimates");
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn connection(number: u64) -> RawRecord {
    let mut record = client(kind::ANNOUNCE, moved(10));
    let small = u16::try_from(number).unwrap();
    (record.id, record.local_port, record.client_isn) = (number, 40_000 + small, small.into());
    record
}

fn pass(probe: &SimulatedProbe) {
    probe.settle();
    let mut pipeline = probe.pipeline();
    let now = SimulatedProbe::now();
    pipeline.begin_pass(now);
    for id in 1..=CONNECTIONS {
        pipeline.samples(&[Sample { id, counters: moved(10) }], now);
    }
    pipeline.end_pass(true, SimulatedProbe::now());
}

/// Lines of a scrape by name.
fn lines(probe: &SimulatedProbe) -> BTreeMap<String, u64> {
    let mut pipeline = probe.pipeline();
    pipeline.publish();
    let (mut encoder, mut cursor, mut text) = (Encoder::default(), Cursor::new(Format::Text), Vec::new());
    while encoder.render(pipeline.store(), &mut cursor, 64 << 10, &mut text) {}
    let mut lines = BTreeMap::new();
    for line in String::from_utf8(text).unwrap().lines().filter(|line| !line.starts_with('#')) {
        *lines.entry(line.split('{').next().unwrap().to_owned()).or_default() += 1;
    }
    lines
}

/// Passes go by until all that was published is applied, and a pass more.
async fn settled(operator: &Operator, probe: &SimulatedProbe, edits: u64) {
    let settles = async {
        loop {
            pass(probe);
            let is_edited = probe.pipeline().edits() >= edits;
            if is_edited && probe.pipeline().pending() == 0 && probe.pipeline().stats().connections == CONNECTIONS {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, settles).await.expect("it settles");
    assert!(operator.published.borrow().node("n1").is_some());
    pass(probe);
}

/// By metric, without those that have none.
fn counts(estimate: &Value, when: &str) -> BTreeMap<String, u64> {
    let metrics = estimate["status"]["metrics"].as_array().unwrap().iter();
    let counts = metrics.map(|metric| (metric["name"].as_str().unwrap().to_owned(), metric[when].as_u64().unwrap()));
    counts.filter(|(_, count)| *count != 0).collect()
}

fn policy(kind: &str, namespace: &str, spec: &Value) -> Value {
    json!({"apiVersion": "telemetry.longwire.io/v1alpha1", "kind": kind,
           "metadata": {"name": "p", "namespace": namespace}, "spec": spec})
}

async fn check(namespace: &str, object: Value) -> Value {
    let mut operator = Operator::start().await;
    // Counters alone: histograms come with what they observe.
    let istio = policy("TelemetryPolicy", "watch", &json!({"seriesSets": ["istio"]}));
    operator.events.send(vec![Event::Apply(object_of(&istio).unwrap().unwrap())]).await.unwrap();
    operator.published.wait_for(|published| !published.policy_states.is_empty()).await.unwrap();
    let (address, _live) = api(&mut operator).await;
    let probe = operator.probe();
    for number in 1..=CONNECTIONS {
        probe.pipeline().ingest(connection(number).as_bytes(), SimulatedProbe::now());
    }
    settled(&operator, &probe, 0).await;
    let before = lines(&probe);
    let (asked, of) = (object.clone(), namespace.to_owned());
    let begun = Instant::now();
    let estimate = tokio::task::spawn_blocking(move || post(address, &of, &asked)).await.unwrap();
    let took = begun.elapsed();
    assert_eq!((counts(&estimate, "before"), lines(&probe)), (before.clone(), before), "asking changes nothing");
    let status = &estimate["status"];
    assert_eq!((&status["complete"], &status["connections"]), (&json!(true), &json!(CONNECTIONS)), "{status}");
    assert!(took < TIMEOUT, "{took:?}");
    let edits = probe.pipeline().edits();
    operator.events.send(vec![Event::Apply(object_of(&object).unwrap().unwrap())]).await.unwrap();
    settled(&operator, &probe, edits + 1).await;
    assert_eq!(counts(&estimate, "after"), lines(&probe), "{estimate}");
    estimate
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_with_a_value_for_each_connection() {
    let tags = json!({"tags": [{"name": "port", "value": "string(source.port)"}]});
    let estimate = check("shop", policy("ExtraStatTags", "shop", &tags)).await;
    let label = &estimate["status"]["labels"][0];
    assert_eq!((&label["name"], &label["values"]), (&json!("port"), &json!(CONNECTIONS)));
    let series = &estimate["status"]["series"];
    assert_eq!((&series["before"], &series["after"]), (&json!(4), &json!(4 + 4 * CONNECTIONS)));
}

#[tokio::test(flavor = "multi_thread")]
async fn series_that_are_switched_on() {
    let sets = json!({"seriesSets": ["istio", "kmesh-workload"]});
    let estimate = check("shop", policy("TelemetryPolicy", "shop", &sets)).await;
    let changes = estimate["status"]["changes"].to_string();
    assert!(changes.contains("is switched on"), "{changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_of_envoy_that_a_matcher_accepts() {
    let spec = json!({"inclusionPrefixes": ["cluster.outbound"], "inclusionSuffixes": ["upstream_cx_total"]});
    check("shop", policy("StatsMatcher", "shop", &spec)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn series_of_the_whole_cluster_that_are_switched_off() {
    let estimate = check("watch", policy("TelemetryPolicy", "watch", &json!({"seriesSets": ["longwire"]}))).await;
    // The policy that there is changes.
    assert!(estimate["status"]["warnings"].to_string().contains("exists"), "{estimate}");
    assert_eq!(estimate["status"]["series"]["stopped"], json!(4));
}
