use super::super::{Decision, ReaderLimits, Readers, Verdict};
use super::{Scripted, allowed, away, forbidden};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Runs all tasks until they wait.
async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

fn verdict(readers: &Arc<Readers>, from: &str, token: &str) -> JoinHandle<Verdict> {
    let (readers, from, token) = (Arc::clone(readers), Arc::from(from), token.to_owned());
    tokio::spawn(async move { readers.verdict(&from, &token).await })
}

fn admitted(seconds: u64) -> Verdict {
    Verdict::Admitted { left: Duration::from_secs(seconds) }
}

#[tokio::test]
async fn requests_with_one_token_share_one_request_and_a_decision_is_kept() {
    let scripted = Scripted::new(0);
    scripted.decides("good", allowed(600));
    let readers = Readers::new(scripted.clone(), ReaderLimits::PAGE);
    let first = verdict(&readers, "a", "good");
    let others: Vec<_> = (0..20).map(|_| verdict(&readers, "b", "good")).collect();
    settle().await;
    // The first request is cancelled.
    first.abort();
    scripted.turns.add_permits(1);
    for other in others {
        assert_eq!(other.await.unwrap(), admitted(600));
    }
    let Verdict::Admitted { left } = verdict(&readers, "c", "good").await.unwrap() else { panic!("refused") };
    assert!(left <= Duration::from_secs(600));
    assert_eq!(*scripted.requested.lock(), [("a".to_owned(), "good".to_owned())]);
}

#[tokio::test]
async fn a_source_has_four_open_requests_and_its_bogus_tokens_do_not_block_other_sources() {
    let scripted = Scripted::new(0);
    scripted.decides("good", allowed(600));
    let readers = Readers::new(scripted.clone(), ReaderLimits::PAGE);
    let bogus: Vec<_> = (0..100).map(|number| verdict(&readers, "hostile", &format!("bogus{number}"))).collect();
    settle().await;
    assert_eq!(scripted.requests(), 4);
    let good = verdict(&readers, "prometheus", "good");
    settle().await;
    scripted.turns.add_permits(5);
    assert_eq!(good.await.unwrap(), admitted(600));
    let mut busy = 0;
    for bogus in bogus {
        match bogus.await.unwrap() {
            Verdict::Busy => busy += 1,
            verdict => assert_eq!(verdict, Verdict::Unauthenticated("unknown".to_owned())),
        }
    }
    assert_eq!(busy, 96);
}

#[tokio::test]
async fn open_requests_are_bounded_in_all() {
    let scripted = Scripted::new(0);
    let readers = Readers::new(scripted.clone(), ReaderLimits::PAGE);
    let requests: Vec<_> =
        (0..40).map(|number| verdict(&readers, &format!("s{number}"), &format!("t{number}"))).collect();
    settle().await;
    assert_eq!(scripted.requests(), 32);
    scripted.turns.add_permits(32);
    let mut busy = 0;
    for request in requests {
        busy += usize::from(request.await.unwrap() == Verdict::Busy);
    }
    assert_eq!(busy, 8);
}

/// Keeps no decision.
const ALWAYS: ReaderLimits = ReaderLimits { admitted: Duration::ZERO, refused: Duration::ZERO, ..ReaderLimits::PAGE };

#[tokio::test]
async fn an_admitted_reader_is_kept_while_the_authorizer_is_unavailable_until_a_refusal() {
    let scripted = Scripted::new(100);
    let readers = Readers::new(scripted.clone(), ALWAYS);
    scripted.decides("old", allowed(600));
    assert_eq!(verdict(&readers, "a", "old").await.unwrap(), admitted(600));
    scripted.decides("old", away());
    scripted.decides("new", away());
    assert_eq!(verdict(&readers, "a", "old").await.unwrap(), Verdict::Kept);
    assert_eq!(verdict(&readers, "a", "new").await.unwrap(), Verdict::Unavailable("no operator".to_owned()));
    scripted.decides("old", forbidden());
    assert_eq!(verdict(&readers, "a", "old").await.unwrap(), Verdict::Forbidden("u may not".to_owned()));
    scripted.decides("old", away());
    assert_eq!(verdict(&readers, "a", "old").await.unwrap(), Verdict::Unavailable("no operator".to_owned()));
}

#[tokio::test]
async fn an_admitted_reader_is_kept_while_too_many_requests_are_open() {
    let scripted = Scripted::new(1);
    let readers = Readers::new(scripted.clone(), ALWAYS);
    scripted.decides("old", allowed(600));
    assert_eq!(verdict(&readers, "a", "old").await.unwrap(), admitted(600));
    let open: Vec<_> = (0..4).map(|number| verdict(&readers, "a", &format!("bogus{number}"))).collect();
    settle().await;
    assert_eq!(verdict(&readers, "a", "old").await.unwrap(), Verdict::Kept);
    scripted.turns.add_permits(4);
    for open in open {
        open.await.unwrap();
    }
}

#[tokio::test]
async fn a_text_is_no_longer_than_what_is_remembered() {
    let scripted = Scripted::new(1);
    scripted.decides("long", Decision::Forbidden("x\n".repeat(10_000)));
    let readers = Readers::new(scripted.clone(), ReaderLimits::PAGE);
    assert_eq!(verdict(&readers, "a", "long").await.unwrap(), Verdict::Forbidden("x".repeat(512)));
}
