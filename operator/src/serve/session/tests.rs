use super::{ANSWERS, MAX_ADDRESSES, MAX_PODS, Session, unanswered};
use crate::acks::Acks;
use crate::policy::compile::{Answer, Changes, NodeConfiguration};
use crate::publish::{Published, Publisher};
use crate::source::sample::{ip, log_of};
use longwire_model::identity::{Address, Owner, OwnerKind, Place, Pod, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_model::update::{LocalPod, Update};
use longwire_wire::decode::Decoder;
use longwire_wire::message::{FromProbe, Hello, Interest};
use longwire_wire::version;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;
use tonic::Code;

mod large;

/// A session with what its probe understands of it.
struct TestProbe {
    session: Session,
    decoder: Decoder,
    publisher: Publisher,
    published: watch::Receiver<Published>,
    acks: Arc<Acks>,
}

impl TestProbe {
    fn new(hello: Hello) -> Self {
        let (publisher, published) = Publisher::new();
        let acks = Arc::<Acks>::default();
        let session = Session::new(Hello { node: "n1".to_owned(), ..hello }, acks.open("n1").unwrap()).unwrap();
        Self { session, decoder: Decoder::default(), publisher, published, acks }
    }

    fn publish(&self, pods: &[LocalPod], answers: &[(&str, &str)]) {
        let nodes = vec![("n1".to_owned(), NodeConfiguration::new(NodeSettings::default(), pods.to_vec()))];
        let answers = answers.iter().map(|(address, node)| (ip(address), Some(owned(address, node)))).collect();
        self.publisher.publish(Changes { nodes, answers, ..Changes::default() }, true);
    }

    fn next(&mut self) -> Option<Update> {
        let update = self.session.next(&self.published.borrow()).unwrap()?;
        Some(self.decoder.decode(update).unwrap().update)
    }

    fn query(&mut self, add: &[&str], drop: &[&str]) {
        let ips = |texts: &[&str]| texts.iter().map(|text| ip(text)).collect();
        self.session.receive(FromProbe::Interest(Interest { add: ips(add), drop: ips(drop) })).unwrap();
    }
}

fn owned(address: &str, node: &str) -> Answer {
    let owner = Owner { kind: OwnerKind::Node(node.to_owned()), from: 0, until: None, observed: false };
    Answer::new(Address { address: ip(address), owners: vec![owner] })
}

fn local(name: &str) -> LocalPod {
    let text = str::to_owned;
    let workload = Workload {
        namespace: text("shop"),
        name: text("web"),
        canonical_service: text("web"),
        canonical_revision: text("v1"),
        cluster: text("c"),
    };
    let (uid, workload) = (format!("uid-{name}"), Arc::new(workload));
    let pod = Pod {
        uid,
        name: text(name),
        addresses: vec![],
        host_network: false,
        workload,
        services: vec![],
        more_services: vec![],
        service_account: String::new(),
        place: Arc::new(Place::default()),
        labels: vec![],
    };
    LocalPod { pod: Arc::new(pod), telemetry: Arc::new(Telemetry::plain(SeriesSets::default())) }
}

/// New pods, removed ones, answers; `-`: outside the cluster.
fn text(update: &Update) -> String {
    let pods = update.pods.iter().map(|local| format!("+{}", local.pod.uid));
    let removed = update.removed_pods.iter().map(|uid| format!("-{uid}"));
    let answers = update.addresses.iter().map(|answer| match answer.owners.first().map(|owner| &owner.kind) {
        Some(OwnerKind::Node(name)) => format!("{}={name}", answer.address),
        _ => format!("{}=-", answer.address),
    });
    pods.chain(removed).chain(answers).collect::<Vec<_>>().join(" ")
}

#[test]
fn nothing_is_sent_before_everything_is_known() {
    let mut probe = TestProbe::new(Hello::default());
    assert_eq!(probe.next(), None);
    probe.publisher.publish(Changes::default(), false);
    assert_eq!(probe.next(), None);
    probe.publisher.publish(Changes::default(), true);
    let nothing = NodeConfiguration::new(NodeSettings::default(), []);
    let settings = Some(NodeSettings::default());
    assert_eq!(probe.next(), Some(Update { version: nothing.version, settings, ..Update::default() }));
    assert_eq!(probe.next(), None);
}

#[test]
fn a_probe_is_sent_what_is_new_and_no_more() {
    let mut probe = TestProbe::new(Hello::default());
    probe.publish(&[local("a"), local("b")], &[]);
    let first = probe.next().unwrap();
    assert_eq!(text(&first), "+uid-a +uid-b");
    assert_eq!(first.version, NodeConfiguration::new(NodeSettings::default(), [local("b"), local("a")]).version);
    let mut changed = local("b");
    changed.telemetry = Arc::new(Telemetry::plain(SeriesSets::NONE));
    probe.publish(&[changed, local("c")], &[]);
    assert_eq!(text(&probe.next().unwrap()), "+uid-b +uid-c -uid-a");
    assert_eq!(probe.next(), None);
}

#[test]
fn a_slow_probe_is_sent_the_latest_state_and_no_states_between() {
    let mut probe = TestProbe::new(Hello::default());
    probe.query(&["10.0.0.1"], &[]);
    for round in 0..100 {
        probe.publish(&[local(&format!("p{round}"))], &[("10.0.0.1", &format!("n{round}"))]);
    }
    assert_eq!(text(&probe.next().unwrap()), "+uid-p99 10.0.0.1=n99");
    assert_eq!(probe.next(), None);
}

#[test]
fn after_a_reconnect_only_what_changed_is_sent() {
    let (known, stale) = (version::of_local_pod(&local("a")), 1);
    let answer = owned("10.0.0.1", "n1").version;
    let pods = [("uid-a", known), ("uid-b", stale), ("uid-gone", 2)].map(|(uid, version)| (uid.to_owned(), version));
    let addresses = vec![(ip("10.0.0.1"), answer), (ip("10.0.0.2"), answer), (ip("10.0.0.3"), 0)];
    let mut probe = TestProbe::new(Hello { pods: pods.into(), addresses, ..Hello::default() });
    probe.publish(&[local("a"), local("b")], &[("10.0.0.1", "n1"), ("10.0.0.2", "n2")]);
    assert_eq!(text(&probe.next().unwrap()), "+uid-b -uid-gone 10.0.0.2=n2 10.0.0.3=-");
    assert_eq!(probe.next(), None);
}

#[test]
fn the_first_update_is_sent_even_when_there_is_nothing_to_say() {
    let pods = vec![("uid-a".to_owned(), version::of_local_pod(&local("a")))];
    let mut probe = TestProbe::new(Hello { pods, ..Hello::default() });
    probe.publish(&[local("a")], &[]);
    assert_eq!(probe.next().map(|update| text(&update)), Some(String::new()));
    assert_eq!(probe.next(), None);
}

#[test]
fn answers_are_sent_to_the_probe_that_queried() {
    let mut probe = TestProbe::new(Hello::default());
    probe.publish(&[], &[("10.0.0.1", "n1"), ("10.0.0.2", "n2")]);
    assert_eq!(text(&probe.next().unwrap()), "");
    probe.query(&["10.0.0.1", "192.0.2.1"], &[]);
    assert_eq!(text(&probe.next().unwrap()), "10.0.0.1=n1 192.0.2.1=-");
    assert_eq!(probe.next(), None);
    // A second query is the same one.
    probe.query(&["10.0.0.1"], &[]);
    assert_eq!(probe.next(), None);
    // One pod comes, another goes.
    probe.publish(&[], &[("192.0.2.1", "n3"), ("10.0.0.2", "n4")]);
    assert_eq!(text(&probe.next().unwrap()), "192.0.2.1=n3");
    probe.publisher.publish(Changes { answers: vec![(ip("192.0.2.1"), None)], ..Changes::default() }, true);
    assert_eq!(text(&probe.next().unwrap()), "192.0.2.1=-");
    assert_eq!(probe.next(), None);
}

#[test]
fn a_dropped_address_is_answered_again_when_it_is_queried_again() {
    let mut probe = TestProbe::new(Hello::default());
    probe.publish(&[], &[("10.0.0.1", "n1")]);
    probe.query(&["10.0.0.1"], &[]);
    assert_eq!(text(&probe.next().unwrap()), "10.0.0.1=n1");
    probe.query(&[], &["10.0.0.1"]);
    probe.publish(&[], &[("10.0.0.1", "n2")]);
    assert_eq!(probe.next(), None);
    probe.query(&["10.0.0.1"], &[]);
    assert_eq!(text(&probe.next().unwrap()), "10.0.0.1=n2");
}

fn addresses(count: usize) -> impl Iterator<Item = IpAddr> {
    (0..count).map(|number| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes()))
}

