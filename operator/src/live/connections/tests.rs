use super::{Connections, Missing};
use crate::acks::Acks;
use crate::live::api::query::ListOptions;
use crate::live::api::status::Failure;
use crate::live::demand::{Interest, Scope};
use crate::live::edges::Sums;
use crate::live::fake::{described, pod};
use crate::live::hub::{Hub, Now};
use crate::live::merge::Merged;
use crate::live::page::Page;
use crate::live::selector::Selection;
use crate::live::streams::{FromStream, StreamNews};
use longwire_live::resource;
use longwire_model::connection::Reporter;
use longwire_model::live::{LiveBatch, WatchedNamespaces};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

const BEGUN: u64 = 1_000;

fn started() -> Arc<Connections> {
    Arc::new(Connections::new(BEGUN, watch::Sender::default(), Arc::<Acks>::default(), None))
}

fn say(connections: &Connections, news: StreamNews) {
    let now = Now { instant: Instant::now(), clock: 1_000 };
    connections.hub.lock().take(FromStream { stream: 1, node: "n1".into(), news }, pod, now);
    connections.news.send_replace(());
}

fn open(connections: &Connections) {
    say(connections, StreamNews::Opened { release: "1".to_owned() });
}

/// Connections with these ids, all that there are.
fn batch(generation: u64, ids: impl Iterator<Item = u8>) -> StreamNews {
    let described = ids.map(|id| (id.into(), described(id, ("web", "cart"), Reporter::Source))).collect();
    StreamNews::Batch(LiveBatch { generation, described, complete: true, ..LiveBatch::default() })
}

fn page(connections: &Connections, query: &str) -> Result<Page<String>, Failure> {
    let options = ListOptions::read(Some(query)).unwrap();
    let selection = Selection::read(resource("connections").unwrap(), "", &options.field_selector).unwrap();
    let page = connections.page::<Merged>(&Scope::Namespace("shop".to_owned()), &options, &selection)?;
    let Page { revision, objects, next, remaining } = page;
    let objects = objects.into_iter().map(|((_, name), _)| name[..2].to_owned()).collect();
    Ok(Page { revision, objects, next, remaining })
}

fn shop() -> Interest {
    Interest { scope: Scope::Namespace("shop".to_owned()), history: false }
}

#[test]
fn pages_have_the_rows_in_order_and_the_first_ones_version() {
    let connections = started();
    open(&connections);
    say(&connections, batch(1, 1..=5));
    let first = page(&connections, "limit=2").unwrap();
    assert_eq!((&first.objects[..], first.revision), (&["01".to_owned(), "02".to_owned()][..], BEGUN + 5));
    let next = first.next.unwrap();
    let second = page(&connections, &format!("limit=3&continue={next}")).unwrap();
    assert_eq!(
        (second.objects, second.next, second.revision),
        (vec!["03", "04", "05"].into_iter().map(str::to_owned).collect(), None, BEGUN + 5)
    );
    let some = page(&connections, "fieldSelector=pod%3Dvault").unwrap();
    assert_eq!((some.objects.len(), some.next), (0, None));
    let text = format!("{:?}", page(&started(), &format!("continue={next}")).unwrap_err());
    assert!(text.contains("the provided continue parameter is too old"), "{text}");
}

#[tokio::test]
async fn probes_are_asked_while_somebody_is_interested_and_for_a_while_longer() {
    let connections = started();
    let asked = connections.asked.subscribe();
    let interested = connections.interest::<Merged>(shop()).unwrap();
    assert!(asked.borrow().namespaces.contains("shop"));
    drop(interested);
    connections.expire(Instant::now());
    assert!(asked.borrow().namespaces.contains("shop"));
    connections.expire(Instant::now() + crate::live::demand::LINGER);
    assert_eq!(asked.borrow().namespaces, WatchedNamespaces::default());
}

#[tokio::test]
async fn an_answer_is_waited_for_and_not_for_ever() {
    let connections = started();
    let connected = connections.acks.open("n1").unwrap();
    open(&connections);
    let interested = connections.interest::<Merged>(shop()).unwrap();
    let missing = connections.answered::<Merged>(&interested).await;
    let warnings: Vec<_> = missing.warnings().collect();
    assert_eq!(warnings, [r#"299 - "1 of 1 nodes did not answer: n1""#]);
    let (answered, ()) = tokio::join!(connections.answered::<Merged>(&interested), async {
        say(&connections, batch(interested.generation, 1..=1));
    });
    assert_eq!(answered, Missing::default());
    drop(connected);
}

#[test]
fn few_nodes_are_named_and_their_names_are_no_headers() {
    let nodes = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<BTreeSet<Arc<str>>>();
    let expected = nodes(&["a", "b", "c", "d", "e", "f", "g\r\n\""]);
    let missing = Missing::of(&expected, &nodes(&["a"]), vec!["some are left out".to_owned()]);
    let warnings: Vec<_> = missing.warnings().collect();
    assert_eq!(warnings[0], r#"299 - "6 of 7 nodes did not answer: b, c, d, e, f and 1 more""#);
    assert!(warnings[1].to_str().unwrap().contains("some are left out"));
    let odd = Missing::of(&nodes(&["g\r\n\""]), &nodes(&[]), Vec::new());
    assert_eq!(odd.warnings().next().unwrap(), r#"299 - "1 of 1 nodes did not answer: g   ""#);
}

#[tokio::test]
async fn edges_are_added_up_while_somebody_is_interested_and_for_a_while_longer() {
    let connections = started();
    open(&connections);
    let others = connections.interest::<Merged>(shop()).unwrap();
    let is_on = || connections.hub.lock().edges().is_on();
    assert!(!is_on(), "connections alone need no sums");
    let interested = connections.interest::<Sums>(shop()).unwrap();
    assert_eq!(interested.generation, others.generation, "probes are asked for nothing else");
    say(&connections, batch(interested.generation, 1..=3));
    assert_eq!(connections.answered::<Sums>(&interested).await, Missing::default());
    let open = connections.with::<Sums, _>(|views| {
        let rows = views.list(&Scope::All, views.revision(), None, 9);
        rows.into_iter().map(|(_, state)| state.merged.open).collect::<Vec<_>>()
    });
    assert_eq!(open, [3]);
    // Another term begins with nothing, and goes on with what is wanted.
    *connections.hub.lock() = Hub::new(BEGUN);
    connections.expire(Instant::now());
    assert!(is_on() && connections.hub.lock().edges().is_empty());
    drop(interested);
    connections.expire(Instant::now());
    assert!(is_on());
    connections.expire(Instant::now() + crate::live::demand::LINGER);
    assert!(!is_on() && connections.asked.borrow().is_on(), "somebody still watches connections");
    drop(others);
}

#[tokio::test]
async fn what_sums_lack_is_said() {
    let connections = started();
    open(&connections);
    let missed =
        |generation| StreamNews::Batch(LiveBatch { generation, complete: true, missed: 4, ..LiveBatch::default() });
    say(&connections, missed(1));
    let interested = connections.interest::<Sums>(shop()).unwrap();
    say(&connections, batch(interested.generation, 1..=1));
    assert_eq!(connections.answered::<Sums>(&interested).await, Missing::default(), "that was before");
    say(&connections, missed(interested.generation));
    let missing = connections.answered::<Sums>(&interested).await;
    let text = r#"299 - "probes have left out 4 updates since edges are added up: sums may be too small""#;
    assert_eq!(missing.warnings().collect::<Vec<_>>(), [text]);
    assert_eq!(connections.answered::<Merged>(&interested).await, Missing::default());
}
