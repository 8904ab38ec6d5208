//! The pods that live, as far as this node knows.

use super::Resolver;
use hashbrown::HashSet;
use longwire_model::identity::Workload;

#[derive(Debug)]
pub(crate) struct Living<'a> {
    workloads: HashSet<&'a Workload>,
    /// By UID.
    pods: HashSet<&'a str>,
    /// Numbers of this node's pods, as they are configured now.
    configured: HashSet<u64>,
}

impl Living<'_> {
    pub(crate) fn has_workload(&self, workload: &Workload) -> bool {
        self.workloads.contains(workload)
    }

    pub(crate) fn has_pod(&self, uid: &str) -> bool {
        self.pods.contains(uid)
    }

    /// A pod of this node has this number, see [`super::PodSlot::number`].
    pub(crate) fn has_configured(&self, number: u64) -> bool {
        self.configured.contains(&number)
    }
}

impl Resolver {
    pub(crate) fn living(&self) -> Living<'_> {
        let pods = || self.locals.pods().map(|local| &local.pod).chain(self.identities.living());
        Living {
            workloads: pods().map(|pod| pod.workload.as_ref()).collect(),
            pods: pods().map(|pod| pod.uid.as_str()).collect(),
            configured: self.locals.numbers().collect(),
        }
    }
}
