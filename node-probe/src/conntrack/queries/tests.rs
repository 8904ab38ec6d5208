use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

fn questions(tokens: std::ops::Range<u64>) -> Vec<BackendQuestion> {
    let [source, destination] = [([10, 0, 0, 1], 4_000), ([10, 96, 0, 1], 80)].map(SocketAddr::from);
    tokens.map(|token| BackendQuestion { token, source, destination }).collect()
}

fn backend(token: u64) -> Option<SocketAddr> {
    Some(([10, 1, 0, 1], u16::try_from(token % 60_000).unwrap()).into())
}

/// Conntrack that answers a question only once the test lets it.
struct Gate {
    open: Sender<()>,
    asked: Arc<AtomicUsize>,
}

fn gated() -> (Queries, JoinHandle<()>, Gate) {
    let ((open, opened), asked) = (mpsc::channel(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&asked);
    let (queries, thread) = Queries::start(move |question| {
        counter.fetch_add(1, Ordering::SeqCst);
        // An error: the gate is open for good.
        let _ = opened.recv();
        backend(question.token)
    })
    .unwrap();
    (queries, thread, Gate { open, asked })
}

/// Turns of the sampling thread, until so many answers are there.
fn collect(queries: &mut Queries, count: usize) -> Vec<Answer> {
    let (began, mut answers) = (Instant::now(), Vec::new());
    while answers.len() < count {
        assert!(began.elapsed() < PATIENCE, "{} of {count} answers", answers.len());
        answers.extend(queries.answers());
        queries.ask(Vec::new());
        std::thread::yield_now();
    }
    answers
}

fn await_asked(gate: &Gate, count: usize) {
    let began = Instant::now();
    while gate.asked.load(Ordering::SeqCst) < count {
        assert!(began.elapsed() < PATIENCE, "conntrack was not asked");
        std::thread::yield_now();
    }
}

#[test]
fn each_question_has_its_own_answer_in_order() {
    let (mut queries, _thread) = Queries::start(|question| backend(question.token)).unwrap();
    assert_eq!(queries.ask(questions(0..1_000)), 0);
    let expected: Vec<_> = (0..1_000).map(|token| Answer { token, backend: backend(token) }).collect();
    assert_eq!(collect(&mut queries, 1_000), expected);
}

#[test]
fn a_query_that_blocks_delays_nobody_who_asks() {
    let (mut queries, _thread, gate) = gated();
    queries.ask(questions(0..1));
    await_asked(&gate, 1);
    let began = Instant::now();
    assert_eq!(queries.ask(questions(1..1_000)), 0);
    assert_eq!(queries.answers(), []);
    assert!(began.elapsed() < PATIENCE / 2);
    gate.open.send(()).unwrap();
    assert_eq!(collect(&mut queries, 1), [Answer { token: 0, backend: backend(0) }]);
}

#[test]
fn questions_that_find_no_room_are_counted_once_and_asked_later() {
    let (mut queries, _thread, gate) = gated();
    let all = HANDED_OVER as u64 + 100;
    assert_eq!(queries.ask(questions(0..all)), 100);
    assert_eq!(queries.ask(Vec::new()), 0);
    assert_eq!(queries.ask(questions(all..all + 7)), 7);
    drop(gate.open);
    let tokens: Vec<_> = collect(&mut queries, HANDED_OVER + 107).into_iter().map(|answer| answer.token).collect();
    assert_eq!(tokens, (0..all + 7).collect::<Vec<_>>());
    assert_eq!((queries.handed_over, queries.waiting.len()), (0, 0));
}

#[test]
fn the_oldest_of_too_many_questions_are_dropped() {
    let (mut queries, _thread, gate) = gated();
    let all = (HANDED_OVER + WAITING) as u64;
    for turn in 0..4 {
        queries.ask(questions(turn * all..(turn + 1) * all));
        assert_eq!((queries.handed_over, queries.waiting.len()), (HANDED_OVER, WAITING));
    }
    drop(gate.open);
    let tokens: Vec<_> = collect(&mut queries, HANDED_OVER + WAITING).into_iter().map(|answer| answer.token).collect();
    let expected = (0..HANDED_OVER as u64).chain(4 * all - WAITING as u64..4 * all);
    assert_eq!(tokens, expected.collect::<Vec<_>>());
}

#[test]
fn a_stop_does_not_wait_for_a_query_and_is_the_last() {
    let (mut queries, thread, gate) = gated();
    queries.ask(questions(0..100));
    await_asked(&gate, 1);
    let began = Instant::now();
    drop(queries);
    assert!(began.elapsed() < PATIENCE / 2);
    drop(gate.open);
    thread.join().unwrap();
    assert_eq!(gate.asked.load(Ordering::SeqCst), 1);
}

#[test]
fn an_idle_thread_ends_at_a_stop() {
    let (queries, thread) = Queries::start(|_| None).unwrap();
    drop(queries);
    thread.join().unwrap();
}

#[test]
fn a_thread_that_is_gone_blocks_nobody_and_takes_no_memory() {
    let (mut queries, thread) = Queries::start(|_| panic!("on purpose: conntrack's thread ends")).unwrap();
    queries.ask(questions(0..1));
    assert!(thread.join().is_err());
    for _ in 0..3 {
        assert_eq!(queries.ask(questions(0..WAITING as u64)), WAITING);
        assert_eq!((queries.answers(), queries.waiting.len()), (Vec::new(), WAITING));
    }
}
