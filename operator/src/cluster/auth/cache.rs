//! Recent outcomes by the token's hash: a probe that reconnects, and a bogus token that is sent again, cause no request to
//! the API server.

use super::{Refusal, Verified};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// A token that was revoked is accepted for so long at most, and one that was refused stays refused.
const FRESH: Duration = Duration::from_secs(10);
/// Tokens remembered; twice as many probes as a cluster has nodes at most.
const MAX: usize = 10_000;
/// Refused ones.
const MAX_REFUSED: usize = 4_096;

pub(super) type Hash = [u8; 32];

#[derive(Debug, Default)]
pub(super) struct Cache {
    good: HashMap<Hash, (Verified, Instant)>,
    refused: HashMap<Hash, (Refusal, Instant)>,
    /// As they came.
    refused_order: VecDeque<Hash>,
}

pub(super) fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

impl Cache {
    pub(super) fn get(&self, hash: &Hash, now: Instant) -> Option<Result<Verified, Refusal>> {
        let fresh = |since: &Instant| now.saturating_duration_since(*since) < FRESH;
        let good = self.good.get(hash).filter(|(_, since)| fresh(since)).map(|(verified, _)| Ok(verified.clone()));
        let refused = || self.refused.get(hash).filter(|(_, since)| fresh(since));
        good.or_else(|| refused().map(|(refusal, _)| Err(refusal.clone())))
    }

    pub(super) fn put(&mut self, hash: Hash, verified: Verified, now: Instant) {
        if self.good.len() >= MAX {
            self.good.retain(|_, (_, since)| now.saturating_duration_since(*since) < FRESH);
        }
        // So many within ten seconds: a token that is not remembered is reviewed again.
        if self.good.len() < MAX {
            self.good.insert(hash, (verified, now));
        }
    }

    /// The oldest refused one gives way.
    pub(super) fn put_refused(&mut self, hash: Hash, refusal: Refusal, now: Instant) {
        if self.refused.insert(hash, (refusal, now)).is_none() {
            self.refused_order.push_back(hash);
        }
        if self.refused_order.len() > MAX_REFUSED
            && let Some(oldest) = self.refused_order.pop_front()
        {
            self.refused.remove(&oldest);
        }
    }
}
