//! The pods of a stream that use each telemetry.

use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Default)]
pub(super) struct Users {
    /// UID of each pod that was sent, to the reference of its telemetry.
    of_pod: HashMap<String, u32>,
    /// Number of pods of each reference.
    counts: HashMap<u32, usize>,
    /// References that lost a pod since the last check.
    left: BTreeSet<u32>,
}

impl Users {
    /// Sets the telemetry of a pod; `None`: the pod is removed.
    pub(super) fn set(&mut self, uid: &str, reference: Option<u32>) {
        let former = match reference {
            Some(reference) => {
                *self.counts.entry(reference).or_default() += 1;
                self.of_pod.insert(uid.to_owned(), reference)
            }
            None => self.of_pod.remove(uid),
        };
        if let Some(former) = former {
            self.left.insert(former);
            if let Some(count) = self.counts.get_mut(&former) {
                *count -= 1;
            }
        }
    }

    /// References that are not used any more, each once.
    pub(super) fn unused(&mut self) -> Vec<u32> {
        let Self { counts, left, .. } = self;
        let unused = std::mem::take(left).into_iter().filter(|reference| counts.get(reference) == Some(&0));
        let unused: Vec<u32> = unused.collect();
        for reference in &unused {
            counts.remove(reference);
        }
        unused
    }
}
