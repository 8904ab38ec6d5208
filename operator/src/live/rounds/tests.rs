use super::{ANSWERS, Round, Rounds};
use longwire_model::estimate::{Estimated, NodeEstimate};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn round() -> Round {
    Round::new(None, None, HashMap::new())
}

fn answer(connections: u64) -> NodeEstimate {
    NodeEstimate { connections, ..NodeEstimate::default() }
}

#[tokio::test]
async fn a_round_is_over_when_all_have_answered_and_late_answers_are_of_none() {
    let rounds = Arc::<Rounds>::default();
    let (mut one, mut two) = (rounds.able(1, &"n1".into()), rounds.able(2, &"n2".into()));
    let begun = Instant::now();
    let (answers, first) = tokio::join!(rounds.ask(round()), async {
        let (first, second) = (one.next().await, two.next().await);
        one.answered(Estimated { id: first.id, estimate: answer(1) });
        one.answered(Estimated { id: first.id + 1, estimate: answer(9) });
        one.answered(Estimated { id: 0, estimate: answer(9) });
        two.answered(Estimated { id: second.id, estimate: answer(2) });
        first.id
    });
    let connections: Vec<_> = answers.into_iter().map(|(node, of)| (node.to_string(), of.connections)).collect();
    assert_eq!(connections, [("n1".to_owned(), 1), ("n2".to_owned(), 2)]);
    assert!(begun.elapsed() < ANSWERS);
    one.answered(Estimated { id: first, estimate: answer(9) });
    // The next round has nothing of it, and waits for who is silent.
    let (answers, ()) = tokio::join!(rounds.ask(round()), async {
        let order = two.next().await;
        two.answered(Estimated { id: order.id, estimate: answer(3) });
    });
    assert_eq!((answers.len(), answers["n2"].connections), (1, 3));
    assert!(begun.elapsed() >= ANSWERS);
}

#[tokio::test]
async fn a_stream_that_ends_is_not_waited_for_and_a_later_one_is_not_asked_what_is_over() {
    let rounds = Arc::<Rounds>::default();
    let mut able = rounds.able(1, &"n1".into());
    let begun = Instant::now();
    let (answers, ()) = tokio::join!(rounds.ask(round()), async {
        able.next().await;
        drop(able);
    });
    assert!(answers.is_empty() && begun.elapsed() < ANSWERS);
    assert!(rounds.ask(round()).await.is_empty(), "nobody can answer");
    let mut late = rounds.able(2, &"n1".into());
    assert!(tokio::time::timeout(Duration::from_millis(50), late.next()).await.is_err());
}
