//! What a pod's annotations say and cannot be used.

use tokio::sync::mpsc;

/// The reason when an annotation says what cannot be.
pub const INVALID_ANNOTATION: &str = "InvalidAnnotation";
/// The reason when a pod has more bytes of labels than are read.
pub const TOO_MANY_LABELS: &str = "TooManyLabels";
/// The reason when what is configured for a pod is more than a pod may have.
pub const TELEMETRY_TOO_LARGE: &str = "TelemetryTooLarge";
/// The reason when what is configured for the pods of a node is more than a node may have.
pub const NODE_BUDGET_EXCEEDED: &str = "NodeBudgetExceeded";

/// Becomes one Event on the pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodComplaint {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// In CamelCase, at most 128 characters.
    pub reason: &'static str,
    /// What is wrong and what would be right; names the annotation.
    pub note: String,
}

/// The way to whoever makes Events.
#[derive(Debug, Default)]
pub struct Complaints {
    sender: Option<mpsc::Sender<PodComplaint>>,
    /// Complaints that found no room.
    dropped: u64,
}

impl Complaints {
    #[must_use]
    pub fn to(sender: mpsc::Sender<PodComplaint>) -> Self {
        Self { sender: Some(sender), dropped: 0 }
    }

    /// Into the log, and to the sender if there is room: nobody waits for an Event.
    pub fn tell(&mut self, complaint: PodComplaint) {
        let PodComplaint { namespace, name, note, .. } = &complaint;
        tracing::warn!("Pod {namespace}/{name}: {note}");
        let Some(sender) = &self.sender else { return };
        if sender.try_send(complaint).is_err() {
            self.dropped += 1;
            // At every power of two, so that a flood is no flood in the log.
            if self.dropped.is_power_of_two() {
                tracing::warn!("{} Events on pods were not made: more waited than there is room for", self.dropped);
            }
        }
    }
}

#[cfg(test)]
mod tests;
