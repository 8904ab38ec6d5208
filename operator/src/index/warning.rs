//! Warnings about parts of objects that cannot be used.

use crate::source::object::Kind;
use longwire_crds::API_VERSION;
use std::fmt;
use tokio::sync::mpsc;

/// The reason when an annotation has an invalid value.
pub(crate) const INVALID_ANNOTATION: &str = "InvalidAnnotation";
/// The reason when a pod has more bytes of labels than are read.
pub(crate) const TOO_MANY_LABELS: &str = "TooManyLabels";
/// The reason when what is configured for a pod is more than a pod may have.
pub(crate) const TELEMETRY_TOO_LARGE: &str = "TelemetryTooLarge";
/// The reason when what is configured for the pods of a node is more than a node may have.
pub(crate) const NODE_BUDGET_EXCEEDED: &str = "NodeBudgetExceeded";

/// The kind of object that a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum On {
    EndpointSlice,
    ExtraStatTags,
    Namespace,
    Pod,
    StatsMatcher,
    TelemetryPolicy,
}

impl On {
    /// `None`: there are no warnings about this kind.
    #[must_use]
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::EndpointSlice => Some(Self::EndpointSlice),
            Kind::ExtraStatTags => Some(Self::ExtraStatTags),
            Kind::Namespace => Some(Self::Namespace),
            Kind::Pod => Some(Self::Pod),
            Kind::StatsMatcher => Some(Self::StatsMatcher),
            Kind::TelemetryPolicy => Some(Self::TelemetryPolicy),
            Kind::Node | Kind::Service => None,
        }
    }

    /// As Kubernetes names the version of the kind.
    #[must_use]
    pub(crate) fn api_version(self) -> &'static str {
        match self {
            Self::EndpointSlice => "discovery.k8s.io/v1",
            Self::Namespace | Self::Pod => "v1",
            Self::ExtraStatTags | Self::StatsMatcher | Self::TelemetryPolicy => API_VERSION,
        }
    }
}

/// Becomes one Event on the object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Warning {
    pub on: On,
    /// Where the Event is; of a Namespace, itself.
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// In CamelCase, at most 128 characters.
    pub reason: &'static str,
    /// What is wrong and the remedy; names the annotation.
    pub note: String,
    /// Distinguishes it from an Event with the same text; empty: it is sent once.
    pub(crate) occasion: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on, namespace, name, note, .. } = self;
        match on {
            On::Namespace => write!(f, "{on:?} {name}: {note}"),
            _ => write!(f, "{on:?} {namespace}/{name}: {note}"),
        }
    }
}

/// Sends warnings to the task that creates Events.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    sender: Option<mpsc::Sender<Warning>>,
    /// Warnings that the queue had no room for.
    dropped: u64,
}

impl Warnings {
    #[must_use]
    pub(crate) fn to(sender: mpsc::Sender<Warning>) -> Self {
        Self { sender: Some(sender), dropped: 0 }
    }

    /// Whether there are no Events, so that the log is all there is.
    #[must_use]
    pub(crate) fn are_only_logged(&self) -> bool {
        self.sender.is_none()
    }

    /// Sends if there is room, because no caller waits for an Event. Without a sender it goes to the log; otherwise the task
    /// that creates the Event logs it, so that a standby is silent.
    pub(crate) fn send(&mut self, warning: Warning) {
        let Some(sender) = &self.sender else {
            tracing::warn!("{warning}");
            return;
        };
        if sender.try_send(warning).is_err() {
            self.dropped += 1;
            // At every power of two, so that a flood is no flood in the log.
            if self.dropped.is_power_of_two() {
                tracing::warn!("{} Events were dropped: the queue was full", self.dropped);
            }
        }
    }
}

#[cfg(test)]
mod tests;