#[test]
fn many_answers_go_in_several_updates() {
    let addresses = addresses(2 * ANSWERS + 1).map(|address| (address, 0)).collect();
    let mut probe = TestProbe::new(Hello { addresses, ..Hello::default() });
    probe.publish(&[], &[]);
    let updates: Vec<_> = std::iter::from_fn(|| probe.next()).map(|update| update.addresses.len()).collect();
    assert_eq!(updates, [ANSWERS, ANSWERS, 1]);
}

#[test]
fn a_probe_asks_about_so_many_addresses_and_no_more() {
    let all: Vec<_> = addresses(MAX_ADDRESSES).collect();
    let mut probe =
        TestProbe::new(Hello { addresses: all.into_iter().map(|address| (address, 0)).collect(), ..Hello::default() });
    let one_more = |drop| FromProbe::Interest(Interest { add: vec![ip("fd00::1")], drop });
    let refused = probe.session.receive(one_more(vec![])).unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.message(), "more than 20480 addresses are requested: drop some");
    probe.session.receive(one_more(vec![ip("0.0.0.0")])).unwrap();
}

#[test]
fn a_hello_names_so_many_pods_and_no_more() {
    let pods = (0..=MAX_PODS).map(|number| (number.to_string(), 1)).collect();
    let refused =
        Session::new(Hello { pods, ..Hello::default() }, Arc::<Acks>::default().open("n1").unwrap()).unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
}

