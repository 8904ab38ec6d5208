//! Objects that make pods: their templates stand for pods.

use crate::analyze::finding::{Subject, split};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workload {
    CronJob,
    Other,
}

impl Workload {
    /// `None`: none of the kinds that people write.
    pub(super) fn of(version: &str, kind: &str) -> Option<Self> {
        match (version, kind) {
            ("apps/v1", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet") | ("batch/v1", "Job") => {
                Some(Self::Other)
            }
            ("batch/v1", "CronJob") => Some(Self::CronJob),
            _ => None,
        }
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::CronJob => "spec.jobTemplate.spec.template",
            Self::Other => "spec.template",
        }
    }

    /// A pod as its template makes it. Its name is none that a pod can have, so that a pod in the files keeps its own.
    pub(super) fn pod(self, workload: &Value, subject: &Subject) -> Value {
        let spec = &workload["spec"];
        let template = match self {
            Self::CronJob => &spec["jobTemplate"]["spec"]["template"],
            Self::Other => &spec["template"],
        };
        let mut metadata = json!({
            "name": format!("{}/{}", subject.kind.to_lowercase(), subject.name),
            "namespace": subject.namespace,
        });
        for name in ["annotations", "labels"] {
            if let Some(map) = template["metadata"].get(name) {
                metadata[name] = map.clone();
            }
        }
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec").cloned().unwrap_or_default()})
    }

    /// The message about a pod, about its template.
    pub(super) fn at(self, message: &str) -> String {
        let prefix = split(message).0.map(|_| format!("{}.", self.template()));
        format!("{}{message}", prefix.unwrap_or_default())
    }
}
