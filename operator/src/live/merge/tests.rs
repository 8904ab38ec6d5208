use super::{Directions, Merged, Phase, Report, Why};
use crate::live::fake::moved;
use longwire_model::connection::{CloseReason, FailReason, Reporter, Traffic};
use longwire_model::live::{Ended, Ending, Moved};
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

fn closed(by: Option<Reporter>, reason: Option<CloseReason>) -> Ended {
    Ended { at: Some(9), how: Ending::Closed { by, reason }, handshake: None }
}

const FAILED: Ended = Ended { at: Some(7), how: Ending::Failed(FailReason::Timeout), handshake: Some(5) };

fn over(ended: Option<Ended>) -> Report {
    let mut report = Report::default();
    ended.into_iter().for_each(|ended| report.end(ended));
    report
}

#[test]
fn when_a_connection_is_over_and_why() {
    use Phase::{Closed, Failed, Open};
    let fin = closed(Some(Reporter::Source), Some(CloseReason::Fin));
    let silent = closed(None, None);
    let check = |source: Option<Option<Ended>>, destination: Option<Option<Ended>>, is_over, phase, why| {
        let reports = [source.map(over), destination.map(over)];
        let merged = Merged::default().and([reports[0].as_ref(), reports[1].as_ref()], is_over);
        assert_eq!((merged.phase, merged.why), (phase, why), "{source:?} {destination:?} {is_over}");
        merged
    };
    let by_fin = Some(Why::Closed(CloseReason::Fin));
    check(None, None, true, Open, None);
    check(Some(None), Some(None), true, Open, None);
    check(Some(Some(fin)), Some(None), false, Open, None);
    check(Some(Some(fin)), Some(None), true, Closed, by_fin);
    check(Some(Some(fin)), None, false, Closed, by_fin);
    check(Some(Some(silent)), Some(Some(silent)), false, Closed, None);
    let merged = check(Some(Some(silent)), Some(Some(fin)), false, Closed, by_fin);
    assert_eq!((merged.closed_by, merged.end), (Some(Reporter::Source), Some(9)));
    let merged = check(Some(Some(FAILED)), None, false, Failed, Some(Why::Failed(FailReason::Timeout)));
    assert_eq!((merged.closed_by, merged.end, merged.handshake), (None, Some(7), Some(5)));
    // The client gave up, but the server has served it.
    check(Some(Some(FAILED)), Some(Some(fin)), false, Closed, by_fin);
}

#[test]
fn what_is_over_stays_as_it_was() {
    let first = over(Some(closed(None, Some(CloseReason::Reset))));
    let merged = Merged::default().and([Some(&first), None], true);
    let late = over(Some(closed(Some(Reporter::Source), Some(CloseReason::Fin))));
    let later = merged.and([Some(&late), Some(&over(None))], true);
    assert_eq!((later.phase, later.why, later.closed_by), (merged.phase, merged.why, merged.closed_by));
}

#[test]
fn the_most_of_both_ends_counts_and_each_kernel_is_its_own() {
    let (mut source, mut destination) = (Report::default(), Report::default());
    source.read(moved(SECOND, 100, 10));
    source.read(moved(3 * SECOND, 300, 10));
    let traffic = Traffic { sent: 40, received: 250, retransmits: 2, lost: 1, retransmitted_bytes: 9 };
    destination.read(Moved { at: 2 * SECOND, traffic, rtt_us: Some(7), min_rtt_us: None });
    destination.is_stale = true;
    let merged = Merged::default().and([Some(&source), Some(&destination)], true);
    assert_eq!(merged.bytes, Directions { from_source: 300, from_destination: 40 });
    assert_eq!(merged.bytes_per_second, Directions { from_source: 100, from_destination: 0 });
    assert_eq!((merged.observed, merged.phase), (3 * SECOND, Phase::Open));
    let [Some(of_source), Some(of_destination)] = merged.kernels else { panic!("{merged:?}") };
    assert_eq!((of_source.retransmits, of_source.rtt_us, of_source.is_stale), (0, None, false));
    assert_eq!((of_destination.retransmits, of_destination.lost, of_destination.retransmitted_bytes), (2, 1, 9));
    assert_eq!((of_destination.rtt_us, of_destination.is_stale), (Some(7), true));
    // An end that is gone leaves what it knew, and no rate.
    let without = merged.and([None, Some(&destination)], true);
    assert_eq!((without.bytes, without.kernels[0]), (merged.bytes, merged.kernels[0]));
    assert_eq!(without.bytes_per_second, Directions::default());
}

#[test]
fn the_first_reading_is_no_rate() {
    let mut report = Report::default();
    report.read(moved(1_700_000_000 * SECOND, 1 << 62, 1));
    assert_eq!(report.rate, Directions::default());
}

#[test]
fn the_first_end_counts() {
    let mut report = over(Some(FAILED));
    report.end(closed(None, None));
    assert_eq!(report.ended, Some(FAILED));
}

proptest! {
    /// Whatever a probe says, in whatever order.
    #[test]
    fn bytes_never_fall_and_are_numbers_of_the_api(
        readings in prop::collection::vec((any::<bool>(), any::<[u64; 3]>(), any::<bool>()), 1..20),
    ) {
        let mut reports = [None, None];
        let mut merged = Merged::default();
        for (end, [at, received, sent], forgets) in readings {
            let report = reports[usize::from(end)].get_or_insert_with(Report::default);
            report.read(moved(at, received, sent));
            let next = merged.and([reports[0].as_ref(), reports[1].as_ref()], true);
            prop_assert!(next.bytes.from_source >= merged.bytes.from_source);
            prop_assert!(next.bytes.from_destination >= merged.bytes.from_destination);
            prop_assert!(next.bytes.from_source >= received.min(i64::MAX as u64));
            for number in [next.bytes.from_source, next.bytes.from_destination, next.bytes_per_second.from_source] {
                prop_assert!(i64::try_from(number).is_ok());
            }
            merged = next;
            if forgets {
                reports[usize::from(end)] = None;
            }
        }
    }
}
