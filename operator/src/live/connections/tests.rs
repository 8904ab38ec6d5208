use super::{Connections, Missing};
use crate::acks::Acks;
use crate::live::api::query::ListOptions;
use crate::live::api::status::Failure;
use crate::live::demand::{Interest, Scope};
use crate::live::fake::{described, pod};
use crate::live::hub::Now;
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
    let page = connections.page(&Scope::Namespace("shop".to_owned()), &options, &selection)?;
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
    let interested = connections.interest(shop()).unwrap();
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
    let interested = connections.interest(shop()).unwrap();
    let missing = connections.answered(&interested).await;
    let warnings: Vec<_> = missing.warnings().collect();
    assert_eq!(warnings, [r#"299 - "1 of 1 nodes did not answer: n1""#]);
    let (answered, ()) = tokio::join!(connections.answered(&interested), async {
        say(&connections, batch(interested.generation, 1..=1));
    });
    assert_eq!(answered, Missing::default());
    drop(connected);
}

#[test]
fn few_nodes_are_named_and_their_names_are_no_headers() {
    let nodes = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<BTreeSet<Arc<str>>>();
    let expected = nodes(&["a", "b", "c", "d", "e", "f", "g\r\n\""]);
    let missing = Missing::of(&expected, &nodes(&["a"]), true);
    let warnings: Vec<_> = missing.warnings().collect();
    assert_eq!(warnings[0], r#"299 - "6 of 7 nodes did not answer: b, c, d, e, f and 1 more""#);
    assert!(warnings[1].to_str().unwrap().contains("some are left out"));
    let odd = Missing::of(&nodes(&["g\r\n\""]), &nodes(&[]), false);
    assert_eq!(odd.warnings().next().unwrap(), r#"299 - "1 of 1 nodes did not answer: g   ""#);
}
