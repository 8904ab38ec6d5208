//! An exporter of statsd's lines.

use super::address::StatsdAddress;
use super::prefix::StatsdPrefix;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Statsd {
    pub address: StatsdAddress,
    pub flavor: Flavor,
    /// Before each name, with a dot between.
    pub prefix: StatsdPrefix,
    /// Lines are joined up to so many bytes. For UDP a packet must fit into the network's.
    pub max_packet_bytes: u16,
    pub flush: Flush,
    pub histograms: Histograms,
}

/// How labels are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Flavor {
    /// As parts of the name, because plain statsd has no labels: `name.value.value:1|c`.
    Statsd,
    /// After the value: `name:1|c|#label:value,label:value`.
    #[default]
    Dogstatsd,
    /// After the name: `name;label=value;label=value:1|c`.
    Graphite,
}

/// When values are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Flush {
    Every(Duration),
    /// Whenever somebody scrapes the probe.
    OnScrape,
}

/// How a histogram is sent. Never one line per observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Histograms {
    /// Each bucket is a counter, as Prometheus has it.
    #[default]
    Buckets,
    /// Each bucket is a timer with a sample rate.
    Timers,
}

impl Flavor {
    pub const ALL: [Self; 3] = [Self::Statsd, Self::Dogstatsd, Self::Graphite];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Statsd => "statsd",
            Self::Dogstatsd => "dogstatsd",
            Self::Graphite => "graphite",
        }
    }
}

impl Histograms {
    pub const ALL: [Self; 2] = [Self::Buckets, Self::Timers];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buckets => "buckets",
            Self::Timers => "timers",
        }
    }
}
