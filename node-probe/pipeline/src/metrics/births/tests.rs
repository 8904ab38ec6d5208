use super::{Births, Lines};
use crate::metrics::snapshots::{Scraper, SnapshotNumber, Snapshots, View};
use longwire_model::series::{Metric, Metrics};

const SECOND: u64 = 1_000_000_000;

fn lines(metrics: &[Metric], reasons: [u64; 6]) -> Lines {
    Lines::of(metrics.iter().copied().collect()).and_failures(&reasons)
}

/// Of a scraper that is known, and has seen this many scrapes; and their numbers from 0 on.
fn views(count: usize) -> (Vec<View>, Vec<SnapshotNumber>) {
    let by = Some(Scraper { address: [10, 0, 0, 1].into(), slot: 0, is_new: None });
    let mut snapshots = Snapshots::default();
    let (mut views, mut numbers) = (Vec::new(), vec![snapshots.opened()]);
    for _ in 0..=count {
        let snapshot = snapshots.open(by.map(Into::into), SECOND);
        views.push(snapshot.view());
        snapshots.complete(&snapshot);
        numbers.push(snapshots.publish().0);
    }
    (views, numbers)
}

#[test]
fn each_line_is_new_until_its_own_birth_is_seen() {
    let (views, numbers) = views(3);
    let mut births = Births::default();
    let (counters, refused) = ([Metric::IstioOpened], [1, 0, 0, 0, 0, 0]);
    births.show(lines(&counters, [0; 6]), numbers[0], 0);
    births.show(lines(&counters, refused), numbers[2], 0);
    let unseen = births.unseen(&views[1]);
    assert!(unseen.has_reason(0) && !unseen.has(Metric::IstioOpened));
    assert_eq!(births.unseen(&views[3]), Lines::default());
    assert_eq!(births.unseen(&View::PLAIN), Lines::default());
}

#[test]
fn a_line_that_went_and_came_again_is_born_again() {
    let (views, numbers) = views(3);
    let mut births = Births::default();
    let (both, one) = ([Metric::IstioOpened, Metric::IstioClosed], [Metric::IstioClosed]);
    births.show(lines(&both, [0; 6]), numbers[0], SECOND);
    // Gone for a while, or gone and back before a sweep.
    for forget in [false, true] {
        if forget {
            births.forget(Lines::every(Metrics::NONE.with(Metric::IstioOpened)));
        } else {
            births.show(lines(&one, [0; 6]), numbers[1], 2 * SECOND);
        }
        births.show(lines(&both, [0; 6]), numbers[2], 3 * SECOND);
        let unseen = births.unseen(&views[2]);
        assert!(unseen.has(Metric::IstioOpened) && !unseen.has(Metric::IstioClosed));
        assert_eq!(births.at(|lines| lines.has(Metric::IstioOpened)), Some(3 * SECOND));
        assert_eq!(births.at(|lines| lines.has(Metric::IstioClosed)), Some(SECOND));
    }
    assert_eq!(births.saved().len(), 2);
}

#[test]
fn what_is_restored_is_as_it_was_and_nothing_of_it_can_stay_at_zero() {
    let (views, numbers) = views(3);
    let mut births = Births::default();
    births.show(lines(&[Metric::IstioOpened], [0; 6]), numbers[0], SECOND);
    births.show(lines(&[Metric::IstioOpened, Metric::LongwireRtt], [0, 0, 1, 0, 0, 0]), numbers[3], SECOND);
    let restored = Births::restore(births.saved(), numbers[3], SECOND);
    for view in &views {
        assert_eq!(restored.unseen(view), births.unseen(view));
    }
    // After a scrape that never was.
    let restored = Births::restore(births.saved(), numbers[2], 0);
    assert_eq!(restored.unseen(&views[2]), Lines::default());
    assert_eq!(restored.at(|lines| lines.has_reason(2)), Some(0));
}
