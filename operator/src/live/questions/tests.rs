use super::{FRESH, Questions, WAIT};
use longwire_model::live::Facts;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

fn facts(kernel: &str) -> Facts {
    Facts { kernel: kernel.to_owned(), ..Facts::default() }
}

/// Nodes whose answers came, with their kernels.
async fn ask(questions: &Questions) -> Vec<(String, String)> {
    let known = questions.ask().await;
    let mut known: Vec<_> = known.iter().map(|(node, facts)| (node.to_string(), facts.kernel.clone())).collect();
    known.sort();
    known
}

fn of(node: &str, kernel: &str) -> (String, String) {
    (node.to_owned(), kernel.to_owned())
}

#[tokio::test(start_paused = true)]
async fn without_streams_nobody_waits() {
    let (questions, begin) = (Arc::<Questions>::default(), Instant::now());
    assert_eq!((ask(&questions).await, begin.elapsed()), (vec![], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn all_are_asked_and_the_answers_of_a_second_count_for_everybody() {
    let questions = Arc::<Questions>::default();
    let mut one = questions.join(&"n1".into(), 1);
    let two = questions.join(&"n2".into(), 2);
    let begin = Instant::now();
    let (known, ()) = tokio::join!(ask(&questions), async {
        one.asked.changed().await.unwrap();
        one.answer(1, facts("a"));
        sleep(Duration::from_millis(20)).await;
        two.answer(1, facts("b"));
    });
    let both = vec![of("n1", "a"), of("n2", "b")];
    assert_eq!(known, both);
    assert!(begin.elapsed() < WAIT / 2);
    sleep(FRESH / 2).await;
    assert_eq!((ask(&questions).await, *one.asked.borrow()), (both, 1));
    // Somebody asks a moment later: old answers do not count.
    sleep(FRESH / 2).await;
    let (known, ()) = tokio::join!(ask(&questions), async {
        one.asked.changed().await.unwrap();
        one.answer(2, facts("c"));
        drop(two);
    });
    assert_eq!((known, *one.asked.borrow()), (vec![of("n1", "c")], 2));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_says_nothing_holds_readers_up_for_a_second_in_all() {
    let questions = Arc::<Questions>::default();
    let (one, _silent) = (questions.join(&"n1".into(), 1), questions.join(&"n2".into(), 2));
    let begin = Instant::now();
    let (known, late, ()) = tokio::join!(
        ask(&questions),
        async {
            sleep(WAIT / 2).await;
            ask(&questions).await
        },
        async {
            sleep(Duration::from_millis(1)).await;
            one.answer(1, facts("a"));
        }
    );
    assert_eq!((known, late), (vec![of("n1", "a")], vec![of("n1", "a")]));
    assert!((WAIT..WAIT + Duration::from_millis(100)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_asked_is_not_taken() {
    let questions = Arc::<Questions>::default();
    let one = questions.join(&"n1".into(), 1);
    one.answer(1, facts("early"));
    one.answer(0, facts("early"));
    let (known, ()) = tokio::join!(ask(&questions), async {
        sleep(Duration::from_millis(1)).await;
        one.answer(7, facts("of the future"));
        one.answer(1, facts("first"));
        one.answer(1, facts("second"));
    });
    assert_eq!(known, [of("n1", "first")]);
    // One that comes meanwhile has not been asked, and takes the place of the one before.
    let newer = questions.join(&"n1".into(), 2);
    one.answer(1, facts("former"));
    newer.answer(1, facts("newer"));
    drop(one);
    assert_eq!(ask(&questions).await, []);
    sleep(FRESH).await;
    let (known, ()) = tokio::join!(ask(&questions), async {
        sleep(Duration::from_millis(1)).await;
        newer.answer(2, facts("newer"));
    });
    assert_eq!(known, [of("n1", "newer")]);
}
