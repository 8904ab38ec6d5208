//! Counters over hours of virtual time: what was counted stays, whenever an epoch ends and the probe is restarted.

use crate::kernel::{Fate, ROUTES};
use crate::kills::{self, Node};
use crate::world::{S, tagged};
use crate::{come_to_rest, exposed, owned};
use longwire_model::series::{Metric, Metrics, SeriesSet};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The pipeline's own times.
const EPOCH: u64 = 300 * S;
const EXPIRY: u64 = 5 * S;

const BYTES: Metrics = Metrics::NONE.with(Metric::IstioSentBytes).with(Metric::IstioReceivedBytes);
const DEFAULT: Metrics = Metrics::of(SeriesSet::Istio)
    .union(Metrics::of(SeriesSet::Longwire))
    .union(Metrics::of(SeriesSet::KmeshConnection));
const ALL: Metrics = DEFAULT.union(Metrics::of(SeriesSet::KmeshWorkload));

/// Of the lines of a family; a histogram has three.
const SUFFIXES: [&str; 4] = ["", "_bucket", "_sum", "_count"];

/// What is on after an edit. The bytes always are.
const EDITS: [Metrics; 4] = [ALL, DEFAULT, BYTES, DEFAULT.without(Metric::IstioOpened)];

#[derive(Clone, Debug)]
enum Step {
    Node(kills::Step),
    /// A connection that is gone a moment later.
    Brief {
        route: usize,
    },
    /// Time continues, and no tick comes yet.
    Advance(Until),
    Tick,
    Edit(usize),
    /// The pod on the other node is gone.
    Depart,
}

#[derive(Clone, Copy, Debug)]
enum Until {
    /// The end of the epoch, so many nanoseconds sooner or later.
    EndOfEpoch(i64),
    NextExpiry,
    After(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let usual = prop_oneof![
        3 => (0..ROUTES.len(), prop::bool::weighted(0.2))
            .prop_map(|(route, adopted)| crate::Step::Open { route, adopted }),
        3 => (0..9_usize, 0..1000_u64, 0..100_000_u64)
            .prop_map(|(which, up, down)| crate::Step::Transfer { which, up, down }),
        3 => (0..9_usize).prop_map(|which| crate::Step::Close { which, fates: [Fate::Arrives; 2] }),
        2 => Just(crate::Step::Pass { complete: true, fates: vec![Fate::Arrives] }),
    ];
    let until = prop_oneof![
        4 => (-1..=1_i64).prop_map(Until::EndOfEpoch),
        1 => Just(Until::NextExpiry),
        1 => prop_oneof![Just(S), Just(EPOCH), Just(2 * EPOCH)].prop_map(Until::After),
        1 => (0..2 * EPOCH).prop_map(Until::After),
    ];
    let step = prop_oneof![
        6 => usual.prop_map(|step| Step::Node(kills::Step::Usual(step))),
        4 => (0..ROUTES.len()).prop_map(|route| Step::Brief { route }),
        6 => until.prop_map(Step::Advance),
        6 => Just(Step::Tick),
        3 => (0..2_000_usize).prop_map(|slice| Step::Node(kills::Step::Save { slice })),
        1 => Just(Step::Node(kills::Step::SaveAlone)),
        2 => Just(Step::Node(kills::Step::Kill)),
        2 => (0..EDITS.len()).prop_map(Step::Edit),
        1 => prop::bool::weighted(0.2).prop_map(|departs| if departs { Step::Depart } else { Step::Tick }),
    ];
    prop::collection::vec(step, 1..80)
}

/// A node, what its pipeline knows of time, and what may be missing from a scrape.
struct Hours {
    node: Node,
    epoch: u64,
    next_expiry: u64,
    on: Metrics,
    /// When a metric was off last.
    off: BTreeMap<&'static str, u64>,
    /// Metrics that were off at some time in an epoch that is over, and were perhaps not fed in it.
    stale: BTreeSet<&'static str>,
}

impl Hours {
    fn new() -> Self {
        let mut node = Node::new();
        node.take(kills::Step::Usual(crate::Step::Configure));
        let (off, stale) = (BTreeMap::new(), BTreeSet::new());
        let mut hours = Self { node, epoch: 0, next_expiry: 0, on: DEFAULT, off, stale };
        hours.edit(ALL);
        hours
    }

