//! What a successor knows and queries.

use crate::scenarios::{client, moved, server, to_web};
use crate::world::{S, Socket, WEB, World, options, pod};
use longwire_model::series::SeriesSets;
use longwire_model::update::Update;
use longwire_pipeline::pipeline::{BackendQuery, Queries};
use std::net::IpAddr;

const OPENED: &str = "istio_tcp_connections_opened_total";
const CLOSED: &str = "istio_tcp_connections_closed_total";
const SENT: &str = "istio_tcp_sent_bytes_total";
const LONG: &str = "kmesh_tcp_connection_sent_bytes_total";

/// Saved and killed at once.
fn succeed(world: &mut World) {
    let state = world.saved(1000);
    world.kill(&state, world.emitted.len());
}

#[test]
fn it_shows_what_was_saved_and_counts_on() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    let before = world.scrape();
    succeed(&mut world);
    assert_eq!(world.shown(|_| true), before);
    assert!(world.pipeline.configured());
    let stats = world.pipeline.store().stats();
    assert_eq!((stats.services.sets, stats.localities.sets, stats.workloads.sets), (2, 2, 2));
    let lines = stats.services.lines + stats.localities.lines + stats.workloads.lines;
    assert_eq!(lines, before.values().map(Vec::len).sum::<usize>());
    world.pass(&[client(moved(15, 300)), server(moved(300, 15))]);
    world.close(&client(moved(15, 400)));
    world.close(&client(moved(15, 400)));
    assert_eq!(world.value(SENT, "reporter=source"), Some(400.0));
    assert_eq!(
        (world.value(OPENED, "reporter=source"), world.value(CLOSED, "reporter=source")),
        (Some(1.0), Some(1.0))
    );
    assert_eq!(world.value("longwire_tcp_connections_active", "reporter=source"), Some(0.0));
}

#[test]
fn what_ended_before_does_not_count_again_when_it_is_heard_again() {
    let mut world = World::new(options());
    world.close(&client(moved(10, 200)));
    world.pass(&[]);
    world.close(&server(moved(200, 10)));
    succeed(&mut world);
    world.close(&client(moved(10, 200)));
    world.close(&server(moved(200, 10)));
    world.announce(&server(moved(200, 10)));
    assert_eq!(world.value(OPENED, ""), Some(2.0));
    assert_eq!((world.pipeline.stats().late, world.pipeline.stats().connections), (3, 0));
}

#[test]
fn the_second_end_finds_the_first_that_the_predecessor_heard_of() {
    let mut world = World::new(options());
    let masqueraded = Socket { remote: "10.0.0.254", ..server(moved(200, 10)) };
    world.announce(&to_web(moved(10, 200)));
    succeed(&mut world);
    world.announce(&masqueraded);
    world.answer_addresses();
    for reporter in ["source", "destination"] {
        let labels =
            format!("reporter={reporter} source_workload=a destination_workload=b destination_service_name=web");
        assert_eq!(world.value(OPENED, &labels), Some(1.0), "{reporter}");
    }
}

#[test]
fn it_repeats_unanswered_requests() {
    let mut world = World::new(options());
    let web: IpAddr = "10.96.0.1".parse().unwrap();
    let query = BackendQuery { token: 1, source: "10.0.0.1:1000".parse().unwrap(), destination: WEB.parse().unwrap() };
    world.announce(&to_web(moved(10, 200)));
    for _ in 0..2 {
        assert_eq!(world.pipeline.queries(), Queries { addresses: vec![web], ..Queries::default() });
        assert_eq!((world.pipeline.interest(), world.pipeline.addresses().count()), (vec![web], 0));
        succeed(&mut world);
    }
    world.answer_addresses();
    for _ in 0..2 {
        assert_eq!(world.pipeline.queries(), Queries { backends: vec![query], ..Queries::default() });
        assert_eq!(world.pipeline.addresses().map(|answer| answer.address).collect::<Vec<_>>(), [web]);
        succeed(&mut world);
    }
}

#[test]
fn it_waits_again_for_missing_answers() {
    let mut world = World::unconfigured(options());
    world.announce(&client(moved(10, 200)));
    world.wait(100 * S);
    succeed(&mut world);
    assert!(!world.pipeline.configured());
    world.configure(SeriesSets::default());
    world.wait(3 * S - 1);
    assert_eq!(world.value(OPENED, ""), None);
    world.answer();
    world.pass(&[client(moved(10, 200))]);
    assert_eq!(world.value(OPENED, "destination_workload=b"), Some(1.0));
}

#[test]
fn it_knows_the_pods_that_are_here_and_those_that_left() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world.pipeline.apply(&Update { removed_pods: vec!["uid-a".to_owned()], ..Update::default() }, world.now);
    succeed(&mut world);
    assert_eq!(world.pipeline.local_pods().map(|local| local.pod.clone()).collect::<Vec<_>>(), [pod("b")]);
    world.close(&Socket { id: 5, sequence: (5, 5), ..client(moved(1, 2)) });
    world.answer();
    world.wait(S);
    assert_eq!(world.value(OPENED, "reporter=source"), Some(2.0), "reported late, but its cgroup's pod is still known");
    world.wait(61 * S);
    succeed(&mut world);
    world.configure(SeriesSets::default());
    world.pass(&[client(moved(15, 300))]);
    assert_eq!(world.value(SENT, "reporter=source"), Some(302.0));
}

#[test]
fn a_long_connection_goes_on_under_its_name_and_its_last_value_is_shown_by_the_successor() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world.wait(5 * S);
    world.pass(&[client(moved(10, 200)), server(moved(200, 10))]);
    let name = |world: &mut World| world.scrape()[LONG].iter().map(|(labels, _)| labels.clone()).collect::<Vec<_>>();
    let before = name(&mut world);
    succeed(&mut world);
    world.pass(&[client(moved(15, 300)), server(moved(300, 15))]);
    assert_eq!(name(&mut world), before);
    assert_eq!(world.value(LONG, "reporter=source"), Some(15.0));
    world.close(&client(moved(16, 300)));
    world.wait(299 * S);
    succeed(&mut world);
    world.wait(299 * S);
    assert_eq!(world.value(LONG, "reporter=source"), Some(16.0), "no scraper has scraped this process");
    world.wait(6 * S);
    assert_eq!(world.value(LONG, "reporter=source"), None);
    assert_eq!(world.value(LONG, "reporter=destination"), Some(300.0), "it lives");
}

#[test]
fn what_vanished_between_the_two_is_found_to_be_gone() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    succeed(&mut world);
    world.pass(&[server(moved(200, 10))]);
    assert_eq!(world.pipeline.stats().connections, 2);
    world.pass(&[server(moved(200, 10))]);
    assert_eq!((world.pipeline.stats().connections, world.pipeline.stats().closes_lost), (1, 1));
}
