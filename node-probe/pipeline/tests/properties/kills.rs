//! Whenever a probe is killed, its successor counts on from the last saved state, and no scraper sees a counter go
//! back.

use crate::edits::{self, EDITS};
use crate::kernel::{Fate, Kernel, ROUTES};
use crate::world::{KernelOutput, S, Samples, World, options, pod};
use crate::{come_to_rest, exposed, owned, step, take};
use longwire_model::identity::Pod;
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::Scraper;
use longwire_pipeline::pipeline::Pipeline;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Usual(crate::Step),
    Fold {
        route: usize,
        count: u64,
    },
    /// Long enough for connections to get series of their own.
    Age,
    /// Another pod comes to the node, or leaves it.
    Churn,
    Save {
        slice: usize,
    },
    /// Or before a scraper could see what was saved.
    SaveAlone,
    Kill,
    /// By a returning scraper; or it is broken off.
    Scrape {
        whole: bool,
    },
    /// To one of [`edits`].
    Edit(usize),
}

/// With `edits`, what is configured changes in between.
pub(crate) fn steps(edits: bool) -> impl Strategy<Value = Vec<Step>> {
    let fate = prop_oneof![4 => Just(Fate::Arrives), 1 => Just(Fate::Twice), 1 => Just(Fate::Late)];
    let step = prop_oneof![
        16 => step(fate).prop_map(Step::Usual),
        1 => (0..ROUTES.len(), 1..5_u64).prop_map(|(route, count)| Step::Fold { route, count }),
        1 => Just(Step::Age),
        1 => Just(Step::Churn),
        3 => (0..2_000_usize).prop_map(|slice| Step::Save { slice }),
        1 => Just(Step::SaveAlone),
        2 => Just(Step::Kill),
        4 => prop::bool::weighted(0.8).prop_map(|whole| Step::Scrape { whole }),
        if edits { 8 } else { 0 } => (0..EDITS).prop_map(Step::Edit),
    ];
    prop::collection::vec(step, 1..80)
}

/// A node whose probe may be killed, and what its state file holds.
pub(crate) struct Node {
    pub(crate) world: World,
    pub(crate) kernel: Kernel,
    state: Vec<u8>,
    /// What was emitted before is in the state. It may lie in the ring still.
    position: usize,
    /// What was emitted since the last pass: ends among it may be emitted again, if they came through a map.
    fresh: usize,
    /// The same when the state was saved.
    saved_fresh: usize,
    configured: bool,
    silence: u32,
    extra: u64,
    /// What the last whole scrape saw of who comes again, and how often something went back.
    seen: Lines,
    went_back: Vec<String>,
    /// A scrape since the last kill: its connection stays.
    has_scraped: bool,
}

/// But gauges, and long connections, which go.
type Lines = BTreeMap<(String, BTreeMap<String, String>), f64>;

impl Node {
    pub(crate) fn new() -> Self {
        let (world, kernel) = (World::unconfigured(options()), Kernel::default());
        let state = world.saved(usize::MAX);
        Self {
            world,
            kernel,
            state,
            position: 0,
            fresh: 0,
            saved_fresh: 0,
            configured: false,
            silence: 0,
            extra: 0,
            seen: Lines::new(),
            went_back: Vec::new(),
            has_scraped: false,
        }
    }

    pub(crate) fn take(&mut self, step: Step) {
        match step {
            Step::Usual(step) => {
                self.configured |= matches!(step, crate::Step::Configure);
                let is_pass = matches!(step, crate::Step::Pass { .. });
                take(step, &mut self.world, &mut self.kernel);
                self.fresh = if is_pass { self.world.emitted.len() } else { self.fresh };
            }
            Step::Fold { route, count } => self.kernel.fold(&mut self.world, ROUTES[route], count),
            Step::Age => {
                self.world.answer();
                self.world.wait(S);
            }
            Step::Churn if self.configured => self.churn(),
            Step::Churn => {}
            Step::Save { slice } => {
                self.save(slice);
                self.world.pipeline.publish();
            }
            Step::SaveAlone => self.save(100),
            Step::Kill => self.kill(),
            Step::Scrape { whole } => self.scrape(whole),
            Step::Edit(number) if self.configured => self.world.observe(&Arc::new(edits::telemetry(number))),
            Step::Edit(_) => {}
        }
        // The operator answers a query before its timeout.
        self.silence += 1;
        if self.silence.is_multiple_of(8) {
            self.world.answer();
        }
    }

