//! Makes one request to the authorizer for a token, however many HTTP requests carry it.

use super::known::Known;
use super::{Authorizer, Decision, Digest, ReaderLimits, Verdict, digest};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// The readers of one page.
pub struct Readers {
    authorizer: Arc<dyn Authorizer>,
    limits: ReaderLimits,
    state: Mutex<State>,
}

struct State {
    known: Known,
    open: HashMap<Digest, OpenRequest>,
}

/// A request that the authorizer has not answered yet.
struct OpenRequest {
    /// The source of the first HTTP request.
    from: Arc<str>,
    answer: watch::Receiver<Option<Decision>>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Readers {
    #[must_use]
    pub fn new(authorizer: Arc<dyn Authorizer>, limits: ReaderLimits) -> Arc<Self> {
        let state = State { known: Known::new(limits), open: HashMap::new() };
        Arc::new(Self { authorizer, limits, state: Mutex::new(state) })
    }

    /// `from`: address of the client that sent the token.
    pub async fn verdict(self: &Arc<Self>, from: &Arc<str>, token: &str) -> Verdict {
        let digest = digest(token);
        let answer = {
            let mut state = self.state.lock();
            if let Some(verdict) = state.known.verdict(&digest, Instant::now()) {
                return verdict;
            }
            self.request(&mut state, digest, from, token)
        };
        let Some(mut answer) = answer else { return self.kept(&digest).unwrap_or(Verdict::Busy) };
        // The sender is gone only when the runtime ends.
        let decision = answer.wait_for(Option::is_some).await.ok().and_then(|decision| decision.clone());
        match decision {
            Some(Decision::Allowed { valid }) => Verdict::Admitted { left: valid.min(self.limits.kept) },
            Some(Decision::Unauthenticated(text)) => Verdict::Unauthenticated(text),
            Some(Decision::Forbidden(text)) => Verdict::Forbidden(text),
            Some(Decision::Unavailable(text)) => self.kept(&digest).unwrap_or(Verdict::Unavailable(text)),
            None => Verdict::Busy,
        }
    }

    /// The open request for this token, or a new one. `None`: too many are open.
    fn request(
        self: &Arc<Self>,
        state: &mut State,
        digest: Digest,
        from: &Arc<str>,
        token: &str,
    ) -> Option<watch::Receiver<Option<Decision>>> {
        if let Some(request) = state.open.get(&digest) {
            return Some(request.answer.clone());
        }
        let of_source = state.open.values().filter(|request| request.from == *from).count();
        if state.open.len() >= self.limits.open_requests || of_source >= self.limits.open_requests_of_source {
            return None;
        }
        let (sender, answer) = watch::channel(None);
        state.open.insert(digest, OpenRequest { from: Arc::clone(from), answer: answer.clone() });
        let deciding = Arc::clone(&self.authorizer).authorize(Arc::clone(from), token.to_owned());
        let this = Arc::clone(self);
        // In a task of its own, so that other requests get the answer if the first one is cancelled.
        tokio::spawn(async move {
            let decision = deciding.await.clipped();
            this.answered(digest, &decision);
            sender.send_replace(Some(decision));
        });
        Some(answer)
    }

    fn answered(&self, digest: Digest, decision: &Decision) {
        let mut state = self.state.lock();
        state.open.remove(&digest);
        state.known.learn(digest, decision, Instant::now());
    }

    fn kept(&self, digest: &Digest) -> Option<Verdict> {
        self.state.lock().known.is_kept(digest, Instant::now()).then_some(Verdict::Kept)
    }
}
