//! Recent decisions about tokens. Pure: times are arguments.

use super::{Decision, Digest, ReaderLimits, Verdict};
use std::collections::HashMap;
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Known {
    limits: ReaderLimits,
    admitted: Recent<Admitted>,
    refused: Recent<Decision>,
}

#[derive(Clone, Copy, Debug)]
struct Admitted {
    /// Time of the last decision.
    decided: Instant,
    /// The admission ends at this time in any case.
    until: Instant,
}

/// A bounded map that keeps the time of each entry.
#[derive(Debug)]
struct Recent<V> {
    most: usize,
    entries: HashMap<Digest, (V, Instant)>,
}

impl Known {
    pub(super) fn new(limits: ReaderLimits) -> Self {
        let ReaderLimits { admitted_tokens, refused_tokens, .. } = limits;
        Self { limits, admitted: Recent::new(admitted_tokens), refused: Recent::new(refused_tokens) }
    }

    /// The verdict, if it needs no request to the authorizer.
    pub(super) fn verdict(&self, digest: &Digest, now: Instant) -> Option<Verdict> {
        let is_fresh = |since: Instant, limit| now.saturating_duration_since(since) < limit;
        let admitted = self.living(digest, now).filter(|admitted| is_fresh(admitted.decided, self.limits.admitted));
        if let Some(Admitted { until, .. }) = admitted {
            return Some(Verdict::Admitted { left: until.saturating_duration_since(now) });
        }
        let (decision, _) =
            self.refused.entries.get(digest).filter(|(_, since)| is_fresh(*since, self.limits.refused))?;
        match decision {
            Decision::Unauthenticated(text) => Some(Verdict::Unauthenticated(text.clone())),
            Decision::Forbidden(text) => Some(Verdict::Forbidden(text.clone())),
            Decision::Allowed { .. } | Decision::Unavailable(_) => None,
        }
    }

    /// Whether it was admitted earlier and stays so while no decision is possible.
    pub(super) fn is_kept(&self, digest: &Digest, now: Instant) -> bool {
        self.living(digest, now).is_some()
    }

    /// A refusal ends an admission. `Unavailable` changes nothing.
    pub(super) fn learn(&mut self, digest: Digest, decision: &Decision, now: Instant) {
        match decision {
            Decision::Allowed { valid } => {
                let until = now + (*valid).min(self.limits.kept);
                self.refused.entries.remove(&digest);
                self.admitted.put(digest, Admitted { decided: now, until }, now);
            }
            Decision::Unauthenticated(_) | Decision::Forbidden(_) => {
                self.admitted.entries.remove(&digest);
                self.refused.put(digest, decision.clone(), now);
            }
            Decision::Unavailable(_) => {}
        }
    }

    fn living(&self, digest: &Digest, now: Instant) -> Option<Admitted> {
        self.admitted.entries.get(digest).map(|(admitted, _)| *admitted).filter(|admitted| now < admitted.until)
    }
}

impl<V> Recent<V> {
    fn new(most: usize) -> Self {
        Self { most, entries: HashMap::new() }
    }

    /// Evicts the oldest entry if full; its token is authorized again on its next use.
    fn put(&mut self, digest: Digest, value: V, now: Instant) {
        if self.entries.len() >= self.most && !self.entries.contains_key(&digest) {
            let oldest = self.entries.iter().min_by_key(|(_, (_, since))| *since).map(|(digest, _)| *digest);
            if let Some(oldest) = oldest {
                self.entries.remove(&oldest);
            }
        }
        self.entries.insert(digest, (value, now));
    }
}