    fn churn(&mut self) {
        self.extra += 1;
        let uid = |number: u64| format!("uid-x{number}");
        let other = Pod { uid: uid(self.extra), addresses: Vec::new(), ..pod("a").as_ref().clone() };
        let come = LocalPod { pod: Arc::new(other), telemetry: Arc::new(Telemetry::plain(SeriesSets::default())) };
        let removed_pods = vec![uid(self.extra - 1)];
        self.world.pipeline.apply(&Update { pods: vec![come], removed_pods, ..Update::default() }, self.world.now);
    }

    fn save(&mut self, slice: usize) {
        (self.state, self.position, self.saved_fresh) = (self.world.saved(slice), self.world.emitted.len(), self.fresh);
    }

    /// From a state that holds all that was emitted so far.
    pub(crate) fn goes_on_as(&mut self, pipeline: Pipeline) {
        self.world.pipeline = pipeline;
        (self.position, self.saved_fresh) = (self.world.emitted.len(), self.world.emitted.len());
        if self.configured {
            self.world.observe_again();
        }
    }

    /// Ends that the kernel had put into the map may still be there, though they are saved. The successor's stream brings the node's pods again.
    pub(crate) fn kill(&mut self) {
        self.has_scraped = false;
        self.world.kill(&self.state, self.position);
        for emitted in &self.world.emitted[self.saved_fresh..self.position] {
            if let KernelOutput::Record(bytes) = emitted {
                self.world.pipeline.ingest(bytes, self.world.now);
            }
        }
        if self.configured {
            self.world.observe_again();
        }
    }

    fn scrape(&mut self, whole: bool) {
        let is_new = (!std::mem::replace(&mut self.has_scraped, true)).then_some(0);
        let by = Scraper { address: [10, 9, 9, 9].into(), slot: 0, is_new };
        let begun = self.world.pipeline.store_mut().open(Some(by.into()), self.world.now);
        let now = lines(self.world.viewed(begun.view(), counts));
        if !whole {
            return;
        }
        self.world.pipeline.store_mut().completed(&begun);
        for (line, before) in &self.seen {
            if now.get(line).is_none_or(|now| now < before) {
                self.went_back.push(format!("{line:?} {before} then {:?}", now.get(line)));
            }
        }
        self.seen = now;
    }

    /// What a scrape shows.
    pub(crate) fn shown(&self) -> Lines {
        lines(self.world.shown(counts))
    }
}

fn counts(name: &str) -> bool {
    name != "longwire_tcp_connections_active" && !name.starts_with("kmesh_tcp_connection")
}

fn lines(scrape: BTreeMap<String, Samples>) -> Lines {
    let lines = scrape.into_iter().flat_map(|(family, samples)| {
        samples.into_iter().map(move |(labels, value)| ((family.clone(), labels), value))
    });
    lines.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn however_often_it_is_killed_nothing_is_lost_and_nothing_shown_goes_back(steps in steps(false)) {
        let mut node = Node::new();
        let mut before = BTreeMap::new();
        for step in steps {
            node.take(step);
            let now = node.shown();
            for (line, value) in &before {
                prop_assert!(now.get(line).is_some_and(|now| now >= value), "{line:?} {value} then {:?}", now.get(line));
            }
            before = now;
        }
        prop_assert_eq!(&node.went_back, &Vec::<String>::new());
        node.kill();
        // Whatever was before: the first look is not saved in time for what is new in the second.
        for _ in 0..3 {
            node.scrape(true);
            node.save(100);
            node.world.pipeline.publish();
        }
        node.scrape(true);
        prop_assert_eq!(&node.seen, &node.shown());
        let Node { mut world, mut kernel, .. } = node;
        come_to_rest(&mut world, &mut kernel);
        prop_assert_eq!(exposed(&mut world), owned(kernel.truth()));
        let stats = world.pipeline.stats();
        prop_assert_eq!((stats.pending, stats.closes_lost, stats.samples_unknown, stats.backwards), (0, 0, 0, 0));
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let live = stats.connections as f64;
        prop_assert_eq!(world.value("longwire_tcp_connections_active", "").unwrap_or(0.0), live);
    }
}
