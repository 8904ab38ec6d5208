//! What is logged of a pod's connections: one line an event.

mod field;
mod outputs;
mod template;
#[cfg(test)]
mod tests;

pub use field::{Field, Kind};
pub use outputs::LogOutputs;
pub use template::{AddressPart, InvalidTemplate, MAX_TEMPLATE_BYTES, Operator, Piece, Template, TimeFormat};
pub(crate) use template::{PLAIN, WITH_ARGUMENT};

use crate::expression::Condition;
use crate::identity::UnixNanos;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Lines a second of all pods of a node, unless a policy for the whole cluster sets another limit. A pod may make half of them, so
/// that no pod can keep the others' lines out.
pub const DEFAULT_NODE_RATE: u32 = 10_000;

/// Parts of which a [`Share`] counts: a ten thousandth of a percent.
const MILLION: u32 = 1_000_000;

/// The merged configuration of one pod's access log. Without one nothing is logged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccessLog {
    pub events: LogEvents,
    /// Between two periodic lines of a connection.
    pub interval: Duration,
    /// Connections that ended sooner have no line, unless they failed.
    pub min_duration: Duration,
    pub filter: Option<Condition>,
    /// Of the connections; failed ones always have their line.
    pub sample: Share,
    /// Most lines a second of the pod. `None`: half of the node's.
    pub rate_limit: Option<u32>,
    /// Nothing is logged from then on.
    pub until: Option<UnixNanos>,
    pub format: LogFormat,
    /// Saved beside it, because a state of a version before has none.
    #[serde(skip)]
    pub outputs: LogOutputs,
}

/// Something that may be logged of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogEvent {
    /// It is established, and both ends are resolved.
    Connect,
    /// It still lives.
    Periodic,
    Close,
    /// It never established.
    Failed,
}

/// A set of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogEvents(u8);

/// A share of all connections, exact to a millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Share(u32);

/// More than all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} millionths are more than all connections")]
pub struct InvalidShare(u32);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LogFormat {
    Json,
    /// As Istio's sidecars write it by default.
    Istio,
    /// As Istio's ztunnel writes it.
    Ztunnel,
    /// As Kmesh writes it.
    Kmesh,
    Text(Template),
}

impl AccessLog {
    /// The usual values, with which a policy begins.
    pub const INTERVAL: Duration = Duration::from_secs(60);

    /// Memory in use, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let text = match &self.format {
            LogFormat::Text(template) => template.bytes(),
            LogFormat::Json | LogFormat::Istio | LogFormat::Ztunnel | LogFormat::Kmesh => 0,
        };
        size_of::<Self>() + self.filter.as_ref().map_or(0, Condition::bytes) + text + self.outputs.bytes()
    }
}

impl Default for AccessLog {
    /// What a policy that only enables it gets.
    fn default() -> Self {
        Self {
            events: LogEvents::NONE.with(LogEvent::Close).with(LogEvent::Failed),
            interval: Self::INTERVAL,
            min_duration: Duration::ZERO,
            filter: None,
            sample: Share::ALL,
            rate_limit: None,
            until: None,
            format: LogFormat::Json,
            outputs: LogOutputs::default(),
        }
    }
}

impl LogEvent {
    pub const ALL: [Self; 4] = [Self::Connect, Self::Periodic, Self::Close, Self::Failed];

    /// As policies and filters write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Periodic => "periodic",
            Self::Close => "close",
            Self::Failed => "failed",
        }
    }

    /// As a line has it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Connect => "Connect",
            Self::Periodic => "Periodic",
            Self::Close => "End",
            Self::Failed => "Failed",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

impl LogEvents {
    pub const NONE: Self = Self(0);

    #[must_use]
    pub const fn with(self, event: LogEvent) -> Self {
        Self(self.0 | 1 << event as u8)
    }

    #[must_use]
    pub const fn contains(self, event: LogEvent) -> bool {
        self.0 & 1 << event as u8 != 0
    }

    pub fn iter(self) -> impl Iterator<Item = LogEvent> {
        LogEvent::ALL.into_iter().filter(move |event| self.contains(*event))
    }
}

impl Share {
    pub const ALL: Self = Self(MILLION);

    /// Of a percentage, at most 100, rounded to a ten thousandth of a percent.
    #[must_use]
    pub fn of_percent(percent: f64) -> Option<Self> {
        if !(0.0..=100.0).contains(&percent) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and a million")]
        Some(Self((percent * f64::from(MILLION / 100)).round() as u32))
    }

    /// Whether a connection with this id belongs to the share. A connection of a smaller share belongs to every larger one.
    #[must_use]
    pub fn has(self, id: u64) -> bool {
        // The id is a hash already, but its bits may follow ports and times.
        let mixed = (id ^ id >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mixed) * u128::from(MILLION)) >> 64) < u128::from(self.0)
    }

    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Share {
    type Error = InvalidShare;

    fn try_from(millionths: u32) -> Result<Self, InvalidShare> {
        if millionths <= MILLION { Ok(Self(millionths)) } else { Err(InvalidShare(millionths)) }
    }
}

impl From<Share> for u32 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl LogFormat {
    /// Names of those that are no template.
    pub const PRESETS: [&'static str; 4] = ["json", "istio", "ztunnel", "kmesh"];

    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        Some(match name {
            "json" => Self::Json,
            "istio" => Self::Istio,
            "ztunnel" => Self::Ztunnel,
            "kmesh" => Self::Kmesh,
            _ => return None,
        })
    }
}
