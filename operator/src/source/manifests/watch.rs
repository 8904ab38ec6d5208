//! When to look: soon after a notification from the kernel, and every few seconds in case one was lost.

use super::Manifests;
use crate::counters::Counters;
use crate::source::Sink;
use crate::source::event::Batch;
use crate::source::object::Kind;
use crate::source::reread::Requests;
use longwire_endpoint::descriptors;
use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// An editor writes a file in several steps: they are taken for one.
const SETTLE: Duration = Duration::from_millis(50);
/// Links that lead out of the directory, and watches that could not be had.
const SAFETY_NET: Duration = Duration::from_secs(2);

/// Sends the events of the directory from a thread of its own, until the receiver is closed.
pub(crate) fn follow(manifests: Manifests, sink: Sink) -> io::Result<()> {
    let Sink { batches: events, reread, counters } = sink;
    let requests = [Kind::EndpointSlice, Kind::TelemetryPolicy].map(|kind| reread.requests(kind));
    let run = move || run(manifests, &events, requests, &counters);
    thread::Builder::new().name("manifests".to_owned()).spawn(run).map(drop)
}

fn run(mut manifests: Manifests, events: &Sender<Batch>, mut requests: [Requests; 2], counters: &Counters) {
    let (hint, hints) = sync_channel(1);
    let mut watch = Watch { hint, watcher: None, is_wanted: true, unwatched: 0 };
    loop {
        // Watched before the first look, so that nothing falls between the two.
        watch.begin(&manifests.directory);
        if requests.each_mut().map(Requests::take).contains(&true) {
            manifests.resend();
        }
        let batch = manifests.look();
        counters.manifests_without_descriptor.store(manifests.starved() + watch.unwatched, Relaxed);
        if events.is_closed() || !batch.is_empty() && events.blocking_send(batch).is_err() {
            return;
        }
        wait(&hints);
    }
}

/// The kernel's notifications about the directory.
struct Watch {
    hint: SyncSender<()>,
    watcher: Option<RecommendedWatcher>,
    is_wanted: bool,
    /// Times that no descriptor was left for it.
    unwatched: u64,
}

impl Watch {
    /// Unless it has begun, or cannot begin. Without a descriptor it is tried again.
    fn begin(&mut self, directory: &Path) {
        if self.watcher.is_some() || !self.is_wanted {
            return;
        }
        let hint = self.hint.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // One hint that waits is enough: the look that follows sees everything.
            if event.map_or(true, |event| is_change(event.kind)) {
                let _ = hint.try_send(());
            }
        });
        match watcher.and_then(|mut watcher| watcher.watch(directory, RecursiveMode::Recursive).map(|()| watcher)) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => {
                self.is_wanted = matches!(&error.kind, ErrorKind::Io(reason) if descriptors::are_exhausted(reason));
                if self.unwatched == 0 {
                    tracing::warn!("{error}: edits are seen within {SAFETY_NET:?}, not at once");
                }
                self.unwatched += u64::from(self.is_wanted);
            }
        }
    }
}

fn wait(hints: &Receiver<()>) {
    match hints.recv_timeout(SAFETY_NET) {
        Ok(()) => {
            thread::sleep(SETTLE);
            // What came meanwhile is seen by the look that follows.
            let _ = hints.try_recv();
        }
        // The other end is in [`Watch`], which outlives this.
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
    }
}

/// Reading, ours too, is none.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
