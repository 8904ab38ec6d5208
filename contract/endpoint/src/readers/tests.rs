mod authorization;
mod known;
mod restrict;

use super::{Authorizer, Deciding, Decision};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Answers for each token as the test has set.
#[derive(Debug)]
struct Scripted {
    decisions: Mutex<HashMap<String, Decision>>,
    /// Source and token of each request.
    requested: Mutex<Vec<(String, String)>>,
    /// One permit for each answer.
    turns: Arc<Semaphore>,
}

impl Scripted {
    fn new(turns: usize) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new(turns));
        Arc::new(Self { decisions: Mutex::default(), requested: Mutex::default(), turns })
    }

    fn decides(&self, token: &str, decision: Decision) {
        self.decisions.lock().insert(token.to_owned(), decision);
    }

    fn requests(&self) -> usize {
        self.requested.lock().len()
    }
}

impl Authorizer for Scripted {
    fn authorize(self: Arc<Self>, from: Arc<str>, token: String) -> Deciding {
        let unknown = || Decision::Unauthenticated("unknown".to_owned());
        let decision = self.decisions.lock().get(&token).cloned().unwrap_or_else(unknown);
        self.requested.lock().push((from.to_string(), token));
        let turns = Arc::clone(&self.turns);
        Box::pin(async move {
            turns.acquire().await.unwrap().forget();
            decision
        })
    }
}

fn allowed(seconds: u64) -> Decision {
    Decision::Allowed { valid: Duration::from_secs(seconds) }
}

fn forbidden() -> Decision {
    Decision::Forbidden("u may not".to_owned())
}

fn away() -> Decision {
    Decision::Unavailable("no operator".to_owned())
}
