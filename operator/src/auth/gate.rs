//! Decides who may have a stream.

use super::cache::{self, Cache};
use super::review::{self, Answer};
use super::{Account, InvalidToken, Keys, ProbePods, Refusal, Verified};
use crate::figures::Figures;
use kube::Client;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{Semaphore, watch};
use tonic::metadata::MetadataMap;

/// Questions to the API server at a time; the rest waits its turn.
const REVIEWS: usize = 32;
/// Of a token, bytes; the API server's are below 2 KiB.
const LONGEST: usize = 16 << 10;

pub struct Gate {
    client: Client,
    account: Account,
    keys: Keys,
    pods: watch::Receiver<ProbePods>,
    cache: Mutex<Cache>,
    turns: Semaphore,
    figures: Arc<Figures>,
}

/// Leave to speak for a node, until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// UID of the probe's pod.
    pub pod: String,
    pub node: Arc<str>,
    pub until: Instant,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Gate {
    #[must_use]
    pub fn new(
        client: Client,
        account: Account,
        keys: Keys,
        pods: watch::Receiver<ProbePods>,
        figures: Arc<Figures>,
    ) -> Self {
        let (cache, turns) = (Mutex::default(), Semaphore::new(REVIEWS));
        Self { client, account, keys, pods, cache, turns, figures }
    }

    /// Changes when a probe's pod comes or goes.
    #[must_use]
    pub fn pods(&self) -> watch::Receiver<ProbePods> {
        self.pods.clone()
    }

    pub async fn admit(&self, metadata: &MetadataMap) -> Result<Pass, Refusal> {
        self.count(match bearer(metadata) {
            Some(token) => self.look(token).await,
            None => Err(Refusal::NoToken),
        })
    }

    /// A later token of a stream's pod.
    pub async fn renew(&self, pass: &Pass, token: &str) -> Result<Pass, Refusal> {
        let renewed = self.look(token).await;
        self.count(renewed.and_then(
            |renewed| {
                if renewed.pod == pass.pod { Ok(renewed) } else { Err(Refusal::OtherPod) }
            },
        ))
    }

    /// Counts one that was found out elsewhere, too.
    pub fn refused(&self, refusal: &Refusal) {
        self.figures.refused(refusal.reason());
    }

    fn count<T>(&self, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        outcome.inspect_err(|refusal| self.refused(refusal))
    }

    async fn look(&self, token: &str) -> Result<Pass, Refusal> {
        if token.len() > LONGEST {
            return Err(Refusal::Rejected(format!("it is longer than {LONGEST} bytes")));
        }
        // Without the pods the answer would be no, whatever the token.
        if !self.pods.borrow().synced {
            return Err(Refusal::NotSynced);
        }
        let verified = self.verify(token).await?;
        let pod = verified.pod_of(&self.account, Instant::now())?.to_owned();
        let node = self.pods.borrow().nodes.get(&pod).cloned();
        let Some(node) = node else { return Err(Refusal::PodGone(pod)) };
        Ok(Pass { pod, node, until: verified.until })
    }

    async fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        let hash = cache::hash(token);
        if let Some(verified) = self.cache().get(&hash, Instant::now()) {
            self.figures.reviewed("cached");
            return Ok(verified);
        }
        let answer = {
            // An error means that it was closed, and nobody closes it.
            let _turn = self.turns.acquire().await;
            review::review(&self.client, token).await
        };
        match answer {
            Answer::Verified(verified) => {
                self.figures.reviewed("api_server");
                self.cache().put(hash, verified.clone(), Instant::now());
                Ok(verified)
            }
            Answer::Refused(refusal) => Err(refusal),
            Answer::Unreachable(why) => {
                tracing::debug!(why, "a token is verified with the keys that are known");
                let verified = self.keys.verify(token).await;
                verified.inspect(|_| self.figures.reviewed("keys")).map_err(|error| match error {
                    // It may be good; nobody here can tell.
                    InvalidToken::NoKeys | InvalidToken::UnknownKey(_) => {
                        Refusal::Unverifiable(format!("the API server is not to be had ({why}), and {error}"))
                    }
                    InvalidToken::Invalid(text) => Refusal::Rejected(text),
                })
            }
        }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bearer(metadata: &MetadataMap) -> Option<&str> {
    let value = metadata.get("authorization")?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}
