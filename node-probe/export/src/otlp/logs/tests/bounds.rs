//! Requests within their bound.

use super::{batch, records, sample};
use longwire_model::access_log::LogEvent;
use longwire_pipeline::log::LogRecord;
use rstest::rstest;

#[rstest]
fn every_record_is_in_one_request_within_its_bound_and_in_order(
    #[values(0, 2_000, 5_000, 1 << 20)] max_bytes: usize,
    #[values(0, 1, 2, 50)] count: u64,
) {
    let mut batch = batch(max_bytes);
    let numbered = |suppressed| LogRecord { suppressed, ..sample(LogEvent::Close) };
    let mut requests: Vec<_> = (1..=count).filter_map(|number| batch.push(&numbered(number))).collect();
    requests.extend(batch.finish());
    assert_eq!(batch.finish(), None);
    let all: Vec<_> = requests.iter().flat_map(records).collect();
    let number = |record: &crate::otlp::proto::logs::v1::LogRecord| {
        record
            .attributes
            .iter()
            .find(|pair| pair.key == "longwire.suppressed")
            .map(|pair| super::text(pair.value.as_ref()))
    };
    let expected: Vec<_> = (1..=count).map(|number| Some(number.to_string())).collect();
    assert_eq!(all.iter().map(number).collect::<Vec<_>>(), expected);
    // One that a record fills alone may be larger.
    assert!(requests.iter().all(|request| request.bytes.len() <= max_bytes || request.records == 1));
    if let Some((_, full)) = requests.split_last() {
        assert!(full.iter().all(|request| request.bytes.len() + 2_000 > max_bytes));
    }
}
