//! The objects of an API server: one watch a kind, whatever the number of probes.
//!
//! ```text
//! API server --watch--> Reduced (an object, reduced while it is read) --store--> Event
//! ```
//!
//! A watch that breaks is resumed, or begins again with a list; existing objects are never deleted in between.

use crate::source::event::Event;
use crate::source::{Reread, Sink};
use futures::StreamExt;
use futures::stream::{BoxStream, select_all, unfold};
use k8s_openapi::api::{core::v1 as core, discovery::v1 as discovery};
use kube::Client;
use longwire_crds::{ExtraStatTags, StatsMatcher, TelemetryPolicy};
use std::collections::BTreeSet;
use std::time::Instant;
use watch::{EventBatch, Watch};

pub mod client;
mod failure;
mod kinds;
mod reduced;
mod store;
#[cfg(test)]
mod tests;
mod watch;

/// Sends the events of the cluster until the receiver is closed.
pub(crate) async fn follow(client: Client, sink: Sink) {
    let Sink { batches, reread, .. } = sink;
    let started = Instant::now();
    let mut unlisted = BTreeSet::from(kinds::ALL);
    let mut incoming = select_all(watches(&client, &reread));
    while let Some(EventBatch { kind, mut events, listed }) = incoming.next().await {
        if listed && unlisted.remove(&kind) && unlisted.is_empty() {
            tracing::info!("every kind has been listed, in {:.1?}", started.elapsed());
            events.push(Event::Synced);
        }
        if !events.is_empty() && batches.send(events).await.is_err() {
            return;
        }
    }
}

fn watches(client: &Client, reread: &Reread) -> Vec<BoxStream<'static, EventBatch>> {
    vec![
        incoming(Watch::<core::Namespace>::new(client, reread)),
        incoming(Watch::<core::Node>::new(client, reread)),
        incoming(Watch::<core::Service>::new(client, reread)),
        incoming(Watch::<discovery::EndpointSlice>::new(client, reread)),
        incoming(Watch::<core::Pod>::new(client, reread)),
        incoming(Watch::<TelemetryPolicy>::new(client, reread)),
        incoming(Watch::<ExtraStatTags>::new(client, reread)),
        incoming(Watch::<StatsMatcher>::new(client, reread)),
    ]
}

fn incoming<K: kinds::Watched>(watch: Watch<K>) -> BoxStream<'static, EventBatch> {
    unfold(watch, async |mut watch| Some((watch.next().await, watch))).boxed()
}
