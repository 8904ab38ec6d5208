//! When what the kernel side knew is lost, or an announce of it.

use crate::scenarios::{client, moved, server};
use crate::world::{S, Socket, World, options};
use longwire_pipeline::pipeline::Options;
use longwire_pipeline::record::flag;

const OPENED: &str = "istio_tcp_connections_opened_total";
const CLOSED: &str = "istio_tcp_connections_closed_total";
const SENT: &str = "istio_tcp_sent_bytes_total";
const ACTIVE: &str = "longwire_tcp_connections_active";

#[test]
fn abandoned_connections_keep_their_counts_and_come_again_as_adopted_ones() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    assert_eq!(world.pipeline.abandon(world.now), 2);
    for (family, value) in [(OPENED, 1.0), (CLOSED, 0.0), (SENT, 200.0), (ACTIVE, 0.0)] {
        assert_eq!(world.value(family, "reporter=source"), Some(value), "{family}");
    }
    assert_eq!(world.pipeline.stats().connections, 0);
    let adopted = |socket: Socket| Socket {
        id: socket.id + 10,
        flags: socket.flags | flag::ADOPTED,
        established: 0,
        syn_time: 0,
        ..socket
    };
    world.announce(&adopted(client(moved(11, 250))));
    world.announce(&adopted(server(moved(250, 11))));
    world.close(&adopted(client(moved(12, 260))));
    for (family, value) in [(OPENED, 1.0), (CLOSED, 1.0), (SENT, 210.0), (ACTIVE, 0.0)] {
        assert_eq!(world.value(family, "reporter=source"), Some(value), "{family}");
    }
    assert_eq!(world.value(ACTIVE, "reporter=destination"), Some(1.0));
}

#[test]
fn of_those_that_wait_for_names_the_live_ones_go_and_the_ended_ones_stay() {
    let mut world = World::unconfigured(options());
    world.announce(&client(moved(10, 200)));
    world.close(&Socket { id: 3, sequence: (11, 21), ..client(moved(1, 2)) });
    assert_eq!(world.pipeline.abandon(world.now), 1);
    assert_eq!(world.pipeline.stats().pending, 1);
    world.configure(longwire_model::series::SeriesSets::default());
    world.answer();
    for _ in 0..3 {
        world.wait(S);
        world.pass(&[]);
    }
    assert_eq!(world.value(OPENED, ""), Some(1.0));
    assert_eq!(world.value(SENT, ""), Some(2.0));
    assert_eq!((world.pipeline.stats().pending, world.pipeline.stats().joins), (0, 0));
}

#[test]
fn closed_ids_are_forgotten_with_the_kernel_that_gave_them() {
    let mut world = World::new(options());
    for expected in [1.0, 2.0] {
        world.close(&client(moved(1, 1)));
        world.close(&server(moved(1, 1)));
        assert_eq!(world.value(OPENED, "reporter=source"), Some(expected));
        assert_eq!(world.pipeline.abandon(world.now), 0);
    }
}

#[test]
fn a_sample_of_a_connection_that_was_never_announced_asks_for_its_announce_once_a_pass() {
    let mut world = World::new(options());
    world.pass(&[client(moved(10, 200))]);
    assert_eq!((world.pipeline.wants_reannounce(), world.pipeline.wants_reannounce()), (true, false));
    world.pipeline.samples(&[client(moved(10, 200)).sample()], world.now);
    assert!(!world.pipeline.wants_reannounce(), "no pass has completed since");
    world.pass(&[]);
    assert!(world.pipeline.wants_reannounce());
    world.announce(&client(moved(10, 200)));
    world.pass(&[client(moved(20, 300))]);
    assert!(!world.pipeline.wants_reannounce());
    world.close(&client(moved(20, 300)));
    world.pass(&[client(moved(20, 300))]);
    assert!(!world.pipeline.wants_reannounce(), "it is over, and its sample late");
}

#[test]
fn one_that_was_refused_is_not_asked_for_before_there_is_room() {
    let mut world = World::new(Options { max_connections: 1, ..options() });
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world.pass(&[client(moved(10, 200)), server(moved(200, 10))]);
    assert!(!world.pipeline.wants_reannounce());
}
