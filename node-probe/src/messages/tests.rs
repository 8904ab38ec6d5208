use super::*;
use longwire_pipeline::metrics::{BudgetOwner, Resource};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// A busy machine may stall a thread for seconds.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, PartialEq)]
enum Done {
    Delivered(Report),
    BegunAgain(Vec<Crossing>),
}

/// Announces what it is about to do, and does it once the test lets it.
struct Gated {
    done: Sender<Done>,
    open: Receiver<()>,
}

impl Gated {
    fn pass(&self, done: Done) {
        let _ = self.done.send(done);
        // An error: the gate is open for good.
        let _ = self.open.recv();
    }
}

impl Deliver for Gated {
    fn deliver(&mut self, report: Report) {
        self.pass(Done::Delivered(report));
    }

    fn begin_again(&mut self, crossings: Vec<Crossing>) {
        self.pass(Done::BegunAgain(crossings));
    }

    fn is_waiting(&self) -> bool {
        false
    }
}

fn gated() -> (Messages, JoinHandle<()>, Receiver<Done>, Sender<()>) {
    let ((done, seen), (open, opened)) = (mpsc::channel(), mpsc::channel());
    let (messages, thread) = Messages::start(Gated { done, open: opened }).unwrap();
    (messages, thread, seen, open)
}

fn report_of(number: u32) -> Report {
    let add = vec![IpAddr::V4(Ipv4Addr::from_bits(number))];
    Report { interest: Interest { add, drop: Vec::new() }, ..Report::default() }
}

fn crossing(limit: usize) -> Crossing {
    Crossing { whose: BudgetOwner::Node, resource: Resource::Series, limit, overflowed: None }
}

/// The thread is within the delivery of report 0, and so many wait.
fn filled(messages: &mut Messages, seen: &Receiver<Done>) {
    assert!(messages.report(report_of(0)));
    assert_eq!(seen.recv_timeout(TIMEOUT).unwrap(), Done::Delivered(report_of(0)));
    for number in 1..=REPORTS as u32 {
        assert!(messages.report(report_of(number)), "report {number}");
    }
}

#[test]
fn reports_are_delivered_in_order_and_empty_ones_are_none() {
    let (mut messages, thread, seen, open) = gated();
    drop(open);
    for number in 0..50 {
        assert!(messages.report(report_of(number)) && messages.report(Report::default()));
    }
    drop(messages);
    thread.join().unwrap();
    let expected: Vec<_> = (0..50).map(|number| Done::Delivered(report_of(number))).collect();
    assert_eq!(seen.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_full_queue_drops_what_waits_and_begins_again_once() {
    let (mut messages, thread, seen, open) = gated();
    filled(&mut messages, &seen);
    let began = Instant::now();
    for number in 1_000..1_003 {
        assert!(!messages.report(report_of(number)));
    }
    // Nothing of its own was dropped.
    assert!(messages.report(Report::default()));
    assert!(began.elapsed() < TIMEOUT / 2);
    open.send(()).unwrap();
    assert_eq!(seen.recv_timeout(TIMEOUT).unwrap(), Done::BegunAgain(Vec::new()));
    assert!(messages.report(report_of(7)));
    drop(open);
    drop(messages);
    thread.join().unwrap();
    assert_eq!(seen.iter().collect::<Vec<_>>(), [Done::Delivered(report_of(7))]);
}

#[test]
fn the_log_has_the_crossings_of_dropped_reports() {
    let (mut messages, _thread, seen, open) = gated();
    assert!(messages.report(report_of(0)));
    seen.recv_timeout(TIMEOUT).unwrap();
    for limit in 0..REPORTS {
        assert!(messages.report(Report { crossings: vec![crossing(limit)], ..Report::default() }));
    }
    for limit in REPORTS..REPORTS + 2 {
        assert!(!messages.report(Report { crossings: vec![crossing(limit)], ..Report::default() }));
    }
    drop(open);
    // Turns without anything to report.
    let (began, mut logged) = (Instant::now(), Vec::new());
    while logged.len() < REPORTS + 2 {
        assert!(began.elapsed() < TIMEOUT && messages.report(Report::default()), "{logged:?}");
        match seen.recv_timeout(Duration::from_millis(10)) {
            Ok(Done::Delivered(report)) => logged.extend(report.crossings),
            Ok(Done::BegunAgain(crossings)) => logged.extend(crossings),
            Err(_) => {}
        }
    }
    assert_eq!(logged, (0..REPORTS + 2).map(crossing).collect::<Vec<_>>());
}

#[test]
fn an_overrun_that_the_thread_saw_late_is_heard_of_in_a_turn_without_reports() {
    let (mut messages, _thread, seen, open) = gated();
    drop(open);
    // The queue was emptied between the refusal and the mark.
    messages.overrun.store(true, Ordering::Release);
    assert!(messages.report(Report::default()));
    assert_eq!(seen.recv_timeout(TIMEOUT).unwrap(), Done::BegunAgain(Vec::new()));
    assert!(messages.report(Report::default()));
    assert!(seen.recv_timeout(Duration::from_millis(50)).is_err());
}

#[test]
fn a_stop_does_not_wait_for_a_delivery() {
    let (mut messages, thread, seen, open) = gated();
    filled(&mut messages, &seen);
    let began = Instant::now();
    drop(messages);
    assert!(began.elapsed() < TIMEOUT / 2);
    drop(open);
    thread.join().unwrap();
    assert_eq!(seen.iter().count(), REPORTS);
}

#[test]
fn a_thread_that_is_gone_blocks_no_caller_and_takes_no_memory() {
    struct Gone;
    impl Deliver for Gone {
        fn deliver(&mut self, _: Report) {
            panic!("on purpose: the thread of messages ends");
        }

        fn begin_again(&mut self, _: Vec<Crossing>) {}

        fn is_waiting(&self) -> bool {
            false
        }
    }
    let (mut messages, thread) = Messages::start(Gone).unwrap();
    messages.report(report_of(0));
    assert!(thread.join().is_err());
    for limit in 0..2 * CROSSINGS {
        assert!(!messages.report(Report { crossings: vec![crossing(limit)], ..report_of(1) }));
    }
    assert_eq!(messages.crossings.len(), CROSSINGS);
}

#[test]
fn while_something_waits_there_is_an_empty_report_now_and_then_until_the_stop() {
    struct Waiting(Sender<Report>);
    impl Deliver for Waiting {
        fn deliver(&mut self, report: Report) {
            let _ = self.0.send(report);
        }

        fn begin_again(&mut self, _: Vec<Crossing>) {}

        fn is_waiting(&self) -> bool {
            true
        }
    }
    let (done, seen) = mpsc::channel();
    let (messages, thread) = Messages::start(Waiting(done)).unwrap();
    assert_eq!(seen.recv_timeout(TIMEOUT).unwrap(), Report::default());
    drop(messages);
    thread.join().unwrap();
}
