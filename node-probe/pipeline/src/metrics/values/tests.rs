//! Each row of the table is a series with the value that its quantity has, without further code.

use super::rows::{Place, Shape};
use super::{ConnectionValues, Values};
use crate::labels::samples::{edge, flow, pod, service, workload};
use crate::metrics::samples::{hold_cluster, hold_flow};
use crate::metrics::{Budget, Reading, SeriesHandles, SeriesStore};
use crate::observation::{Delta, Reporter};
use crate::record::FailReason;
use crate::state::decode;
use longwire_model::series::{FAMILIES, Family, LabelKind, Metric, Metrics, Quantity, SeriesSet, SeriesSets};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// No two of its quantities, nor sums of some, are equal.
const LIVED: Delta = Delta {
    sent: 1,
    received: 2,
    retransmitted_bytes: 4,
    retransmits: 8,
    lost: 16,
    opened: 32,
    closed: 192,
    closed_by_remote: 64,
    failed: None,
    rtt_us: Some(256),
    handshake: Some(512),
    duration: Some(1_024),
};
const FAILED: [(FailReason, u64); 2] = [(FailReason::Refused, 2_048), (FailReason::Aborted, 4_096)];

/// One label set of each kind, into which the same has been recorded.
fn store() -> (SeriesStore, Vec<SeriesHandles>) {
    let mut store = SeriesStore::new(Budget::undivided(10_000, 100));
    let everything = Metrics::from(SeriesSet::ALL.into_iter().collect::<SeriesSets>());
    let (edge, client) = (edge(Reporter::Source, "client", "server"), workload("client"));
    let held = vec![
        hold_flow(&mut store, &flow(Reporter::Source, "client", "server", 1), everything, 0),
        hold_cluster(&mut store, (edge, pod("client-0", &client)), (80, service("web")), 0),
    ];
    for held in &held {
        store.record(held, Reporter::Source, &LIVED, 0);
        for failed in FAILED {
            store.record(held, Reporter::Source, &Delta { failed: Some(failed), ..Delta::default() }, 0);
        }
        store.activate(held);
    }
    store.publish();
    (store, held)
}

/// What the quantity comes to, for a client: of a histogram the sum in nanoseconds.
fn expected(quantity: Quantity) -> u64 {
    match quantity {
        Quantity::Sent | Quantity::FromClient => 1,
        Quantity::Received | Quantity::FromServer => 2,
        Quantity::BytesByDirection => 1 + 2,
        Quantity::RetransmittedBytes => 4,
        Quantity::Retransmits => 8,
        Quantity::Lost => 16,
        Quantity::Opened => 32,
        Quantity::Closed => 192,
        Quantity::Attempts => 32 + 2_048 + 4_096,
        Quantity::Failures | Quantity::FailuresByReason => 2_048 + 4_096,
        Quantity::Ends => 192 + 2_048 + 4_096,
        Quantity::EndsByClient => 128 + 4_096,
        Quantity::EndsByServer => 64 + 2_048,
        Quantity::Active => 1,
        Quantity::Rtt => 256_000,
        Quantity::Handshake => 512,
        Quantity::Duration => 1_024,
    }
}

fn value(store: &SeriesStore, family: &Family) -> Vec<u64> {
    let mut values = Vec::new();
    let _all = store.read(family, (0, u64::MAX), |_, series| {
        values.push(match series.reading() {
            Reading::Absent => panic!("{} is absent", family.name),
            Reading::Counter(value) => value,
            Reading::Gauge(value) => value.unsigned_abs(),
            Reading::Directions(bytes) => bytes.iter().sum(),
            Reading::Reasons(counts) => counts.iter().sum(),
            Reading::Histogram(histogram) => histogram.sum().1.into(),
        });
        ControlFlow::Continue(())
    });
    values
}

#[test]
fn every_row_of_the_table_has_the_value_of_its_figure() {
    let (store, _held) = store();
    for family in &FAMILIES {
        assert_eq!(value(&store, family), [expected(family.quantity)], "{}", family.name);
    }
}

#[test]
fn every_row_of_the_table_can_be_forgotten_alone() {
    // Without others of its labels there is no epoch for it: it goes with its label set.
    let is_alone = |family: &&Family| Metrics::labelled(family.set.label_kind()).iter().count() == 1;
    for family in FAMILIES.iter().filter(|family| !is_alone(family)) {
        let (mut store, held) = store();
        let others = |metric| metric != family.metric;
        // The metric is not recorded in this epoch, and the rest of its label set is.
        store.turn_epoch(1, held.iter());
        for held in &held {
            let rest: SeriesHandles = held
                .handles()
                .map(|mut handle| {
                    handle.metrics = handle.metrics.iter().filter(|metric| others(*metric)).collect();
                    handle
                })
                .filter(|handle| !handle.metrics.is_empty())
                .collect();
            store.record(&rest, Reporter::Source, &Delta::default(), 1);
        }
        store.turn_epoch(2, [].iter());
        store.publish();
        assert_eq!(value(&store, family), [0; 0], "{}", family.name);
        for other in FAMILIES.iter().filter(|other| others(other.metric)) {
            assert_eq!(value(&store, other), [expected(other.quantity)], "{} beside {}", other.name, family.name);
        }
    }
}

#[test]
fn every_row_of_the_table_has_a_place_of_its_own_and_its_number() {
    let mut places = BTreeSet::new();
    for (row, family) in FAMILIES.iter().enumerate() {
        assert_eq!(family.metric as usize, row, "{} does not stand where its metric says", family.name);
        let Place { shape, at } = Place::of(family.metric);
        let kind = family.set.label_kind();
        assert!(places.insert((kind, shape as u8, at)), "{} shares a place", family.name);
        // What the values of a kind have room for.
        let (gauges, reasons) = match kind {
            LabelKind::Service => (1, 1),
            LabelKind::Cluster => (1, 0),
            LabelKind::Locality | LabelKind::Workload | LabelKind::Connection => (0, 0),
        };
        match shape {
            Shape::Gauge => assert!(at < gauges, "{} is a gauge that its labels have no value for", family.name),
            Shape::Reasons => assert!(at < reasons, "{} has reasons that its labels have no value for", family.name),
            Shape::Histogram => assert_eq!(kind, LabelKind::Service, "{} is a histogram", family.name),
            Shape::Directions => assert_eq!((kind, at), (LabelKind::Locality, 0), "{} has directions", family.name),
            Shape::Counter => {}
        }
    }
}

#[test]
fn until_version_4_the_retransmits_of_a_long_connection_were_saved_before_its_losses() {
    // The metrics that are exposed; bytes sent and received.
    let saved = |last_two: [u8; 2]| [&[0xf0, 1, 1, 2][..], &last_two].concat();
    for (version, bytes) in [(4, saved([8, 16])), (5, saved([16, 8]))] {
        let mut values: ConnectionValues = decode(&bytes).unwrap();
        assert!(values.restore(version));
        for (metric, value) in [(Metric::KmeshConnectionRetrans, 8), (Metric::KmeshConnectionPacketLost, 16)] {
            assert!(matches!(values.read(metric), Reading::Counter(found) if found == value), "{version} {metric:?}");
        }
    }
}
