//! Istio's workload names: a Deployment's instead of its ReplicaSet's or pod's, derived from the pod alone.

use crate::canonical::Labels;

#[cfg(test)]
mod tests;

/// The owner reference of a pod with `controller: true`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    pub kind: String,
    pub name: String,
}

/// The parts of a pod that decide its workload's name.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    pub pod: &'a str,
    /// `metadata.generateName`, empty if there is none.
    pub generate_name: &'a str,
    pub labels: &'a Labels,
    pub controller: Option<&'a Controller>,
}

impl<'a> Naming<'a> {
    /// The name of the workload the pod is a replica of.
    #[must_use]
    pub fn workload(self) -> &'a str {
        self.labels.get("service.istio.io/workload-name").map_or_else(|| self.derived(), String::as_str)
    }

    /// A pod without generateName is its own workload, even if it has a controller.
    fn derived(self) -> &'a str {
        let Some(controller) = self.controller.filter(|_| !self.generate_name.is_empty()) else { return self.pod };
        let name = controller.name.as_str();
        let owner = match controller.kind.as_str() {
            "ReplicaSet" => self.without_hash(name),
            "ReplicationController" => self.label("deploymentconfig").unwrap_or(name),
            "Job" => cron_job(name).unwrap_or(name),
            _ => name,
        };
        if owner.is_empty() { self.pod } else { owner }
    }

    /// The name of a Deployment or Rollout, from that of its ReplicaSet.
    fn without_hash(self, replica_set: &'a str) -> &'a str {
        let hash = ["pod-template-hash", "rollouts-pod-template-hash"]
            .into_iter()
            .filter_map(|label| self.label(label))
            .find(|hash| replica_set.ends_with(hash));
        let trimmed = hash.and_then(|hash| replica_set.strip_suffix(hash)?.strip_suffix('-'));
        trimmed.unwrap_or(replica_set)
    }

    fn label(self, name: &str) -> Option<&'a str> {
        self.labels.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// A CronJob names its Jobs after their scheduled minute. A Job that a user has named `report-20240101` is mistaken for
/// one, because the pod has no other sign.
fn cron_job(job: &str) -> Option<&str> {
    let (name, minute) = job.rsplit_once('-')?;
    let scheduled = (8..=10).contains(&minute.len()) && minute.bytes().all(|byte| byte.is_ascii_digit());
    (scheduled && !name.is_empty()).then_some(name)
}
