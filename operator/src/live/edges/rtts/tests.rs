use super::Rtts;
use crate::live::edges::sums::Quantiles;
use proptest::prelude::*;

#[test]
fn each_connection_counts_with_its_last_one() {
    let mut rtts = Rtts::default();
    assert_eq!(rtts.quantiles(), None);
    (1..=100).for_each(|rtt| rtts.replace(None, Some(rtt)));
    assert_eq!(rtts.quantiles(), Some(Quantiles { p50: 50, p95: 95, p99: 99 }));
    (1..=99).for_each(|rtt| rtts.replace(Some(rtt), None));
    rtts.replace(None, None);
    assert_eq!(rtts.quantiles(), Some(Quantiles { p50: 100, p95: 100, p99: 100 }));
    rtts.replace(Some(100), Some(7));
    assert_eq!(rtts.quantiles().map(|quantiles| quantiles.p50), Some(7));
    rtts.replace(Some(7), None);
    assert_eq!((rtts.quantiles(), rtts.counts.len()), (None, 0));
}

proptest! {
    #[test]
    fn a_quantile_is_that_of_the_sorted_times(mut times in prop::collection::vec(0..50_u32, 1..200)) {
        let mut rtts = Rtts::default();
        times.iter().for_each(|rtt| rtts.replace(None, Some(*rtt)));
        times.sort_unstable();
        let nearest = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
        let expected = Quantiles { p50: nearest(50), p95: nearest(95), p99: nearest(99) };
        prop_assert_eq!(rtts.quantiles(), Some(expected));
    }
}