    fn take(&mut self, step: Step) {
        let has_departed = self.node.world.departed.is_some();
        let is_open = |route: usize| !has_departed || ![ROUTES[route].source, ROUTES[route].destination].contains(&"r");
        match step {
            Step::Node(kills::Step::Usual(crate::Step::Open { route, .. })) if !is_open(route) => {}
            Step::Node(step) => {
                let is_restart = matches!(step, kills::Step::Kill);
                self.node.take(step);
                if is_restart {
                    (self.epoch, self.next_expiry) = (self.node.world.now, 0);
                    self.node.world.answer_departed();
                }
            }
            Step::Brief { route } if is_open(route) => {
                let Node { world, kernel, .. } = &mut self.node;
                let which = kernel.open(world, ROUTES[route], false);
                kernel.close(world, which, [Fate::Arrives; 2]);
            }
            Step::Brief { .. } => {}
            Step::Advance(until) => self.advance(until),
            Step::Tick => self.tick(),
            Step::Edit(number) => self.edit(EDITS[number]),
            Step::Depart => self.node.world.depart(),
        }
        self.settle();
        let now = self.node.world.now;
        self.off.extend(ALL.difference(self.on).iter().map(|metric| (metric.family().name, now)));
    }

    /// Whatever waits for a name gets it at once, or at the next tick.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.node.world.answer();
            let pass = crate::Step::Pass { complete: true, fates: vec![Fate::Arrives] };
            self.node.take(kills::Step::Usual(pass));
        }
        self.node.world.answer();
    }

    fn advance(&mut self, until: Until) {
        let now = self.node.world.now;
        let at = match until {
            Until::EndOfEpoch(more) => (self.epoch + EPOCH).saturating_add_signed(more),
            Until::NextExpiry => self.next_expiry,
            Until::After(time) => now + time,
        };
        self.node.world.now = now.max(at);
    }

    fn tick(&mut self) {
        self.node.world.wait(0);
        let now = self.node.world.now;
        if now < self.next_expiry {
            return;
        }
        self.next_expiry = now + EXPIRY;
        if now - self.epoch >= EPOCH {
            let stale = self.off.iter().filter(|(_, off)| **off >= self.epoch).map(|(metric, _)| *metric);
            self.stale.extend(stale);
            self.epoch = now;
        }
    }

    fn edit(&mut self, on: Metrics) {
        self.on = on;
        self.node.world.observe(&Arc::new(tagged(on, Metrics::NONE, &[])));
    }

    /// A line that a scraper has seen may be gone.
    fn may_go(&self, (family, labels): &(String, BTreeMap<String, String>)) -> bool {
        let names_departed = ["source_workload", "destination_workload"].map(|label| labels[label] == "r");
        let is_of = |metric: &&str| family.strip_prefix(*metric).is_some_and(|rest| SUFFIXES.contains(&rest));
        self.node.world.departed.is_some() && names_departed.contains(&true) || self.stale.iter().any(is_of)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_shown_goes_back_or_away_while_its_workloads_live_and_the_sums_are_the_truth(steps in steps()) {
        let mut hours = Hours::new();
        let mut before = BTreeMap::new();
        for step in steps {
            let is_shown =
                matches!(step, Step::Node(kills::Step::Save { .. } | kills::Step::Kill));
            hours.take(step);
            let now = hours.node.shown();
            for (line, value) in &before {
                let is_right = now.get(line).map_or(hours.may_go(line), |now| now >= value || hours.may_go(line));
                prop_assert!(is_right, "{line:?} {value} then {:?}", now.get(line));
            }
            before = now;
            if is_shown {
                hours.stale.clear();
            }
        }
        hours.node.take(kills::Step::Save { slice: 1000 });
        hours.node.kill();
        let Hours { node: Node { mut world, mut kernel, .. }, .. } = hours;
        come_to_rest(&mut world, &mut kernel);
        let shown = exposed(&mut world);
        let lasts = |labels: &[String; 4]| world.departed.is_none() || !labels.contains(&"r".to_owned());
        let bytes = |lines: BTreeMap<[String; 4], [u64; 4]>| {
            let lasting = lines.into_iter().filter(|(labels, _)| lasts(labels));
            lasting.map(|(labels, [_, _, sent, received])| (labels, [sent, received])).collect::<BTreeMap<_, _>>()
        };
        prop_assert_eq!(bytes(shown), bytes(owned(kernel.truth())));
    }
}
