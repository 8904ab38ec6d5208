//! Whatever the order, however often, and with whatever losses records, samples and answers arrive: what is exposed is
//! the truth, or below it with the loss counted.

#[path = "properties/abandon.rs"]
mod abandon;
#[path = "properties/corpus.rs"]
mod corpus;
#[path = "properties/damage.rs"]
mod damage;
#[path = "properties/edits.rs"]
mod edits;
#[path = "properties/envoy.rs"]
mod envoy;
#[path = "properties/epochs.rs"]
mod epochs;
#[path = "properties/folded.rs"]
mod folded;
#[path = "properties/kernel.rs"]
mod kernel;
#[path = "properties/kills.rs"]
mod kills;
#[path = "properties/limits.rs"]
mod limits;
#[path = "properties/locality.rs"]
mod locality;
#[path = "properties/scenarios.rs"]
mod scenarios;
#[path = "properties/shares.rs"]
mod shares;
#[path = "properties/state.rs"]
mod state;
#[path = "properties/successor.rs"]
mod successor;
#[path = "properties/tags.rs"]
mod tags;
#[path = "properties/world.rs"]
mod world;

use kernel::{Fate, Kernel, Ledger, ROUTES};
use longwire_model::series::SeriesSets;
use proptest::prelude::*;
use std::collections::BTreeMap;
use world::{S, World, options};

const FAMILIES: [&str; 4] = [
    "istio_tcp_connections_opened_total",
    "istio_tcp_connections_closed_total",
    "istio_tcp_sent_bytes_total",
    "istio_tcp_received_bytes_total",
];
const LABELS: [&str; 4] = ["reporter", "source_workload", "destination_workload", "destination_service_name"];

#[derive(Clone, Debug)]
enum Step {
    Open { route: usize, adopted: bool },
    Transfer { which: usize, up: u64, down: u64 },
    Close { which: usize, fates: [Fate; 2] },
    Pass { complete: bool, fates: Vec<Fate> },
    Answer,
    Wait,
    Configure,
}

fn steps(fate: impl Strategy<Value = Fate> + Clone + 'static) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(fate), 1..60)
}

fn step(fate: impl Strategy<Value = Fate> + Clone + 'static) -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..ROUTES.len(), prop::bool::weighted(0.2)).prop_map(|(route, adopted)| Step::Open { route, adopted }),
        4 => (0..9_usize, 0..1000_u64, 0..100_000_u64).prop_map(|(which, up, down)| Step::Transfer { which, up, down }),
        3 => (0..9_usize, [fate.clone(), fate.clone()]).prop_map(|(which, fates)| Step::Close { which, fates }),
        4 => (prop::bool::weighted(0.7), prop::collection::vec(fate, 8))
            .prop_map(|(complete, fates)| Step::Pass { complete, fates }),
        2 => Just(Step::Answer),
        2 => Just(Step::Wait),
        1 => Just(Step::Configure),
    ]
}

/// What is exposed, by label set; a label set of failures alone has none of these families.
fn exposed(world: &mut World) -> BTreeMap<[String; 4], [u64; 4]> {
    let scrape = world.scrape_of(|name| FAMILIES.contains(&name));
    let mut lines = BTreeMap::<_, [u64; 4]>::new();
    for (at, family) in FAMILIES.into_iter().enumerate() {
        for (labels, value) in scrape.get(family).into_iter().flatten() {
            assert!(*value >= 0.0 && value.fract() == 0.0, "{family} {value}");
            let line = lines.entry(LABELS.map(|label| labels[label].clone())).or_default();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
            let value = *value as u64;
            line[at] += value;
        }
    }
    lines
}

/// The same with names that compare, and without the lines that nothing was added to.
fn owned(truth: Ledger) -> BTreeMap<[String; 4], [u64; 4]> {
    truth.into_iter().map(|(labels, line)| (labels.map(str::to_owned), line)).collect()
}

/// By reporter and its own workload: the one name that is never unknown.
fn by_reporter(lines: BTreeMap<[String; 4], [u64; 4]>) -> BTreeMap<(String, String), [u64; 4]> {
    let mut sums = BTreeMap::<_, [u64; 4]>::new();
    for ([reporter, source, destination, _], line) in lines {
        let own = if reporter == "source" { source } else { destination };
        let sum = sums.entry((reporter, own)).or_default();
        for (sum, value) in sum.iter_mut().zip(line) {
            *sum += value;
        }
    }
    sums
}

