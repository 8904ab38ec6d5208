//! What the API server has said of a token lately, by the token's hash: a probe that reconnects asks it nothing.

use super::Verified;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A token that was revoked is accepted for so long at most.
const FRESH: Duration = Duration::from_secs(10);
/// Tokens remembered; twice as many probes as a cluster has nodes at most.
const MOST: usize = 10_000;

pub(super) type Hash = [u8; 32];

#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<Hash, (Verified, Instant)>);

pub(super) fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

impl Cache {
    pub(super) fn get(&self, hash: &Hash, now: Instant) -> Option<Verified> {
        let (verified, since) = self.0.get(hash)?;
        (now.saturating_duration_since(*since) < FRESH).then(|| verified.clone())
    }

    pub(super) fn put(&mut self, hash: Hash, verified: Verified, now: Instant) {
        if self.0.len() >= MOST {
            self.0.retain(|_, (_, since)| now.saturating_duration_since(*since) < FRESH);
        }
        // So many within ten seconds: who is not remembered is asked about again.
        if self.0.len() < MOST {
            self.0.insert(hash, (verified, now));
        }
    }
}
