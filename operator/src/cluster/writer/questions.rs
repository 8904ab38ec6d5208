//! Questions that are answered between two events, from index and compiler as they are: about pods' telemetry, and for a copy of both.

use crate::index::Index;
use crate::policy::compile::{Compiler, Explained, Shared};
use crate::policy::would::Copied;
use crate::source::object::{self, Name};
use longwire_model::identity::Pod;
use std::fmt;
use tokio::sync::oneshot;

/// Pods that one question looks at: events wait meanwhile.
const MAX_LOOKED_AT: usize = 1_024;
/// Pods of one answer.
const MAX_ANSWERED: usize = 128;

/// Whether somebody asks for a pod.
pub(crate) type IsAsked = Box<dyn Fn(&object::Pod, &Pod) -> bool + Send>;

/// Which pods.
pub(crate) enum Asked {
    One(Name),
    Some {
        /// `None`: all.
        namespace: Option<String>,
        /// Those after this one, in the order of namespace and name.
        after: Option<Name>,
        most: usize,
        is_asked: IsAsked,
    },
}

#[derive(Debug)]
pub enum Question {
    OfPods(OfPods),
    /// For whoever works out what the cluster would be.
    Copy(oneshot::Sender<Copied>),
}

pub struct OfPods {
    pub(crate) asked: Asked,
    pub(crate) answer: oneshot::Sender<Answer>,
}

#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Everything that was there at the start has been read.
    pub(crate) synced: bool,
    pub(crate) pods: Vec<Explained>,
    /// After which pod the next question begins. `None`: there are no more.
    pub(crate) next: Option<Name>,
}

impl fmt::Debug for OfPods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfPods").finish_non_exhaustive()
    }
}

impl Question {
    pub(super) fn answer(self, index: &Index, compiler: &Compiler) {
        // An error means that nobody waits any more.
        match self {
            Self::OfPods(OfPods { asked, answer }) => drop(answer.send(look_at(asked, index, compiler))),
            Self::Copy(copy) => drop(copy.send(Copied { objects: index.objects(), compiler: compiler.anew() })),
        }
    }
}

fn look_at(asked: Asked, index: &Index, compiler: &Compiler) -> Answer {
    let mut found = Answer { synced: index.is_synced(), ..Answer::default() };
    let mut shared = Shared::default();
    match asked {
        Asked::One(name) => {
            found.pods.extend(index.pod(&name).and_then(|pod| compiler.explain(pod, &mut shared)));
        }
        Asked::Some { namespace, after, most, is_asked } => {
            let most = most.min(MAX_ANSWERED);
            let mut pods = index.pods_after(namespace.as_deref(), after.as_ref()).peekable();
            let mut looked_at = 0;
            while let Some(pod) = pods.next() {
                looked_at += 1;
                if compiler.identity_of(&pod.name).is_some_and(|identity| is_asked(pod, identity)) {
                    found.pods.extend(compiler.explain(pod, &mut shared));
                }
                if found.pods.len() >= most || looked_at >= MAX_LOOKED_AT {
                    found.next = pods.peek().map(|_| pod.name.clone());
                    break;
                }
            }
        }
    }
    found
}