fn take(step: Step, world: &mut World, kernel: &mut Kernel) {
    match step {
        Step::Open { route, adopted } => {
            kernel.open(world, ROUTES[route], adopted);
        }
        Step::Transfer { which, up, down } => kernel.transfer(which, up, down),
        Step::Close { which, fates } => kernel.close(world, which, fates),
        Step::Pass { complete, fates } => {
            let mut fates = fates.into_iter().cycle();
            kernel.pass(world, complete, || fates.next().unwrap());
        }
        Step::Answer => world.answer(),
        Step::Wait => world.wait(S / 8),
        Step::Configure => world.configure(SeriesSets::default()),
    }
}

/// Runs the steps and looks at the scrape after each: nothing above the truth, nothing backwards.
fn run(steps: Vec<Step>, mut each: impl FnMut(&mut World)) -> (World, Kernel) {
    let mut world = World::unconfigured(options());
    let mut kernel = Kernel::default();
    let mut before = BTreeMap::new();
    for step in steps {
        take(step, &mut world, &mut kernel);
        each(&mut world);
        let now = exposed(&mut world);
        for (labels, line) in &before {
            let next: &[u64; 4] = &now[labels];
            assert!(next.iter().zip(line).all(|(next, line)| next >= line), "{labels:?} {line:?} then {next:?}");
        }
        let truth = by_reporter(owned(kernel.truth()));
        for (who, line) in by_reporter(now.clone()) {
            let most = truth[&who];
            assert!(line.iter().zip(most).all(|(value, most)| *value <= most), "{who:?} {line:?}, truly {most:?}");
        }
        before = now;
    }
    (world, kernel)
}

/// Everything on its way arrives, and a few passes go by.
fn come_to_rest(world: &mut World, kernel: &mut Kernel) {
    kernel.flush(world);
    world.configure(SeriesSets::default());
    for _ in 0..3 {
        world.answer();
        kernel.pass(world, true, || Fate::Arrives);
        world.wait(S / 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_and_repetition_the_scrape_is_the_truth(
        steps in steps(prop_oneof![4 => Just(Fate::Arrives), 1 => Just(Fate::Twice), 1 => Just(Fate::Late)]),
    ) {
        let mut silence = 0;
        let (mut world, mut kernel) = run(steps, |world| {
            // The operator answers a query before its timeout.
            silence += 1;
            if silence % 8 == 0 {
                world.answer();
            }
        });
        come_to_rest(&mut world, &mut kernel);
        let truth: BTreeMap<_, _> = owned(kernel.truth());
        prop_assert_eq!(exposed(&mut world), truth);
        let stats = world.pipeline.stats();
        prop_assert_eq!((stats.pending, stats.closes_lost, stats.samples_unknown, stats.backwards), (0, 0, 0, 0));
    }

    #[test]
    fn whatever_is_lost_nothing_is_above_the_truth_and_what_was_seen_to_live_is_seen_to_end(
        steps in steps(prop_oneof![4 => Just(Fate::Arrives), 1 => Just(Fate::Twice), 1 => Just(Fate::Late), 2 => Just(Fate::Lost)]),
        answers in any::<bool>(),
    ) {
        let (mut world, mut kernel) = run(steps, |_| {});
        kernel.flush(&mut world);
        world.configure(SeriesSets::default());
        for _ in 0..3 {
            if answers {
                world.answer();
            }
            world.wait(4 * S);
            kernel.pass(&mut world, true, || Fate::Arrives);
        }
        let (truth, seen) = (by_reporter(owned(kernel.truth())), by_reporter(exposed(&mut world)));
        let mut missing = 0;
        for (who, line) in &truth {
            let got = seen.get(who).copied().unwrap_or_default();
            prop_assert!(got.iter().zip(line).all(|(got, line)| got <= line), "{:?} {:?} of {:?}", who, got, line);
            missing += u64::from(got != *line);
        }
        prop_assert!(missing == 0 || kernel.lost > 0);
        prop_assert_eq!(world.pipeline.stats().pending, 0);
        let live = world.pipeline.stats().connections;
        let active = world.value("longwire_tcp_connections_active", "").unwrap_or(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let live = live as f64;
        prop_assert_eq!(active, live, "a connection that has ended is still active");
    }
}
