//! Between the live streams of probes and who joins what they say.

use super::questions::Questions;
use super::rounds::Rounds;
use longwire_model::live::{LiveBatch, Watched};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Reports that wait to be joined, 4 MiB each from a hostile probe. While there is no room, streams are not read, and probes keep the
/// newest values.
const ROOM: usize = 8;

/// What a stream with live views says. Each stream has a number of its own, and `Ended` is its last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromStream {
    pub stream: u64,
    /// Authenticated, unless the operator serves in the clear, on loopback.
    pub node: Arc<str>,
    pub news: StreamNews,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamNews {
    /// By a probe of this release.
    Opened {
        release: String,
    },
    Batch(LiveBatch),
    Ended,
}

/// The side of the streams.
#[derive(Clone, Debug)]
pub struct ProbeStreams {
    /// What every probe is asked for.
    pub(crate) watched: watch::Receiver<Arc<Watched>>,
    pub(crate) news: mpsc::Sender<FromStream>,
    pub(crate) questions: Arc<Questions>,
    pub(crate) rounds: Arc<Rounds>,
}

/// The other side.
#[derive(Debug)]
pub struct LiveReports {
    pub watched: watch::Sender<Arc<Watched>>,
    pub news: mpsc::Receiver<FromStream>,
    pub questions: Arc<Questions>,
    pub rounds: Arc<Rounds>,
}

/// Nothing is watched at first.
#[must_use]
pub fn channel() -> (ProbeStreams, LiveReports) {
    let (asked, watched) = watch::channel(Arc::default());
    let (said, news) = mpsc::channel(ROOM);
    let (questions, rounds) = (Arc::<Questions>::default(), Arc::<Rounds>::default());
    let streams = ProbeStreams { watched, news: said, questions: Arc::clone(&questions), rounds: Arc::clone(&rounds) };
    (streams, LiveReports { watched: asked, news, questions, rounds })
}
