//! One live connection as the API shows it: names that never change while it is shown, and what its ends have said so far. And what
//! connections have in common with whatever else is listed and watched by revisions.

use super::merge::{Merged, Phase};
use super::written::Texts;
use crate::index::seen::SeenPod;
use longwire_model::identity::{Service, UnixNanos};
use longwire_model::live::LiveName;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// What joins the reports of both ends. The same after a restart of the operator or a probe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Shared([u8; 16]),
    /// Of one end, on this node: both ends have no name in common.
    Local {
        id: u64,
        node: Arc<str>,
    },
}

impl Key {
    #[must_use]
    pub fn of(name: LiveName, node: &Arc<str>) -> Self {
        match name {
            LiveName::Shared(id) => Self::Shared(id),
            LiveName::Local(id) => Self::Local { id, node: Arc::clone(node) },
        }
    }
}

/// The object's name.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared(id) => write!(f, "{:032x}", u128::from_be_bytes(*id)),
            // Names of nodes are too long for it, and half a hash tells those apart that have the same id.
            Self::Local { id, node } => write!(f, "l-{id:016x}-{:08x}", xxh3_64(node.as_bytes()) >> 32),
        }
    }
}

/// One end's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// The operator's own object, never what a probe says of it. `None`: outside, or not known.
    pub pod: Option<SeenPod>,
    /// `None`: not known.
    pub address: Option<SocketAddr>,
}

impl Side {
    pub(super) fn namespace(&self) -> Option<&str> {
        self.pod.as_ref().map(SeenPod::namespace)
    }
}

/// What does not change while it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub key: Key,
    pub name: Arc<str>,
    pub source: Side,
    pub destination: Side,
    pub service: Option<Arc<Service>>,
    pub requested_service: Option<Arc<Service>>,
    pub requested_address: SocketAddr,
    pub start: UnixNanos,
    /// Older than a probe that reports it.
    pub adopted: bool,
    pub texts: Texts,
}

impl Facts {
    /// The namespaces in which it is seen, the one that it has among all connections first.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        let source = self.source.namespace();
        let destination = self.destination.namespace().filter(|namespace| source != Some(namespace));
        source.into_iter().chain(destination)
    }
}

/// What changes of a row while it is listed and watched.
pub trait State: Clone + fmt::Debug + Default + Eq + Send + Sync + 'static {
    /// What does not.
    type Facts: Clone + fmt::Debug + Eq + Send + Sync;
    /// What selectors see of it.
    type Phase: Copy + fmt::Debug + Eq;

    /// Every row begins with it, and leaves it once at most.
    const BEGINS: Self::Phase;

    fn phase(&self) -> Self::Phase;

    /// The object's.
    fn name(facts: &Self::Facts) -> &Arc<str>;

    /// The namespaces in which it is seen, the one that it has in a list of all first.
    fn namespaces(facts: &Self::Facts) -> impl Iterator<Item = &str>;
}

impl State for Merged {
    type Facts = Facts;
    type Phase = Phase;

    const BEGINS: Phase = Phase::Open;

    fn phase(&self) -> Phase {
        self.phase
    }

    fn name(facts: &Facts) -> &Arc<str> {
        &facts.name
    }

    fn namespaces(facts: &Facts) -> impl Iterator<Item = &str> {
        facts.namespaces()
    }
}

/// A row after one of its changes. Who holds it keeps it as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowState<S: State = Merged> {
    pub facts: Arc<S::Facts>,
    pub merged: S,
    /// Of the change that made it appear.
    pub created: u64,
    /// Of the change to the phase that it has now.
    pub phase_changed: u64,
    /// Of this change.
    pub revision: u64,
    /// This change took it away. The rest is what was known last.
    pub is_gone: bool,
}

impl<S: State> RowState<S> {
    /// What somebody knew of its phase who has seen all changes up to `cursor`. `None`: it was not there.
    #[must_use]
    pub fn phase_at(&self, cursor: u64) -> Option<S::Phase> {
        let phase = if self.phase_changed <= cursor { self.merged.phase() } else { S::BEGINS };
        (self.created <= cursor && (!self.is_gone || cursor < self.revision)).then_some(phase)
    }

    /// `None`: it is not there any more.
    #[must_use]
    pub fn phase(&self) -> Option<S::Phase> {
        (!self.is_gone).then(|| self.merged.phase())
    }
}
