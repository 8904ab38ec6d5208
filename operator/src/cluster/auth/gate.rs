//! Decides which pod may have a stream.

use super::cache::{self, Cache};
use super::keys::Signature;
use super::precheck::precheck;
use super::review::{self, Answer};
use super::turns::Turns;
use super::{InvalidToken, Keys, Refusal, Verified, wall};
use crate::counters::Counters;
use crate::index::probes::{Account, ProbePods};
use kube::Client;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::watch;
use tonic::metadata::MetadataMap;

pub struct Gate {
    client: Client,
    account: Account,
    keys: Keys,
    pods: watch::Receiver<ProbePods>,
    cache: Mutex<Cache>,
    turns: Turns,
    counters: Arc<Counters>,
}

/// Permission to act for a node, until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
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
    pub(crate) fn new(
        client: Client,
        account: Account,
        keys: Keys,
        pods: watch::Receiver<ProbePods>,
        counters: Arc<Counters>,
    ) -> Self {
        let (cache, turns) = (Mutex::default(), Turns::new(Instant::now()));
        Self { client, account, keys, pods, cache, turns, counters }
    }

    /// Changes when a probe's pod comes or goes.
    #[must_use]
    pub fn pods(&self) -> watch::Receiver<ProbePods> {
        self.pods.clone()
    }

    /// `address`: the peer's.
    pub(crate) async fn admit_from(&self, address: Option<IpAddr>, metadata: &MetadataMap) -> Result<Grant, Refusal> {
        self.count(match bearer(metadata) {
            Some(token) => self.look(token, |node| self.is_address_of(address, node)).await,
            None => Err(Refusal::NoToken),
        })
    }

    /// A later token of a stream's pod.
    pub(crate) async fn renew(&self, grant: &Grant, token: &str) -> Result<Grant, Refusal> {
        let renewed = self.look(token, |node| *node == *grant.node).await;
        self.count(renewed.and_then(
            |renewed| {
                if renewed.pod == grant.pod { Ok(renewed) } else { Err(Refusal::OtherPod) }
            },
        ))
    }

    /// Counts one that was found out elsewhere, too.
    pub fn refused(&self, refusal: &Refusal) {
        self.counters.refused(refusal.reason());
    }

    pub(crate) fn refused_because(&self, reason: &'static str) {
        self.counters.refused(reason);
    }

    fn count<T>(&self, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        outcome.inspect_err(|refusal| self.refused(refusal))
    }

    fn is_address_of(&self, address: Option<IpAddr>, node: &str) -> bool {
        let pods = self.pods.borrow();
        address.and_then(|address| pods.addresses.get(&address)).is_some_and(|nodes| nodes.contains(node))
    }

    /// `speaks_for`: whether evidence besides the token, such as the peer's address, confirms the node.
    async fn look(&self, token: &str, speaks_for: impl Fn(&str) -> bool) -> Result<Grant, Refusal> {
        let claimed = precheck(token, &self.account, wall())?;
        // Without the pods the answer would be no, whatever the token.
        if !self.pods.borrow().synced {
            return Err(Refusal::NotSynced);
        }
        let node = self.node_of(&claimed)?;
        let verified = self.verify(token, Some(claimed.as_str()).filter(|_| speaks_for(&node)), &claimed).await?;
        let pod = verified.pod_of(&self.account, Instant::now())?.to_owned();
        Ok(Grant { node: self.node_of(&pod)?, pod, until: verified.until })
    }

    fn node_of(&self, pod: &str) -> Result<Arc<str>, Refusal> {
        self.pods.borrow().nodes.get(pod).cloned().ok_or_else(|| Refusal::PodGone(pod.to_owned()))
    }

    async fn verify(&self, token: &str, spoken_for: Option<&str>, claimed: &str) -> Result<Verified, Refusal> {
        let hash = cache::hash(token);
        if let Some(known) = self.cache().get(&hash, Instant::now()) {
            return known.inspect(|_| self.counters.reviewed("cached"));
        }
        let spoken_for = match self.keys.signature(token).await {
            Signature::Good => Some(claimed),
            Signature::Bad(text) => return Err(self.remember(hash, Refusal::Invalid(text))),
            Signature::Unknown => spoken_for,
        };
        let answer = {
            let _turn = self.turns.take(spoken_for, Instant::now()).await.map_err(|_| Refusal::Busy)?;
            review::review(&self.client, token).await
        };
        match answer {
            Answer::Verified(verified) => {
                self.counters.reviewed("api_server");
                self.cache().put(hash, verified.clone(), Instant::now());
                Ok(verified)
            }
            Answer::Refused(refusal @ Refusal::Rejected(_)) => Err(self.remember(hash, refusal)),
            Answer::Refused(refusal) => Err(refusal),
            Answer::Unreachable(why) => {
                tracing::debug!(why, "a token is verified with the cached keys");
                let verified = self.keys.verify(token).await;
                verified.inspect(|_| self.counters.reviewed("keys")).map_err(|error| match error {
                    // It may be valid; it cannot be verified here.
                    InvalidToken::NoKeys | InvalidToken::UnknownKey(_) => {
                        Refusal::Unverifiable(format!("the API server does not answer ({why}), and {error}"))
                    }
                    InvalidToken::Invalid(text) => Refusal::Rejected(text),
                })
            }
        }
    }

    /// The same token is refused at once for a while.
    fn remember(&self, hash: cache::Hash, refusal: Refusal) -> Refusal {
        self.cache().put_refused(hash, refusal.clone(), Instant::now());
        refusal
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
