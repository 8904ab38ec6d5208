//! When to look: soon after the kernel says that something changed, and every few seconds in case it did not.

use super::{Feed, Manifests, Requests};
use crate::event::Batch;
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecursiveMode, Watcher};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// An editor writes a file in several steps: they are taken for one.
const SETTLE: Duration = Duration::from_millis(50);
/// Links that lead out of the directory, and watches that could not be had.
const SAFETY_NET: Duration = Duration::from_secs(2);

/// Tells of the directory on a thread of its own, until nobody listens any more.
pub fn follow(manifests: Manifests, feed: Feed) -> io::Result<()> {
    let Feed { batches: events, reread } = feed;
    let requests = reread.requests();
    thread::Builder::new().name("manifests".to_owned()).spawn(move || tell(manifests, &events, requests)).map(drop)
}

fn tell(mut manifests: Manifests, events: &Sender<Batch>, mut requests: Requests) {
    let (hint, hints) = sync_channel(1);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // One hint that waits is enough: the look that follows sees everything.
        if event.map_or(true, |event| is_change(event.kind)) {
            let _ = hint.try_send(());
        }
    });
    // Watched before the first look, so that nothing falls between the two.
    let _watched = watcher
        .and_then(|mut watcher| watcher.watch(&manifests.directory, RecursiveMode::Recursive).map(|()| watcher))
        .inspect_err(|error| tracing::warn!("{error}: edits are seen within {SAFETY_NET:?}, not at once"));
    loop {
        if requests.take() {
            manifests.retell();
        }
        let batch = manifests.look();
        if events.is_closed() || !batch.is_empty() && events.blocking_send(batch).is_err() {
            return;
        }
        wait(&hints);
    }
}

fn wait(hints: &Receiver<()>) {
    match hints.recv_timeout(SAFETY_NET) {
        Ok(()) => {
            thread::sleep(SETTLE);
            // What came meanwhile is seen by the look that follows.
            let _ = hints.try_recv();
        }
        Err(RecvTimeoutError::Timeout) => {}
        // Without a watcher there are no hints.
        Err(RecvTimeoutError::Disconnected) => thread::sleep(SAFETY_NET),
    }
}

/// Reading, ours too, is none.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
