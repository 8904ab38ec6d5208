//! Label sets as state has them.

use super::envoy::{Cluster, EnvoyLabels, Route};
use super::{ConnectionLabels, Course, LabelSet, ServiceLabels, Target, WorkloadLabels};
use crate::state::{Flaw, SavedCourse, SavedRoute, SavedTarget, Shared, Writer};

/// What is saved of a label set: not the text, which is written anew.
pub(crate) trait SavedLabels: LabelSet {
    type Saved;

    /// `None`: overflow.
    fn save(&self, to: &mut Writer<'_>) -> Option<Self::Saved>;

    fn restore(saved: Self::Saved, shared: &Shared) -> Result<Self, Flaw>
    where
        Self: Sized;
}

impl SavedLabels for ServiceLabels {
    type Saved = u32;

    fn save(&self, to: &mut Writer<'_>) -> Option<u32> {
        Some(to.edge(&self.0))
    }

    fn restore(edge: u32, shared: &Shared) -> Result<Self, Flaw> {
        shared.edge(edge).map(Self)
    }
}

impl SavedLabels for WorkloadLabels {
    type Saved = SavedTarget;

    fn save(&self, to: &mut Writer<'_>) -> Option<SavedTarget> {
        let Target { pod, address } = self.target.as_ref()?;
        let edge = to.edge(&self.edge);
        Some(SavedTarget { edge, pod: pod.as_ref().map(|pod| to.pod(pod)), address: *address })
    }

    fn restore(saved: SavedTarget, shared: &Shared) -> Result<Self, Flaw> {
        let SavedTarget { edge, pod, address } = saved;
        let pod = pod.map(|pod| shared.pod(pod)).transpose()?;
        Ok(Self { edge: shared.edge(edge)?, target: Some(Target { pod, address }) })
    }
}

impl SavedLabels for ConnectionLabels {
    type Saved = SavedCourse;

    fn save(&self, to: &mut Writer<'_>) -> Option<SavedCourse> {
        let Course { source, destination, start } = self.course?;
        Some(SavedCourse { target: self.target.save(to)?, source, destination, start })
    }

    fn restore(saved: SavedCourse, shared: &Shared) -> Result<Self, Flaw> {
        let SavedCourse { target, source, destination, start } = saved;
        let course = Some(Course { source, destination, start });
        Ok(Self { target: WorkloadLabels::restore(target, shared)?, course })
    }
}

impl SavedLabels for EnvoyLabels {
    type Saved = SavedRoute;

    fn save(&self, to: &mut Writer<'_>) -> Option<SavedRoute> {
        let Route { pod, cluster } = self.route.as_ref()?;
        let edge = to.edge(&self.edge);
        let cluster = match cluster {
            Cluster::Outbound(port, service) => Some((*port, to.service(service))),
            Cluster::Passthrough => None,
        };
        Some(SavedRoute { edge, pod: to.pod(pod), cluster })
    }

    fn restore(saved: SavedRoute, shared: &Shared) -> Result<Self, Flaw> {
        let SavedRoute { edge, pod, cluster } = saved;
        let cluster = match cluster {
            Some((port, service)) => Cluster::Outbound(port, shared.service(service)?),
            None => Cluster::Passthrough,
        };
        Ok(Self::new(shared.edge(edge)?, shared.pod(pod)?, cluster))
    }
}
