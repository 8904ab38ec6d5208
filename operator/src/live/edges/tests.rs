//! What streams say, added up.

mod bounds;
mod counting;
mod life;
mod property;

use super::Sums;
use crate::live::demand::Scope;
use crate::live::fake::{described, pod};
use crate::live::hub::{Hub, Now};
use crate::live::streams::{FromStream, StreamNews};
use longwire_model::connection::{CloseReason, FailReason, Reporter, Traffic};
use longwire_model::live::{Described, Ended, Ending, LiveBatch, Moved, Watched, WatchedNamespaces, Whose};
use std::time::{Duration, Instant};

use Reporter::{Destination, Source};

const ENDS: (&str, &str) = ("web", "cart");
const MS: u64 = 1_000_000;
/// The operator's clock when a test begins.
const BEGUN: u64 = 1_000_000 * MS;

struct World {
    hub: Hub,
    begun: Instant,
    /// Milliseconds since then.
    at: u64,
}

impl World {
    /// Nodes n1 and n2 have streams 1 and 2. Nothing is wanted.
    fn idle() -> Self {
        let mut world = Self { hub: Hub::new(0), begun: Instant::now(), at: 0 };
        for stream in [1, 2] {
            world.say(stream, StreamNews::Opened { release: "1".to_owned() });
        }
        world
    }

    /// Edges of namespace `shop` are wanted.
    fn new() -> Self {
        let mut world = Self::idle();
        world.want(&["shop"]);
        world
    }

    fn now(&self) -> Now {
        Now { instant: self.begun + Duration::from_millis(self.at), clock: BEGUN + self.at * MS }
    }

    fn want(&mut self, namespaces: &[&str]) {
        let namespaces = namespaces.iter().map(|name| (*name).to_owned()).collect();
        self.hub.add_up(&WatchedNamespaces::Only(namespaces), &Watched::default(), self.now());
    }

    fn say(&mut self, stream: u64, news: StreamNews) {
        let node = if stream == 1 { "n1" } else { "n2" };
        self.hub.take(FromStream { stream, node: node.into(), news }, pod, self.now());
    }

    fn batch(&mut self, stream: u64, batch: LiveBatch) {
        self.say(stream, StreamNews::Batch(LiveBatch { generation: 1, complete: true, ..batch }));
    }

    /// A connection that lives.
    fn describe(&mut self, stream: u64, number: u32, described: Described, moved: Moved) {
        let (described, moved) = (vec![(number, described)], vec![(number, moved)]);
        self.batch(stream, LiveBatch { described, moved, ..LiveBatch::default() });
    }

    fn moved(&mut self, stream: u64, number: u32, moved: Moved) {
        self.batch(stream, LiveBatch { moved: vec![(number, moved)], ..LiveBatch::default() });
    }

    fn end(&mut self, stream: u64, whose: Whose, moved: Moved, how: Ending) {
        let ended = Ended { at: Some(self.now().clock), how, handshake: None };
        self.batch(stream, LiveBatch { ended: vec![(whose, moved, ended)], ..LiveBatch::default() });
    }

    /// Time passes, turn by turn.
    fn pass(&mut self, millis: u64) {
        let until = self.at + millis;
        while self.at < until {
            self.at = until.min(self.at + 1_000);
            self.hub.turn(self.now().instant);
            // As the operator does it.
            self.hub.add_up(&self.wanted(), &Watched::default(), self.now());
        }
    }

    fn wanted(&self) -> WatchedNamespaces {
        self.hub.edges().wanted.asked().clone()
    }

    /// A list has them all.
    fn listed(&mut self) -> Vec<(String, Sums)> {
        self.hub.refresh(self.now().instant);
        let views = self.hub.edges().views();
        let rows = views.list(&Scope::All, views.revision(), None, usize::MAX);
        let ends = |name: &str| name.rsplit_once('.').unwrap().0.to_owned();
        rows.into_iter().map(|((_, name), state)| (ends(&name), state.merged.clone())).collect()
    }

    fn only(&mut self) -> Sums {
        let mut listed = self.listed();
        assert_eq!(listed.len(), 1, "{listed:?}");
        listed.remove(0).1
    }
}

/// Established now.
fn opened(world: &World, id: u8, reporter: Reporter) -> Described {
    Described { start: world.now().clock, ..described(id, ENDS, reporter) }
}

/// So many bytes from the source, and so many to it.
fn bytes(from_source: u64, from_destination: u64) -> Moved {
    let traffic = Traffic { received: from_source, sent: from_destination, ..Traffic::default() };
    Moved { at: 1, traffic, ..Moved::default() }
}

fn closed() -> Ending {
    Ending::Closed { by: None, reason: Some(CloseReason::Fin) }
}

fn failed(reason: FailReason) -> Ending {
    Ending::Failed(reason)
}

/// Open, opened, closed, failed, vanished.
fn counts(sums: &Sums) -> [u64; 5] {
    [sums.open, sums.opened, sums.closed, sums.failed.values().sum(), sums.vanished]
}
