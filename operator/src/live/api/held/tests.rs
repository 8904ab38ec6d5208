use super::{FRAME, held};
use axum::body::to_bytes;
use http_body_util::BodyExt;
use std::sync::Arc;
use tokio::sync::Semaphore;

#[tokio::test]
async fn a_turn_lasts_until_the_list_is_taken() {
    let turns = Arc::new(Semaphore::new(2));
    let turn = || Arc::clone(&turns).try_acquire_owned().unwrap();
    let text = "a".repeat(FRAME) + "b";
    let mut body = held(text.clone(), turn());
    let whole = to_bytes(held(text.clone(), turn()), usize::MAX).await.unwrap();
    assert_eq!((whole == text, turns.available_permits()), (true, 1));
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!((first.len(), turns.available_permits()), (FRAME, 1));
    drop(body);
    assert_eq!(turns.available_permits(), 2);
}
