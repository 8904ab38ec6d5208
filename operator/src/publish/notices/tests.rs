use super::Notices;
use std::time::{Duration, Instant};

fn said(node: &str, text: &str) -> (String, String) {
    (node.to_owned(), text.to_owned())
}

#[test]
fn each_notice_of_a_node_is_sent_once_and_again_after_an_hour() {
    let (notices, start) = (Notices::default(), Instant::now());
    notices.take_at("n1", "full", start);
    notices.take_at("n1", "full", start);
    notices.take_at("n1", "fuller", start);
    assert_eq!(notices.next(), [said("n1", "full")], "it waits until it is told");
    notices.sent_at("n1", "full", start);
    assert_eq!(notices.next(), [said("n1", "fuller")]);
    notices.sent_at("n1", "fuller", start);
    notices.take_at("n1", "full", start + Duration::from_secs(3_599));
    assert_eq!(notices.next(), []);
    notices.take_at("n1", "full", start + Duration::from_secs(3_600));
    assert_eq!(notices.next(), [said("n1", "full")]);
}

#[test]
fn a_node_has_32_notices_an_hour_and_takes_none_from_others() {
    let (notices, start, mut heard) = (Notices::default(), Instant::now(), 0);
    for number in 0..1_000 {
        notices.take_at("chatty", &format!("{number} {}", "x".repeat(5_000)), start);
        if let Some((node, text)) = notices.next().first() {
            assert_eq!(text.chars().count(), 800);
            notices.sent_at(node, text, start);
            heard += 1;
        }
    }
    assert_eq!(heard, 32);
    notices.take_at("other", "full", start);
    assert_eq!(notices.next(), [said("other", "full")]);
    notices.retain(|node| node == "chatty");
    assert_eq!(notices.next(), []);
}
