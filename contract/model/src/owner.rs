//! Istio's workload names: a Deployment's instead of its ReplicaSet's or pod's, told from the pod alone.

use crate::canonical::Labels;

#[cfg(test)]
mod tests;

/// The owner reference of a pod that says `controller: true`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    pub kind: String,
    pub name: String,
}

/// What of a pod decides its workload's name.
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

    /// A pod that was named by hand stands for itself, whoever controls it.
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

    /// A Deployment's or Rollout's name, from that of the ReplicaSet it made.
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

/// A CronJob names its Jobs after the minute they are for. A Job that somebody called `report-20240101` is misread: the
/// pod does not tell.
fn cron_job(job: &str) -> Option<&str> {
    let (name, minute) = job.rsplit_once('-')?;
    let scheduled = (8..=10).contains(&minute.len()) && minute.bytes().all(|byte| byte.is_ascii_digit());
    (scheduled && !name.is_empty()).then_some(name)
}