#[test]
fn a_second_hello_is_refused() {
    let mut probe = TestProbe::new(Hello::default());
    let refused = probe.session.receive(FromProbe::Hello(Hello::default())).unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[test]
fn a_refusal_is_logged_once_a_version_with_the_node_and_its_error() {
    let mut probe = TestProbe::new(Hello::default());
    let long = "x".repeat(10_000);
    let ((), lines) = log_of(|| {
        for (version, error) in [(1, "no\nroom"), (1, "no\nroom"), (2, long.as_str()), (1, "again")] {
            probe.session.receive(FromProbe::Nack { version, error: error.to_owned() }).unwrap();
        }
        probe.session.receive(FromProbe::Ack { version: 3 }).unwrap();
    });
    let refused = |version: u64, error: &str| {
        format!("WARN the probe of node n1 could not apply configuration {version:016x}: \"{error}\"")
    };
    assert_eq!(lines, [refused(1, "no\\nroom"), refused(2, &long[..512]), refused(1, "again")]);
}

fn revision(probe: &TestProbe, revision: u64, pods: &[LocalPod]) {
    let nodes = vec![("n1".to_owned(), NodeConfiguration::new(NodeSettings::default(), pods.to_vec()))];
    let settings = NodeSettings { series: Some(u32::try_from(revision).unwrap()), ..NodeSettings::default() };
    probe.publisher.publish(Changes { revision, settings, nodes, ..Changes::default() }, true);
}

/// The revision that n1 runs, and the one it could not apply.
fn acked(probe: &TestProbe) -> (u64, Option<(u64, String)>) {
    let acked = probe.acks.snapshot().remove("n1").unwrap_or_default();
    (acked.revision, acked.refused)
}

#[test]
fn a_node_has_come_as_far_as_its_probe_acknowledged() {
    let mut probe = TestProbe::new(Hello::default());
    revision(&probe, 1, &[local("a")]);
    let first = probe.next().unwrap().version;
    assert_eq!(acked(&probe), (0, None));
    revision(&probe, 2, &[local("b")]);
    let second = probe.next().unwrap().version;
    // Late word of the first says nothing of the second.
    probe.session.receive(FromProbe::Ack { version: first }).unwrap();
    assert_eq!(acked(&probe), (0, None));
    probe.session.receive(FromProbe::Ack { version: second }).unwrap();
    assert_eq!(acked(&probe), (2, None));
}

#[test]
fn a_change_without_effect_on_a_node_needs_no_ack_of_its_probe() {
    let mut probe = TestProbe::new(Hello::default());
    revision(&probe, 1, &[local("a")]);
    let version = probe.next().unwrap().version;
    revision(&probe, 2, &[local("a")]);
    assert_eq!(probe.next(), None);
    // Not before what was sent is applied.
    assert_eq!(acked(&probe), (0, None));
    probe.session.receive(FromProbe::Ack { version }).unwrap();
    assert_eq!(acked(&probe), (2, None));
    revision(&probe, 3, &[local("a")]);
    assert_eq!(probe.next(), None);
    assert_eq!(acked(&probe), (3, None));
}

#[test]
fn a_probe_that_could_not_apply_it_does_not_run_it_until_it_applies_another() {
    let mut probe = TestProbe::new(Hello::default());
    revision(&probe, 1, &[local("a")]);
    let version = probe.next().unwrap().version;
    probe.session.receive(FromProbe::Nack { version, error: "no room".to_owned() }).unwrap();
    probe.session.receive(FromProbe::Ack { version }).unwrap();
    assert_eq!(acked(&probe), (0, Some((1, "no room".to_owned()))));
    revision(&probe, 2, &[local("b")]);
    let version = probe.next().unwrap().version;
    probe.session.receive(FromProbe::Ack { version }).unwrap();
    assert_eq!(acked(&probe), (2, None));
}

#[test]
fn what_a_probe_refused_is_not_sent_again_before_there_is_something_else_to_send() {
    let mut probe = TestProbe::new(Hello::default());
    probe.query(&["10.0.0.1"], &[]);
    probe.publish(&[local("a"), local("gone")], &[("10.0.0.1", "n1")]);
    let version = probe.next().unwrap().version;
    probe.session.receive(FromProbe::Ack { version }).unwrap();
    probe.publish(&[local("a"), local("bad")], &[("10.0.0.1", "n2")]);
    let refused = probe.next().unwrap();
    assert_eq!(text(&refused), "+uid-bad -uid-gone 10.0.0.1=n2");
    probe.session.receive(FromProbe::Nack { version: refused.version, error: "odd".to_owned() }).unwrap();
    assert_eq!(probe.next(), None);
    probe.publish(&[local("a"), local("bad")], &[("10.0.0.9", "n9")]);
    assert_eq!(probe.next(), None);
    // The whole of it goes with the next change, so that the probe has all or knows that it has not.
    probe.publish(&[local("a"), local("bad"), local("b")], &[]);
    assert_eq!(text(&probe.next().unwrap()), "+uid-b +uid-bad -uid-gone");
    // An answer goes again when it changes.
    probe.publish(&[local("a"), local("bad"), local("b")], &[("10.0.0.1", "n3")]);
    assert_eq!(text(&probe.next().unwrap()), "10.0.0.1=n3");
}

#[test]
fn a_node_of_whose_pods_one_was_refused_does_not_run_what_is_published() {
    let mut probe = TestProbe::new(Hello::default());
    revision(&probe, 1, &[local("a")]);
    let first = probe.next().unwrap();
    assert_eq!(first.settings, Some(NodeSettings::default()));
    revision(&probe, 2, &[local("a"), local("b")]);
    let second = probe.next().unwrap().version;
    // Both were under way.
    probe.session.receive(FromProbe::Nack { version: first.version, error: "no room".to_owned() }).unwrap();
    probe.session.receive(FromProbe::Ack { version: second }).unwrap();
    assert_eq!(acked(&probe), (0, Some((2, "no room".to_owned()))));
    revision(&probe, 3, &[local("a"), local("b")]);
    assert_eq!(probe.next(), None);
    assert_eq!(acked(&probe), (0, Some((3, "no room".to_owned()))));
    revision(&probe, 4, &[local("a"), local("c")]);
    let again = probe.next().unwrap();
    assert_eq!((text(&again).as_str(), again.settings), ("+uid-a +uid-c -uid-b", Some(NodeSettings::default())));
    probe.session.receive(FromProbe::Ack { version: again.version }).unwrap();
    assert_eq!(acked(&probe), (4, None));
}

#[test]
fn refused_answers_say_nothing_of_the_configuration() {
    let mut probe = TestProbe::new(Hello::default());
    revision(&probe, 1, &[local("a")]);
    let version = probe.next().unwrap().version;
    probe.session.receive(FromProbe::Ack { version }).unwrap();
    probe.query(&["10.0.0.1"], &[]);
    assert_eq!(text(&probe.next().unwrap()), "10.0.0.1=-");
    probe.session.receive(FromProbe::Nack { version, error: "odd".to_owned() }).unwrap();
    revision(&probe, 2, &[local("a")]);
    assert_eq!(probe.next(), None);
    assert_eq!(acked(&probe), (2, None));
}

#[test]
fn a_probe_that_does_not_answer_is_sent_so_many_updates_and_then_the_latest() {
    let mut probe = TestProbe::new(Hello::default());
    let mut sent = Vec::new();
    for round in 0..2 * unanswered::MAX {
        probe.publish(&[local(&format!("p{round}"))], &[]);
        sent.extend(probe.next());
    }
    assert_eq!(sent.len(), unanswered::MAX);
    probe.session.receive(FromProbe::Ack { version: sent[0].version }).unwrap();
    let (last, latest) = (unanswered::MAX - 1, 2 * unanswered::MAX - 1);
    assert_eq!(probe.next().map(|update| text(&update)), Some(format!("+uid-p{latest} -uid-p{last}")));
}

#[test]
fn settings_reach_a_probe_whose_node_runs_nothing() {
    let mut probe = TestProbe::new(Hello::default());
    let settings = NodeSettings { series: Some(7), ..NodeSettings::default() };
    probe.publisher.publish(Changes { settings: settings.clone(), ..Changes::default() }, true);
    assert_eq!(probe.next().unwrap().settings, Some(settings));
    assert_eq!(probe.next(), None);
}
