//! Histograms as times.

use super::stage::{Stage, options, values};
use crate::statsd::timers::{MAX_WEIGHT, rate, times};
use crate::statsd::{Flavor, Histograms};
use longwire_pipeline::observation::{Delta, Reporter};
use proptest::prelude::*;
use rstest::rstest;

const BOUNDS: [f64; 3] = [0.001, 0.01, 0.1];

#[rstest]
#[case::one_bucket_has_the_mean([4, 0, 0, 0], 2_000, [Some(500), None, None, None])]
#[case::two_share_what_there_is([1, 1, 0, 0], 1_000 + 5_500 - 500, [Some(500), Some(5_500), None, None])]
#[case::the_last_has_no_bound([0, 0, 0, 2], 8_000_000, [None, None, None, Some(4_000_000)])]
#[case::the_last_has_the_rest([1, 0, 0, 1], 700_500, [Some(500), None, None, Some(700_000)])]
#[case::none_leaves_its_bucket([0, 3, 0, 1], 0, [None, Some(5_500), None, Some(100_001)])]
#[case::none_falls_into_the_one_below([0, 2, 1, 0], 0, [None, Some(1_001), Some(10_001), None])]
#[case::none_rises_into_the_one_above([2, 1, 0, 0], 1_000_000, [Some(1_000), Some(10_000), None, None])]
fn a_time_stands_for_its_bucket(#[case] counts: [u64; 4], #[case] sum: u64, #[case] expected: [Option<u64>; 4]) {
    for ((time, count), expected) in times(&BOUNDS, &counts, sum).into_iter().zip(counts).zip(expected) {
        assert_eq!((count != 0).then_some(time), expected);
    }
}

#[test]
fn times_that_said_more_than_the_sum_say_less_the_next_time() {
    let mut stage = Stage::new(options(Flavor::Graphite, Histograms::Timers));
    let to = stage.edge("client");
    let mut said_of = |times: &[u32]| {
        times.iter().for_each(|time| stage.add(&to, &Delta { rtt_us: Some(*time), ..Delta::default() }));
        let lines = stage.flush();
        values(&lines, "longwire_tcp_rtt_seconds").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(said_of(&[10, 100_100]), ["0.5", "100.001"]);
    assert_eq!(said_of(&[20]), ["0.001"]);
    assert_eq!(said_of(&[700]), ["0.328"]);
}

#[test]
fn a_line_stands_for_a_million_observations_and_the_next_flush_for_the_others() {
    let mut stage = Stage::new(options(Flavor::Graphite, Histograms::Timers));
    let to = stage.edge("client");
    for _ in 0..MAX_WEIGHT + 3 {
        stage.store.record(&to, Reporter::Source, &Delta { rtt_us: Some(500), ..Delta::default() }, 0);
    }
    stage.store.publish();
    for weight in [MAX_WEIGHT, 3] {
        let lines = stage.flush();
        let of: Vec<_> = lines.iter().filter(|line| line.name == "longwire_tcp_rtt_seconds").collect();
        assert_eq!((of.len(), of[0].value.as_str(), (1.0 / of[0].rate) as u64), (1, "0.5", weight));
    }
}

#[test]
fn a_receiver_gets_each_weight_from_its_rate() {
    let counts = (1..20_000).chain([65_537, 99_999, 524_287, MAX_WEIGHT - 1, MAX_WEIGHT]);
    for count in counts {
        let read: f64 = rate(count).to_string().parse().unwrap();
        assert_eq!((1.0 / read) as u64, count);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn times_are_as_many_as_were_observed_and_add_up(
        observed in prop::collection::vec((1..400_000_u32, any::<u8>()), 1..40),
    ) {
        let mut stage = Stage::new(options(Flavor::Graphite, Histograms::Timers));
        let to = stage.edge("client");
        let (mut count, mut sum) = (0, 0.0);
        let mut receive = |lines: Vec<super::parsed::Line>| {
            for line in lines.into_iter().filter(|line| line.name == "longwire_tcp_rtt_seconds") {
                let weight = (1.0 / line.rate).trunc();
                count += weight as usize;
                sum += weight * line.number() * 1e3;
            }
        };
        for (time, failing) in &observed {
            stage.add(&to, &Delta { rtt_us: Some(*time), ..Delta::default() });
            if failing % 3 == 0 {
                receive(stage.flush_some(|number| failing >> (number % 8) & 1 == 0));
            }
        }
        receive(stage.flush());
        prop_assert_eq!(count, observed.len());
        // Within the width of the last bucket with bounds, for each.
        let all: f64 = observed.iter().map(|(time, _)| f64::from(*time)).sum();
        prop_assert!((sum - all).abs() <= 90_000.0 * count as f64, "{} {}", sum, all);
    }
}

#[test]
fn without_failures_the_sum_of_times_is_exact_to_half_a_microsecond_each() {
    let mut stage = Stage::new(options(Flavor::Dogstatsd, Histograms::Timers));
    let to = stage.edge("client");
    let mut sum = 0.0;
    for round in 1..50_u32 {
        for time in [round * 13, 1_500 + round, 20_000 + round * 7, 150_000 + round] {
            stage.add(&to, &Delta { rtt_us: Some(time), ..Delta::default() });
        }
        let lines = stage.flush();
        let of = lines.iter().filter(|line| line.name == "longwire_tcp_rtt_seconds");
        sum += of.map(|line| (1.0 / line.rate).trunc() * line.number() * 1e6).sum::<f64>();
    }
    let all: u32 = (1..50).map(|round| round * 13 + 1_500 + round + 20_000 + round * 7 + 150_000 + round).sum();
    assert!((sum - f64::from(all)).abs() < 10.0, "{sum} {all}");
}
