use super::super::known::Known;
use super::super::{ReaderLimits, Verdict, digest};
use super::{allowed, away, forbidden};
use std::time::{Duration, Instant};

const LIMITS: ReaderLimits = ReaderLimits { admitted_tokens: 2, refused_tokens: 2, ..ReaderLimits::PAGE };

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn an_admitted_reader_is_checked_again_after_a_minute_and_a_refused_one_after_ten_seconds() {
    let (mut known, start) = (Known::new(LIMITS), Instant::now());
    known.learn(digest("good"), &allowed(600), start);
    known.learn(digest("bad"), &forbidden(), start);
    assert_eq!(known.verdict(&digest("good"), start + seconds(59)), Some(Verdict::Admitted { left: seconds(541) }));
    assert_eq!(known.verdict(&digest("good"), start + seconds(60)), None);
    assert_eq!(known.verdict(&digest("bad"), start + seconds(9)), Some(Verdict::Forbidden("u may not".to_owned())));
    assert_eq!(known.verdict(&digest("bad"), start + seconds(10)), None);
    assert_eq!(known.verdict(&digest("other"), start), None);
}

#[test]
fn during_an_outage_a_reader_is_kept_until_its_token_expires_or_for_an_hour() {
    let (mut known, start) = (Known::new(LIMITS), Instant::now());
    known.learn(digest("short"), &allowed(600), start);
    known.learn(digest("long"), &allowed(86_400), start);
    for at in [60, 120, 599] {
        known.learn(digest("short"), &away(), start + seconds(at));
    }
    assert!(known.is_kept(&digest("short"), start + seconds(599)));
    assert!(!known.is_kept(&digest("short"), start + seconds(600)));
    assert!(known.is_kept(&digest("long"), start + seconds(3_599)));
    assert!(!known.is_kept(&digest("long"), start + seconds(3_600)));
    // The hour starts anew with each decision.
    known.learn(digest("long"), &allowed(82_800), start + seconds(3_000));
    assert!(known.is_kept(&digest("long"), start + seconds(6_599)));
    assert!(!known.is_kept(&digest("other"), start));
}

#[test]
fn a_refusal_ends_what_was_admitted_and_an_admission_what_was_refused() {
    let (mut known, start) = (Known::new(LIMITS), Instant::now());
    known.learn(digest("a"), &allowed(600), start);
    known.learn(digest("a"), &forbidden(), start);
    assert!(!known.is_kept(&digest("a"), start));
    assert_eq!(known.verdict(&digest("a"), start), Some(Verdict::Forbidden("u may not".to_owned())));
    known.learn(digest("a"), &allowed(600), start);
    assert_eq!(known.verdict(&digest("a"), start), Some(Verdict::Admitted { left: seconds(600) }));
}

#[test]
fn the_token_that_was_decided_about_first_gives_way_and_refused_ones_only_to_refused_ones() {
    let (mut known, start) = (Known::new(LIMITS), Instant::now());
    known.learn(digest("good"), &allowed(600), start);
    for (at, token) in ["a", "b", "c"].into_iter().enumerate() {
        known.learn(digest(token), &forbidden(), start + Duration::from_millis(at as u64));
    }
    let now = start + seconds(1);
    assert_eq!(known.verdict(&digest("a"), now), None);
    for token in ["good", "b", "c"] {
        assert!(known.verdict(&digest(token), now).is_some(), "{token}");
    }
}
