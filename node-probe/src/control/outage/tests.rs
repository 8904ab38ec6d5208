use super::{LogLine, Outage};
use std::time::{Duration, Instant};

#[test]
fn an_outage_is_logged_at_its_beginning_and_once_more_when_it_lasts() {
    let (mut outage, start) = (Outage::default(), Instant::now());
    let mut after = |seconds: u64, was_connected| outage.note(was_connected, start + Duration::from_secs(seconds));
    assert_eq!([after(0, false), after(1, false), after(9, false)], [LogLine::First, LogLine::Debug, LogLine::Debug]);
    assert_eq!(
        [after(10, false), after(11, false), after(100, false)],
        [LogLine::Lasting, LogLine::Debug, LogLine::Debug]
    );
    // It was connected in between.
    assert_eq!(
        [after(200, true), after(201, false), after(211, false)],
        [LogLine::First, LogLine::Debug, LogLine::Lasting]
    );
}
