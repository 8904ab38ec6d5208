//! The objects of an API server: one watch a kind, whatever the number of probes.
//!
//! ```text
//! API server --watch--> Reduced (an object, reduced while it is read) --store--> Event
//! ```
//!
//! A watch that breaks is resumed, or begins again with a list; existing objects are never deleted in between.

use crate::source::event::Event;
use crate::source::{Feed, Reread};
use futures::StreamExt;
use futures::stream::{BoxStream, select_all, unfold};
use k8s_openapi::api::{core::v1 as core, discovery::v1 as discovery};
use kube::Client;
use longwire_crds::{ExtraStatTags, StatsMatcher, TelemetryPolicy};
use std::collections::BTreeSet;
use std::time::Instant;
use watch::{Look, Watch};

pub mod client;
mod failure;
mod kinds;
mod reduced;
mod store;
#[cfg(test)]
mod tests;
mod watch;

/// Sends the events of the cluster until the receiver is closed.
pub(crate) async fn follow(client: Client, feed: Feed) {
    let Feed { batches, reread, .. } = feed;
    let started = Instant::now();
    let mut unlisted = BTreeSet::from(kinds::ALL);
    let mut looks = select_all(watches(&client, &reread));
    while let Some(Look { kind, mut events, listed }) = looks.next().await {
        if listed && unlisted.remove(&kind) && unlisted.is_empty() {
            tracing::info!("every kind has been listed, in {:.1?}", started.elapsed());
            events.push(Event::Synced);
        }
        if !events.is_empty() && batches.send(events).await.is_err() {
            return;
        }
    }
}

fn watches(client: &Client, reread: &Reread) -> Vec<BoxStream<'static, Look>> {
    vec![
        looks(Watch::<core::Namespace>::new(client, reread)),
        looks(Watch::<core::Node>::new(client, reread)),
        looks(Watch::<core::Service>::new(client, reread)),
        looks(Watch::<discovery::EndpointSlice>::new(client, reread)),
        looks(Watch::<core::Pod>::new(client, reread)),
        looks(Watch::<TelemetryPolicy>::new(client, reread)),
        looks(Watch::<ExtraStatTags>::new(client, reread)),
        looks(Watch::<StatsMatcher>::new(client, reread)),
    ]
}

fn looks<K: kinds::Watched>(watch: Watch<K>) -> BoxStream<'static, Look> {
    unfold(watch, async |mut watch| Some((watch.next().await, watch))).boxed()
}
