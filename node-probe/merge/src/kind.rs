//! Types of families.

use longwire_export::exposition::Format;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Untyped,
    Counter,
    Gauge,
    Histogram,
    Summary,
    Info,
    StateSet,
    GaugeHistogram,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Untyped,
        Self::Counter,
        Self::Gauge,
        Self::Histogram,
        Self::Summary,
        Self::Info,
        Self::StateSet,
        Self::GaugeHistogram,
    ];

    /// The word behind `# TYPE name`. The text format has fewer of them: there an info is a gauge, for example.
    pub(crate) fn word(self, format: Format) -> &'static str {
        match (self, format) {
            (Self::Untyped, Format::Text) => "untyped",
            (Self::Untyped, Format::OpenMetrics) => "unknown",
            (Self::Counter, _) => "counter",
            (Self::Gauge, _) | (Self::Info | Self::StateSet, Format::Text) => "gauge",
            (Self::Histogram, _) | (Self::GaugeHistogram, Format::Text) => "histogram",
            (Self::Summary, _) => "summary",
            (Self::Info, Format::OpenMetrics) => "info",
            (Self::StateSet, Format::OpenMetrics) => "stateset",
            (Self::GaugeHistogram, Format::OpenMetrics) => "gaugehistogram",
        }
    }

    pub(crate) fn read(word: &[u8], format: Format) -> Option<Self> {
        // The first of a word: in text those of OpenMetrics alone come later.
        Self::ALL.into_iter().find(|kind| kind.word(format).as_bytes() == word)
    }

    /// What names of samples have behind the family's, besides those that are the family's name.
    pub(crate) fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Histogram | Self::GaugeHistogram => &["_bucket", "_sum", "_count"],
            Self::Summary => &["_sum", "_count"],
            Self::Untyped | Self::Counter | Self::Gauge | Self::Info | Self::StateSet => &[],
        }
    }

    /// What OpenMetrics has in the names of all samples, and not in the family's.
    pub(crate) fn ending(self) -> Option<&'static str> {
        match self {
            Self::Counter => Some("_total"),
            Self::Info => Some("_info"),
            Self::Untyped | Self::Gauge | Self::Histogram | Self::Summary | Self::StateSet | Self::GaugeHistogram => {
                None
            }
        }
    }

    /// Suffixes of samples that OpenMetrics has in the family, and the text format in families of their own.
    pub(crate) fn companions(self) -> &'static [&'static str] {
        match self {
            Self::Counter | Self::Histogram | Self::Summary => &["_created"],
            Self::GaugeHistogram => &["_gcount", "_gsum"],
            Self::Untyped | Self::Gauge | Self::Info | Self::StateSet => &[],
        }
    }

    /// A label whose values are numbers, so that `1` and `1.0` are one series.
    pub(crate) fn number_label(self) -> Option<&'static str> {
        match self {
            Self::Histogram | Self::GaugeHistogram => Some("le"),
            Self::Summary => Some("quantile"),
            Self::Untyped | Self::Counter | Self::Gauge | Self::Info | Self::StateSet => None,
        }
    }

    /// The type of a family that has samples of both, if there is one. Untyped says nothing.
    pub(crate) fn joined(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Untyped, other) => Some(other),
            (Self::Gauge | Self::Info | Self::StateSet, Self::Gauge | Self::Info | Self::StateSet)
            | (_, Self::Untyped) => Some(self),
            _ => (self == other).then_some(self),
        }
    }
}
