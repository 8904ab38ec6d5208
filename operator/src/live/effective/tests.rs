use super::Effective;
use crate::cluster::writer::Writer;
use crate::counters::Counters;
use crate::live::api::query::ListOptions;
use crate::live::selector::Selection;
use crate::policy::compile::{Compiler, Settings};
use crate::publish::Publisher;
use crate::source::event::Event;
use crate::source::object::{Name, Pod};
use crate::source::sample::{apply, pod, service};
use longwire_live::EffectiveTelemetry;
use longwire_live::resource;
use rstest::rstest;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Asks a writer that has read these objects.
async fn asking(mut objects: Vec<Event>) -> (Effective, JoinHandle<()>, mpsc::Sender<Vec<Event>>) {
    let text = str::to_owned;
    let settings =
        Settings { cluster_name: text("c"), cluster_domain: text("cluster.local"), root_namespace: text("root") };
    let (publisher, mut published) = Publisher::new();
    let writer = Writer::new(Compiler::new(settings), publisher, None, Arc::<Counters>::default());
    let effective = Effective::new(writer.questions());
    let (sender, events) = mpsc::channel(1);
    let running = tokio::spawn(writer.run(events, || 1));
    objects.push(Event::Synced);
    sender.send(objects).await.unwrap();
    published.wait_for(|published| published.synced).await.unwrap();
    (effective, running, sender)
}

fn of(namespace: &str, name: &str) -> Pod {
    Pod { name: Name::new(namespace, name), uid: format!("{namespace}-{name}"), ..pod("web", name, "10.0.0.1") }
}

fn names(objects: &[EffectiveTelemetry]) -> Vec<String> {
    let name = |object: &EffectiveTelemetry| {
        format!("{}/{}", object.metadata.namespace.as_deref().unwrap(), object.metadata.name.as_deref().unwrap())
    };
    objects.iter().map(name).collect()
}

async fn listed(effective: &Effective, namespace: Option<&str>, query: &str) -> (Vec<String>, Option<String>) {
    let options = ListOptions::read(Some(query)).unwrap();
    let resource = resource("effectivetelemetries").unwrap();
    let selection = Selection::read(resource, &options.label_selector, &options.field_selector).unwrap();
    let page = effective.page(namespace, &options, &selection).await.unwrap();
    (names(&page.objects), page.next)
}

#[tokio::test]
async fn one_pod_is_got_and_what_is_not_there_is_none() {
    let ended = Pod { ended: true, ..of("shop", "ended") };
    let host = service("web", "web", "10.96.0.1");
    let (effective, _running, _events) = asking(vec![apply(of("shop", "a")), apply(ended), apply(host)]).await;
    let found = effective.get("shop", "a").await.unwrap().unwrap();
    let spec = &found.spec;
    assert_eq!(names(std::slice::from_ref(&found)), ["shop/a"]);
    assert_eq!(
        (spec.workload.as_str(), spec.node.as_deref(), spec.services.concat()),
        ("web", Some("n1"), "web".to_owned())
    );
    assert_eq!((spec.canonical_service.as_str(), spec.canonical_revision.as_str()), ("web", "latest"));
    assert_eq!(found.metadata.labels.as_ref().unwrap()["app"], "web");
    let on: Vec<_> = found.status.unwrap().series_sets.into_iter().filter(|set| set.on).map(|set| set.name).collect();
    assert_eq!(on, ["istio", "kmesh-connection", "longwire"]);
    for (namespace, name) in [("shop", "b"), ("bank", "a"), ("shop", "ended"), ("", "a"), ("shop", "")] {
        assert!(effective.get(namespace, name).await.unwrap().is_none(), "{namespace}/{name}");
    }
}

#[rstest]
#[case::all(None, "", &["bank/a", "shop/a", "shop/b", "shop-2/a"])]
#[case::of_a_namespace(Some("shop"), "", &["shop/a", "shop/b"])]
#[case::of_none(Some("nothing"), "", &[])]
#[case::by_name(None, "fieldSelector=metadata.name%3Da,metadata.namespace%3Dshop", &["shop/a"])]
#[case::by_workload(None, "fieldSelector=workload%3Ddb", &["shop/b"])]
#[case::by_node(None, "fieldSelector=node%3D", &["bank/a"])]
#[case::by_service(None, "fieldSelector=service%3Dweb", &["shop/a"])]
#[case::without_service(Some("shop"), "fieldSelector=service%3D", &["shop/b"])]
#[case::by_label(None, "labelSelector=app+in+(db)", &["shop/b"])]
#[tokio::test]
async fn pods_are_listed_in_order(#[case] namespace: Option<&str>, #[case] query: &str, #[case] expected: &[&str]) {
    let db = pod("db", "b", "10.0.0.2");
    let pods = [
        apply(db),
        apply(of("shop", "a")),
        apply(of("shop-2", "a")),
        apply(Pod { node: None, ..of("bank", "a") }),
        apply(service("web", "web", "10.96.0.1")),
    ];
    let (effective, _running, _events) = asking(pods.into()).await;
    let (mut found, next) = listed(&effective, namespace, query).await;
    let mut expected: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
    found.sort();
    expected.sort();
    assert_eq!((found, next), (expected, None));
}

#[tokio::test]
async fn pages_add_up_to_the_whole_and_a_whole_is_bounded() {
    let pods = (0..2_500).map(|at| apply(of("shop", &format!("p{at:04}")))).collect();
    let (effective, _running, _events) = asking(pods).await;
    let (mut all, mut query) = (Vec::new(), "limit=10000".to_owned());
    let mut pages = 0;
    loop {
        let (found, next) = listed(&effective, Some("shop"), &query).await;
        assert!(found.len() <= 500, "{}", found.len());
        all.extend(found);
        pages += 1;
        let Some(next) = next else { break };
        query = format!("limit=10000&continue={next}");
    }
    let expected: Vec<_> = (0..2_500).map(|at| format!("shop/p{at:04}")).collect();
    assert_eq!((pages, all), (5, expected));
    // More pods are looked at than one question may.
    assert_eq!(listed(&effective, None, "fieldSelector=metadata.name%3Dp2400").await.0, ["shop/p2400"]);
    let options = ListOptions::default();
    let refused = effective.page(None, &options, &Selection::default()).await.unwrap_err();
    assert!(format!("{refused:?}").contains("there are more than 2000 pods"), "{refused:?}");
}

#[tokio::test]
async fn who_has_not_read_all_or_is_stopping_says_so() {
    let (effective, running, sender) = asking(vec![apply(of("shop", "a"))]).await;
    drop(sender);
    running.await.unwrap();
    let refused = effective.get("shop", "a").await.unwrap_err();
    assert!(format!("{refused:?}").contains("the operator is stopping"), "{refused:?}");
    let text = str::to_owned;
    let settings = Settings { cluster_name: text("c"), cluster_domain: text("d"), root_namespace: text("root") };
    let writer = Writer::new(Compiler::new(settings), Publisher::new().0, None, Arc::<Counters>::default());
    let effective = Effective::new(writer.questions());
    let (_events, receiver) = mpsc::channel(1);
    tokio::spawn(writer.run(receiver, || 1));
    let refused = effective.get("shop", "a").await.unwrap_err();
    assert!(format!("{refused:?}").contains("has not read all objects yet"), "{refused:?}");
}

#[tokio::test]
async fn whoever_is_not_answered_is_told_in_time() {
    let (questions, _unanswered) = mpsc::channel(1);
    let refused = Effective::new(questions).get("shop", "a").await.unwrap_err();
    assert!(format!("{refused:?}").contains("too many requests at a time"), "{refused:?}");
}
