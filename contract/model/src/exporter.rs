//! Where metrics and access logs are sent, beside the scrape and the standard output: one list for the cluster.
//!
//! What is `None` comes from the environment of the probe, where OpenTelemetry defines a variable for it, and else has a default.

mod address;
mod name;
mod otlp;
mod prefix;
mod statsd;
#[cfg(test)]
mod tests;

pub use address::{Endpoint, InvalidAddress, MAX_ADDRESS_BYTES, MAX_STATSD_ADDRESS_BYTES, StatsdAddress};
pub use name::{ExporterName, InvalidExporterName};
pub use otlp::{
    Compression, InvalidPair, MAX_PAIR_KEY_BYTES, MAX_PAIR_VALUE_BYTES, MAX_PAIRS, Otlp, Pair, Protocol, Temporality,
};
pub use prefix::{InvalidPrefix, MAX_PREFIX_BYTES, StatsdPrefix};
pub use statsd::{Flavor, Flush, Histograms, Statsd};

use serde::{Deserialize, Serialize};

/// Most exporters: each has a queue and a task of its own in every probe.
pub const MAX_EXPORTERS: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exporter {
    /// Unique in its list.
    pub name: ExporterName,
    pub target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Target {
    /// Metrics, access logs, or both.
    Otlp(Box<Otlp>),
    /// Metrics alone.
    Statsd(Box<Statsd>),
    /// Access logs alone.
    File(LogFile),
}

/// Files of access logs in a directory that the probe was started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogFile {
    /// Of one file. When it is full, it is renamed and a new one begins.
    pub max_bytes: u64,
    /// How many there are, with the one that is written.
    pub max_files: u32,
}

impl Default for LogFile {
    fn default() -> Self {
        Self { max_bytes: 10 << 20, max_files: 5 }
    }
}

impl Exporter {
    /// Of memory, estimated.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let target = match &self.target {
            Target::Otlp(otlp) => {
                let pairs = otlp.headers.iter().chain(&otlp.resource);
                let endpoint = otlp.endpoint.as_ref().map_or(0, |endpoint| endpoint.as_str().len());
                size_of::<Otlp>() + endpoint + pairs.map(Pair::bytes).sum::<usize>()
            }
            Target::Statsd(statsd) => size_of::<Statsd>() + statsd.prefix.as_str().len() + MAX_STATSD_ADDRESS_BYTES,
            Target::File(_) => 0,
        };
        size_of::<Self>() + self.name.as_str().len() + target
    }
}

impl Target {
    /// Whether it takes metrics.
    #[must_use]
    pub fn has_metrics(&self) -> bool {
        match self {
            Self::Otlp(otlp) => otlp.metrics,
            Self::Statsd(_) => true,
            Self::File(_) => false,
        }
    }

    /// Whether it takes access logs.
    #[must_use]
    pub fn has_logs(&self) -> bool {
        match self {
            Self::Otlp(otlp) => otlp.logs,
            Self::Statsd(_) => false,
            Self::File(_) => true,
        }
    }
}
