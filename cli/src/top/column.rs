//! The columns of a kind: titles, cells, and how lines are sorted by them. Pure.

use super::kind::Kind;
use super::rows::Row;
use crate::amount::{bytes, duration};
use longwire_live::connection::Phase;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// The first name, and so on.
    Name(usize),
    Phase,
    Open,
    Failed,
    Sent,
    Received,
    /// Retransmits a second.
    RetransmitRate,
    Retransmits,
    Rtt,
    Age,
}

const SUMS: [Column; 7] = [
    Column::Open,
    Column::Failed,
    Column::Sent,
    Column::Received,
    Column::RetransmitRate,
    Column::Retransmits,
    Column::Rtt,
];
const OF_CONNECTIONS: [Column; 7] = [
    Column::Phase,
    Column::Sent,
    Column::Received,
    Column::RetransmitRate,
    Column::Retransmits,
    Column::Rtt,
    Column::Age,
];
/// Narrow terminals show the others first.
const LEAST: [Column; 8] = [
    Column::Name(2),
    Column::Age,
    Column::Rtt,
    Column::Retransmits,
    Column::Open,
    Column::Received,
    Column::Failed,
    Column::Phase,
];

impl Column {
    pub(super) fn of(kind: Kind) -> Vec<Self> {
        let names = (0..kind.titles().len()).map(Self::Name);
        names.chain(if kind == Kind::Connections { OF_CONNECTIONS } else { SUMS }).collect()
    }

    /// How soon it is left out; none: never.
    pub(super) fn rank(self) -> Option<usize> {
        LEAST.iter().position(|column| *column == self)
    }

    pub(super) fn title(self, kind: Kind) -> &'static str {
        match self {
            Self::Name(at) => kind.titles().get(at).copied().unwrap_or_default(),
            Self::Phase => "PHASE",
            Self::Open => "OPEN",
            Self::Failed => "FAILED",
            Self::Sent => "SENT/S",
            Self::Received => "RECV/S",
            Self::RetransmitRate => "RETRANS/S",
            Self::Retransmits => "RETRANS",
            Self::Rtt => "RTT",
            Self::Age => "AGE",
        }
    }

    pub(super) fn is_number(self) -> bool {
        !matches!(self, Self::Name(_) | Self::Phase)
    }

    pub(super) fn cell(self, row: &Row) -> String {
        let sum = &row.sum;
        match self {
            Self::Name(at) => row.names.get(at).cloned().unwrap_or_default(),
            Self::Phase => phase(row).to_owned(),
            Self::Open => sum.open.to_string(),
            Self::Failed => sum.failed.to_string(),
            Self::Sent => bytes(sum.sent),
            Self::Received => bytes(sum.received),
            Self::RetransmitRate if sum.retransmit_rate > 0.0 => format!("{:.1}", sum.retransmit_rate.max(0.1)),
            Self::RetransmitRate => "0".to_owned(),
            Self::Retransmits => sum.retransmits.to_string(),
            Self::Rtt => sum.rtt().map_or_else(|| "-".to_owned(), rtt),
            Self::Age => row.age.map_or_else(|| "-".to_owned(), duration),
        }
    }

    /// Names from A, numbers from the largest.
    pub(super) fn compare(self, one: &Row, other: &Row) -> Ordering {
        let sums = (&other.sum, &one.sum);
        match self {
            Self::Name(at) => one.names.get(at).cmp(&other.names.get(at)),
            Self::Phase => phase(one).cmp(phase(other)),
            Self::Open => sums.0.open.cmp(&sums.1.open),
            Self::Failed => sums.0.failed.cmp(&sums.1.failed),
            Self::Sent => sums.0.sent.cmp(&sums.1.sent),
            Self::Received => sums.0.received.cmp(&sums.1.received),
            Self::RetransmitRate => sums.0.retransmit_rate.total_cmp(&sums.1.retransmit_rate),
            Self::Retransmits => sums.0.retransmits.cmp(&sums.1.retransmits),
            Self::Rtt => sums.0.rtt().cmp(&sums.1.rtt()),
            Self::Age => other.age.cmp(&one.age),
        }
    }
}

fn phase(row: &Row) -> &'static str {
    match row.phase {
        Some(Phase::Open) => "Open",
        Some(Phase::Closed) => "Closed",
        Some(Phase::Failed) => "Failed",
        None => "-",
    }
}

/// `micros`: microseconds.
fn rtt(micros: u64) -> String {
    if micros < 1_000 { format!("{micros} us") } else { format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100) }
}
