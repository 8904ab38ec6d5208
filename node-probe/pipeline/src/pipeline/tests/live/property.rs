//! Whatever happens, and whenever it is taken.

use super::super::events::ends;
use super::super::nodes::{Node, S, WEB, address};
use super::{Mirror, all, only};
use crate::record::flag;
use longwire_model::live::Watched;
use proptest::prelude::*;
use std::net::SocketAddr;

#[derive(Clone, Copy, Debug)]
enum Step {
    Announce,
    Move(u64),
    Close,
    Vanish,
    Pass,
    Answer,
    Take(usize),
    Watch(u8),
    Restart,
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        4 => Just(Step::Announce),
        6 => (1..3_000_u64).prop_map(Step::Move),
        2 => Just(Step::Close),
        1 => Just(Step::Vanish),
        5 => Just(Step::Pass),
        3 => Just(Step::Answer),
        3 => (0..3_usize).prop_map(Step::Take),
        2 => (0..4_u8).prop_map(Step::Watch),
        1 => Just(Step::Restart),
    ];
    (0..SOCKETS, step)
}

const SOCKETS: usize = 12;

/// Both ends of six connections: within the namespace, out of it, and through a Service; every third is adopted.
fn sockets() -> Vec<super::Socket> {
    let of = |number: u32| {
        let to = if number.is_multiple_of(2) { "b" } else { "r" };
        let server = SocketAddr::new(address(to), 8080);
        let requested = if number.is_multiple_of(3) { WEB.parse().unwrap() } else { server };
        let mut both =
            ends(number, to, requested, SocketAddr::new(address("a"), 1_000 + u16::try_from(number).unwrap()));
        if number % 3 == 1 {
            both.iter_mut().for_each(|end| (end.flags, end.established) = (end.flags | flag::ADOPTED, 0));
        }
        both
    };
    (1..=6).flat_map(of).collect()
}

fn watched(generation: u64, which: u8) -> Watched {
    match which {
        0 => only(generation, &[]),
        1 => only(generation, &["far"]),
        2 => Watched { history: true, ..all(generation) },
        _ => all(generation),
    }
}

proptest! {
    #[test]
    fn what_was_taken_is_what_the_table_has_at_the_next_complete_pass(steps in prop::collection::vec(step(), 0..80)) {
        let (mut node, mut sockets, mut mirror) = (Node::new(&["a", "b", "r"]), sockets(), Mirror::default());
        let (mut announced, mut over) = ([false; SOCKETS], [false; SOCKETS]);
        let (mut generation, mut now) = (1, all(1));
        node.pipeline.watch(&now);
        for (at, step) in steps {
            let live: Vec<_> = (0..SOCKETS).filter(|at| announced[*at] && !over[*at]).collect();
            let living: Vec<_> = live.iter().map(|at| sockets[*at]).collect();
            match step {
                Step::Announce if !over[at] => {
                    node.announce(&sockets[at]);
                    announced[at] = true;
                }
                Step::Move(bytes) => sockets[at].counters.sent += bytes,
                Step::Close if announced[at] && !over[at] => {
                    node.close(&sockets[at]);
                    over[at] = true;
                }
                Step::Vanish if announced[at] && !over[at] => {
                    over[at] = true;
                    let rest: Vec<_> = living.into_iter().filter(|socket| socket.id != sockets[at].id).collect();
                    node.pass(&rest);
                    node.pass(&rest);
                }
                Step::Pass => {
                    node.now += S;
                    node.pass(&living);
                }
                Step::Answer => node.answer(),
                Step::Take(most) => node.pipeline.take_live(most, node.now).into_iter().for_each(|batch| mirror.apply(batch)),
                Step::Watch(which) => {
                    generation += 1;
                    now = watched(generation, which);
                    // History says again what was said.
                    mirror.ended.clear();
                    node.pipeline.watch(&now);
                }
                // The successor's stream is another one.
                Step::Restart => {
                    node.restart();
                    mirror = Mirror::default();
                    node.pipeline.watch(&now);
                }
                Step::Announce | Step::Close | Step::Vanish => {}
            }
        }
        let living: Vec<_> = (0..SOCKETS).filter(|at| announced[*at] && !over[*at]).map(|at| sockets[at]).collect();
        node.settle(&living);
        node.now += S;
        node.pass(&living);
        let before = node.pipeline.live().counts();
        while let Some(batch) = node.pipeline.take_live(usize::MAX, node.now) {
            mirror.apply(batch);
        }
        if now.is_on() {
            prop_assert!(mirror.complete);
            mirror.check(&node, &now);
        } else {
            prop_assert_eq!(node.pipeline.live().counts(), before);
        }
    }
}
