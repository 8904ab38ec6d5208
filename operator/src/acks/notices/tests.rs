use super::Notices;
use std::time::{Duration, Instant};

#[test]
fn each_notice_is_sent_once_and_again_after_an_hour() {
    let (mut notices, start) = (Notices::default(), Instant::now());
    notices.take("full", start);
    notices.take("full", start);
    notices.take("fuller", start);
    assert_eq!(notices.next(), Some("full"), "it waits until it is sent");
    notices.sent("full", start);
    assert_eq!(notices.next(), Some("fuller"));
    notices.sent("fuller", start);
    notices.take("full", start + Duration::from_secs(3_599));
    assert_eq!(notices.next(), None);
    notices.take("full", start + Duration::from_secs(3_600));
    assert_eq!(notices.next(), Some("full"));
}

#[test]
fn a_node_that_says_ever_new_things_is_heard_32_times_an_hour() {
    let (mut notices, start, mut received) = (Notices::default(), Instant::now(), 0);
    for number in 0..1_000 {
        notices.take(&format!("{number} {}", "x".repeat(5_000)), start);
        if let Some(text) = notices.next().map(str::to_owned) {
            assert_eq!(text.chars().count(), 800);
            notices.sent(&text, start);
            received += 1;
        }
    }
    assert_eq!(received, 32);
}
