use super::*;
use rstest::rstest;
use std::cell::RefCell;

fn again(after: Option<u64>) -> Outcome {
    Outcome::Again { why: "was busy".to_owned(), after: after.map(Duration::from_secs) }
}

/// What becomes of a request whose attempts come to these outcomes, then to the last one for ever; and when attempts began, seconds.
async fn ran(outcomes: Vec<Outcome>, until: u64) -> (Sent, Vec<f64>, Counts) {
    let (begin, counts, alone) = (Instant::now(), Counts::default(), Rest::default());
    let (begun, rest) = (RefCell::new(Vec::new()), RefCell::new(outcomes));
    let sent = run(begin + Duration::from_secs(until), (&counts, &alone), || {
        begun.borrow_mut().push(begin.elapsed().as_secs_f64());
        let mut rest = rest.borrow_mut();
        let outcome = match rest.first() {
            Some(Outcome::Again { why, after }) if rest.len() == 1 => {
                Outcome::Again { why: why.clone(), after: *after }
            }
            _ => rest.remove(0),
        };
        async move { outcome }
    });
    (sent.await, begun.into_inner(), counts)
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_for_good_is_sent_once() {
    let refused = Sent::Refused { message: "no".to_owned() };
    let (sent, begun, counts) = ran(vec![Outcome::Done(refused.clone())], 60).await;
    assert_eq!((sent, begun), (refused, vec![0.0]));
    assert_eq!((counts.attempts(), counts.retries()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn waits_grow_up_to_their_bound_and_are_never_longer() {
    let outcomes = (0..9).map(|_| again(None)).chain([Outcome::Done(Sent::Accepted)]).collect();
    let (sent, begun, counts) = ran(outcomes, 3600).await;
    assert_eq!((sent, counts.attempts(), counts.retries()), (Sent::Accepted, 10, 9));
    let bounds = [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0];
    for (wait, bound) in begun.windows(2).map(|pair| pair[1] - pair[0]).zip(bounds) {
        // Timers count whole milliseconds.
        assert!((0.0..=bound + 0.002).contains(&wait), "{wait} of {bound}: {begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_is_left_alone_for_as_long_as_it_wants() {
    let (sent, begun, _) = ran(vec![again(Some(7)), again(Some(40)), Outcome::Done(Sent::Accepted)], 60).await;
    assert_eq!((sent, begun.len()), (Sent::Accepted, 3));
    assert!((7.0..7.01).contains(&begun[1]) && (47.0..47.02).contains(&begun[2]), "{begun:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_time_ends_with_it() {
    let begin = Instant::now();
    let (sent, begun, counts) = ran(vec![again(Some(u64::MAX))], 60).await;
    assert_eq!(sent, Sent::GaveUp { message: "gave up after 1 attempts: was busy".to_owned() });
    assert_eq!((begun.len(), counts.retries()), (1, 0));
    assert_eq!(begin.elapsed().as_secs(), 60, "the next request must not come earlier than this one would");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_says_now_is_not_asked_in_a_loop() {
    let (sent, begun, _) = ran(vec![again(Some(0))], 3600).await;
    assert!(matches!(sent, Sent::GaveUp { .. }), "{sent:?}");
    assert!(begun.len() < 1000, "{} attempts in an hour", begun.len());
}

#[tokio::test(start_paused = true)]
async fn without_time_nothing_is_tried() {
    let (sent, begun, counts) = ran(vec![again(None)], 0).await;
    assert_eq!(sent, Sent::GaveUp { message: "gave up after 0 attempts: no time was left for it".to_owned() });
    assert_eq!((begun.len(), counts.attempts()), (0, 0));
}

#[rstest]
#[case::seconds("120", Some(120))]
#[case::spaces(" 3 ", Some(3))]
#[case::date("Sun, 06 Nov 1994 08:49:37 GMT", Some(37))]
#[case::old_date("Sunday, 06-Nov-94 08:49:37 GMT", Some(37))]
#[case::passed("Sun, 06 Nov 1994 08:48:00 GMT", Some(0))]
#[case::negative("-1", None)]
#[case::fraction("1.5", None)]
#[case::too_large("18446744073709551616", None)]
#[case::nonsense("soon", None)]
#[case::empty("", None)]
fn headers(#[case] header: &str, #[case] seconds: Option<u64>) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_740);
    assert_eq!(retry_after(header, now), seconds.map(Duration::from_secs));
}

#[tokio::test(start_paused = true)]
async fn the_next_request_waits_for_the_rest_of_the_time_and_no_receiver_silences_an_exporter_for_good() {
    let (begin, counts, rest) = (Instant::now(), Counts::default(), Rest::default());
    let until = |seconds| begin + Duration::from_secs(seconds);
    let busy = async || again(Some(u64::MAX));
    assert!(matches!(run(until(60), (&counts, &rest), busy).await, Sent::GaveUp { .. }));
    let early = run(until(120), (&counts, &rest), async || Outcome::Done(Sent::Accepted)).await;
    let message = "gave up after 0 attempts: the receiver has asked to be left alone for longer".to_owned();
    assert_eq!((early, begin.elapsed().as_secs()), (Sent::GaveUp { message }, 120));
    let late = run(until(900), (&counts, &rest), async || Outcome::Done(Sent::Accepted)).await;
    assert_eq!((late, begin.elapsed().as_secs()), (Sent::Accepted, 600));
}
