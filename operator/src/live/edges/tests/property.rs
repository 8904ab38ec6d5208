//! Whichever end reports first, and whatever comes in between, sums are those of the connections.

use super::{ENDS, World, bytes, closed, counts, described, failed};
use longwire_model::connection::{FailReason, Reporter};
use longwire_model::live::{Described, Whose};
use proptest::prelude::*;

/// What becomes of a connection.
#[derive(Clone, Debug)]
struct Plan {
    /// Which ends report it, the first one first.
    reporters: Vec<Reporter>,
    /// Bytes from the source at each reading.
    readings: Vec<u64>,
    end: End,
    /// Between two steps, in milliseconds.
    pause: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Lives,
    Closes,
    /// Without having lived.
    Fails,
}

fn plan() -> impl Strategy<Value = Plan> {
    use Reporter::{Destination, Source};
    let reporters = prop::sample::select(vec![
        vec![Source],
        vec![Destination],
        vec![Source, Destination],
        vec![Destination, Source],
    ]);
    let end = prop::sample::select(vec![End::Lives, End::Closes, End::Fails]);
    (reporters, prop::collection::vec(0..50_u64, 1..4), end, 0..700_u64)
        .prop_map(|(reporters, readings, end, pause)| Plan { reporters, readings, end, pause })
}

fn stream(reporter: Reporter) -> u64 {
    if reporter == Reporter::Source { 1 } else { 2 }
}

/// Tells all of it, and returns its bytes.
fn follow(world: &mut World, id: u8, Plan { reporters, readings, end, pause }: &Plan) -> u64 {
    let start = world.now().clock;
    // No two connections have the same addresses.
    let source_address = ([10, 0, 0, 1], 4_000 + u16::from(id)).into();
    let of = |reporter| Described { start, source_address, ..described(id, ENDS, reporter) };
    if *end == End::Fails {
        for reporter in reporters {
            let whose = Whose::Described(Box::new(of(*reporter)));
            world.end(stream(*reporter), whose, bytes(0, 0), failed(FailReason::Refused));
        }
        return 0;
    }
    for reporter in reporters {
        world.describe(stream(*reporter), id.into(), of(*reporter), bytes(0, 0));
        world.pass(*pause);
    }
    let mut sent = 0;
    for more in readings {
        sent += more;
        for reporter in reporters {
            world.moved(stream(*reporter), id.into(), bytes(sent, 2 * sent));
        }
        world.pass(*pause);
    }
    if *end == End::Closes {
        for reporter in reporters {
            world.end(stream(*reporter), Whose::Number(id.into()), bytes(sent, 2 * sent), closed());
        }
    }
    sent
}

proptest! {
    #[test]
    fn sums_are_those_of_the_connections(plans in prop::collection::vec(plan(), 1..12)) {
        let mut world = World::new();
        let mut sent = 0;
        for (id, plan) in (1..).zip(&plans) {
            sent += follow(&mut world, id, plan);
        }
        // So long the other end is waited for.
        world.pass(7_000);
        let sums = world.only();
        let count = |end| plans.iter().filter(|plan| plan.end == end).count() as u64;
        let (open, over, never) = (count(End::Lives), count(End::Closes), count(End::Fails));
        prop_assert_eq!(counts(&sums), [open, open + over, over, never, 0]);
        prop_assert_eq!((sums.bytes.from_source, sums.bytes.from_destination), (sent, 2 * sent));
        // When all are over and forgotten, nothing is left of them but the sums.
        for (id, plan) in (1..).zip(&plans).filter(|(_, plan)| plan.end == End::Lives) {
            for reporter in &plan.reporters {
                world.end(stream(*reporter), Whose::Number(id), bytes(0, 0), closed());
            }
        }
        world.pass(80_000);
        let sums = world.only();
        prop_assert_eq!(counts(&sums), [0, open + over, open + over, never, 0]);
        prop_assert_eq!((sums.rtt, sums.bytes.from_source, world.hub.rows()), (None, sent, 0));
    }
}
