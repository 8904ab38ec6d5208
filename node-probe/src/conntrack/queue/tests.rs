use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A busy machine may stall a thread for seconds.
const TIMEOUT: Duration = Duration::from_secs(60);

fn queries(tokens: std::ops::Range<u64>) -> Vec<BackendQuery> {
    let [source, destination] = [([10, 0, 0, 1], 4_000), ([10, 96, 0, 1], 80)].map(SocketAddr::from);
    tokens.map(|token| BackendQuery { token, source, destination }).collect()
}

fn backend(token: u64) -> Option<SocketAddr> {
    Some(([10, 1, 0, 1], u16::try_from(token % 60_000).unwrap()).into())
}

/// Conntrack that answers a query only once the test lets it.
struct Gate {
    open: Sender<()>,
    queried: Arc<AtomicUsize>,
}

fn gated() -> (ConntrackQueue, JoinHandle<()>, Gate) {
    let ((open, opened), queried) = (mpsc::channel(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&queried);
    let (queue, thread) = ConntrackQueue::start(move |query| {
        counter.fetch_add(1, Ordering::SeqCst);
        // An error: the gate is open for good.
        let _ = opened.recv();
        backend(query.token)
    })
    .unwrap();
    (queue, thread, Gate { open, queried })
}

/// Turns of the sampling thread, until so many answers are there.
fn collect(queue: &mut ConntrackQueue, count: usize) -> Vec<Answer> {
    let (began, mut answers) = (Instant::now(), Vec::new());
    while answers.len() < count {
        assert!(began.elapsed() < TIMEOUT, "{} of {count} answers", answers.len());
        answers.extend(queue.answers());
        queue.push(Vec::new());
        std::thread::yield_now();
    }
    answers
}

fn await_queried(gate: &Gate, count: usize) {
    let began = Instant::now();
    while gate.queried.load(Ordering::SeqCst) < count {
        assert!(began.elapsed() < TIMEOUT, "conntrack was not queried");
        std::thread::yield_now();
    }
}

#[test]
fn each_query_has_its_own_answer_in_order() {
    let (mut queue, _thread) = ConntrackQueue::start(|query| backend(query.token)).unwrap();
    assert_eq!(queue.push(queries(0..1_000)), 0);
    let expected: Vec<_> = (0..1_000).map(|token| Answer { token, backend: backend(token) }).collect();
    assert_eq!(collect(&mut queue, 1_000), expected);
}

#[test]
fn a_query_that_blocks_delays_no_caller() {
    let (mut queue, _thread, gate) = gated();
    queue.push(queries(0..1));
    await_queried(&gate, 1);
    let began = Instant::now();
    assert_eq!(queue.push(queries(1..1_000)), 0);
    assert_eq!(queue.answers(), []);
    assert!(began.elapsed() < TIMEOUT / 2);
    gate.open.send(()).unwrap();
    assert_eq!(collect(&mut queue, 1), [Answer { token: 0, backend: backend(0) }]);
}

#[test]
fn queries_that_find_no_room_are_counted_once_and_sent_later() {
    let (mut queue, _thread, gate) = gated();
    let all = HANDED_OVER as u64 + 100;
    assert_eq!(queue.push(queries(0..all)), 100);
    assert_eq!(queue.push(Vec::new()), 0);
    assert_eq!(queue.push(queries(all..all + 7)), 7);
    drop(gate.open);
    let tokens: Vec<_> = collect(&mut queue, HANDED_OVER + 107).into_iter().map(|answer| answer.token).collect();
    assert_eq!(tokens, (0..all + 7).collect::<Vec<_>>());
    assert_eq!((queue.handed_over, queue.waiting.len()), (0, 0));
}

#[test]
fn the_oldest_of_too_many_queries_are_dropped() {
    let (mut queue, _thread, gate) = gated();
    let all = (HANDED_OVER + WAITING) as u64;
    for turn in 0..4 {
        queue.push(queries(turn * all..(turn + 1) * all));
        assert_eq!((queue.handed_over, queue.waiting.len()), (HANDED_OVER, WAITING));
    }
    drop(gate.open);
    let tokens: Vec<_> = collect(&mut queue, HANDED_OVER + WAITING).into_iter().map(|answer| answer.token).collect();
    let expected = (0..HANDED_OVER as u64).chain(4 * all - WAITING as u64..4 * all);
    assert_eq!(tokens, expected.collect::<Vec<_>>());
}

#[test]
fn a_stop_does_not_wait_for_a_query_and_is_the_last() {
    let (mut queue, thread, gate) = gated();
    queue.push(queries(0..100));
    await_queried(&gate, 1);
    let began = Instant::now();
    drop(queue);
    assert!(began.elapsed() < TIMEOUT / 2);
    drop(gate.open);
    thread.join().unwrap();
    assert_eq!(gate.queried.load(Ordering::SeqCst), 1);
}

#[test]
fn an_idle_thread_ends_at_a_stop() {
    let (queue, thread) = ConntrackQueue::start(|_| None).unwrap();
    drop(queue);
    thread.join().unwrap();
}

#[test]
fn a_thread_that_has_ended_blocks_no_caller_and_takes_no_memory() {
    let (mut queue, thread) = ConntrackQueue::start(|_| panic!("on purpose: conntrack's thread ends")).unwrap();
    queue.push(queries(0..1));
    assert!(thread.join().is_err());
    for _ in 0..3 {
        assert_eq!(queue.push(queries(0..WAITING as u64)), WAITING);
        assert_eq!((queue.answers(), queue.waiting.len()), (Vec::new(), WAITING));
    }
}
