//! The thread that reports to the operator. It reads cgroups and writes the log, so the sampling thread only hands
//! reports over.
//!
//! ```text
//! sampler: report --queue--> this thread: log, cgroups, control::enqueue --queue--> control
//! ```

use crate::budgets;
use crate::cgroups::pods::PodCgroups;
use crate::control;
use crate::shared::Shared;
use longwire_model::identity::ObservedAddress;
use longwire_pipeline::metrics::Crossing;
use longwire_wire::message::{FromProbe, Interest};
use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Reports that wait: of some seconds, because a turn of the sampling thread makes one at most.
const REPORTS: usize = 64;
/// Crossings of dropped reports that wait for the next one.
const CROSSINGS: usize = 1_024;
/// Between two looks at withheld observations, while there are some.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What one turn of the sampling thread has for the operator.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) interest: Interest,
    pub(crate) observations: Vec<ObservedAddress>,
    pub(crate) crossings: Vec<Crossing>,
}

/// What the thread does with reports.
pub(crate) trait Deliver: Send + 'static {
    fn deliver(&mut self, report: Report);
    /// Reports were dropped: the stream is made again, and its beginning says all that they did. These are their
    /// crossings, for the log.
    fn begin_again(&mut self, crossings: Vec<Crossing>);
    /// Something of an earlier report waits: an empty report is delivered if no other comes for a while.
    fn is_waiting(&self) -> bool;
}

/// The sampling thread's side. The thread ends when this is dropped and all reports are delivered.
#[derive(Debug)]
pub(crate) struct Messages {
    reports: SyncSender<Report>,
    /// A report was dropped, and the thread has not seen it yet.
    overrun: Arc<AtomicBool>,
    crossings: Vec<Crossing>,
}

impl Messages {
    pub(crate) fn start(deliver: impl Deliver) -> io::Result<(Self, JoinHandle<()>)> {
        let (reports, queue) = mpsc::sync_channel(REPORTS);
        let overrun = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&overrun);
        let thread = Builder::new().name("messages".to_owned()).spawn(move || run(&queue, &seen, deliver))?;
        Ok((Self { reports, overrun, crossings: Vec::new() }, thread))
    }

    /// Never waits. `false`: the queue was full, and the report was dropped. Call it each turn, even with nothing to
    /// report: the thread learns of a dropped report by the next one.
    pub(crate) fn report(&mut self, mut report: Report) -> bool {
        let is_empty = report == Report::default();
        report.crossings.splice(..0, self.crossings.drain(..));
        if report == Report::default() && !self.overrun.load(Ordering::Acquire) {
            return true;
        }
        let Err(TrySendError::Full(dropped) | TrySendError::Disconnected(dropped)) = self.reports.try_send(report)
        else {
            return true;
        };
        self.crossings = dropped.crossings;
        self.crossings.truncate(CROSSINGS);
        self.overrun.store(true, Ordering::Release);
        is_empty
    }
}

fn run(queue: &Receiver<Report>, overrun: &AtomicBool, mut deliver: impl Deliver) {
    while let Some(report) = next(queue, &deliver) {
        if overrun.swap(false, Ordering::AcqRel) {
            // Those that wait are older than the new stream: after its beginning they could take back what it says.
            let dropped = iter::once(report).chain(queue.try_iter());
            deliver.begin_again(dropped.flat_map(|report| report.crossings).collect());
        } else {
            deliver.deliver(report);
        }
    }
}

/// `None`: there will be none.
fn next(queue: &Receiver<Report>, deliver: &impl Deliver) -> Option<Report> {
    if !deliver.is_waiting() {
        return queue.recv().ok();
    }
    match queue.recv_timeout(LOOK_AGAIN) {
        Ok(report) => Some(report),
        Err(RecvTimeoutError::Timeout) => Some(Report::default()),
        Err(RecvTimeoutError::Disconnected) => None,
    }
}

/// Reports as messages of the stream.
pub(crate) struct ToOperator {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pod_cgroups: PodCgroups,
    pub(crate) queue: tokio::sync::mpsc::Sender<FromProbe>,
    /// At withheld observations.
    pub(crate) looked: Instant,
}

impl Deliver for ToOperator {
    fn deliver(&mut self, report: Report) {
        let Report { interest, observations: mut observed, crossings } = report;
        crossings.iter().for_each(budgets::log);
        let notices = crossings.iter().filter_map(budgets::notice).collect();
        let (counters, checked) = (&self.shared.counters, self.pod_cgroups.strike_living(&mut observed));
        counters.cgroups_without_descriptor.fetch_add(checked.unread, Ordering::Relaxed);
        counters.observations_withheld.fetch_add(checked.withheld, Ordering::Relaxed);
        if self.looked.elapsed() >= LOOK_AGAIN {
            self.looked = Instant::now();
            let (released, unread) = self.pod_cgroups.released(self.looked);
            counters.cgroups_without_descriptor.fetch_add(unread, Ordering::Relaxed);
            observed.extend(released);
        }
        control::enqueue(&self.shared, &self.queue, interest, (&observed, notices));
    }

    fn begin_again(&mut self, crossings: Vec<Crossing>) {
        crossings.iter().for_each(budgets::log);
        self.shared.resubscribe.notify_one();
    }

    fn is_waiting(&self) -> bool {
        self.pod_cgroups.has_withheld()
    }
}

#[cfg(test)]
mod tests;
