//! A warning becomes an Event on the object, once. The leader alone creates and logs it.
//!
//! ```text
//! Warning --Queue (pure: what is still to be sent)--> API server
//! ```
//!
//! An Event's name is a hash of its content, so that successive leaders do not create it twice.

use crate::index::warning::Warning;
use crate::publish::role::Role;
use crate::source::api_server::client::chain;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::{Api, Client};
use longwire_crds::EVENT_CONTROLLER;
use queue::Queue;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use xxhash_rust::xxh3::xxh3_64;

mod nodes;
mod queue;
#[cfg(test)]
mod tests;

pub(crate) use nodes::send_node_events;

/// Bytes of a note, as the API server has it.
const MAX_NOTE_BYTES: usize = 1024;
/// For one request.
const TIMEOUT: Duration = Duration::from_secs(3);
/// After one that did not work.
const AGAIN: Duration = Duration::from_secs(2);
/// Between two: a cluster full of one mistake does not keep the API server busy.
const PACE: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error)]
enum PostFailure {
    #[error("{}", chain(.0))]
    Refused(#[from] kube::Error),
    #[error("the API server did not answer within {TIMEOUT:?}")]
    Silent,
}

/// Creates an Event for each warning while this replica leads, and keeps the warnings while it does not; until the channel is
/// closed.
///
/// `instance` is this replica's pod.
pub(crate) async fn send(
    client: Client,
    instance: String,
    mut warnings: mpsc::Receiver<Warning>,
    mut role: watch::Receiver<Role>,
) {
    let mut queue = Queue::default();
    let mut next = Instant::now();
    let mut failing = false;
    loop {
        let holds = matches!(*role.borrow_and_update(), Role::Leader);
        tokio::select! {
            warning = warnings.recv() => match warning {
                Some(warning) => queue.take(warning),
                None => return,
            },
            changed = role.changed() => if changed.is_err() {
                return;
            },
            () = sleep_until(next), if holds && queue.waits() => {
                let Some(warning) = queue.next() else { continue };
                match post(&client, &event(&warning, &instance, Timestamp::now())).await {
                    Ok(is_new) => {
                        // The writer of statuses has logged it.
                        if is_new && warning.occasion.is_empty() {
                            tracing::warn!("{warning}");
                        }
                        queue.sent(&warning);
                        (next, failing) = (Instant::now() + PACE, false);
                    }
                    Err(error) => {
                        if !std::mem::replace(&mut failing, true) {
                            let Warning { on, namespace, name, .. } = &warning;
                            tracing::warn!(
                                "cannot make an Event on {on:?} {namespace}/{name}: {error}; retrying every {AGAIN:?}"
                            );
                        }
                        next = Instant::now() + AGAIN;
                    }
                }
            }
        }
    }
}

/// Whether the Event is new.
async fn post(client: &Client, event: &Event) -> Result<bool, PostFailure> {
    let ObjectMeta { namespace, name, .. } = &event.metadata;
    let events: Api<Event> = Api::namespaced(client.clone(), namespace.as_deref().unwrap_or_default());
    let posted = timeout(TIMEOUT, events.create(&PostParams::default(), event)).await;
    match posted.map_err(|_| PostFailure::Silent)? {
        Ok(_) => Ok(true),
        // Sent before; or in a namespace that is gone or being deleted, and the pod with it; or never valid.
        Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => Ok(false),
        Err(kube::Error::Api(status))
            if matches!(status.code, 404 | 422) || status.reason == "NamespaceTerminating" =>
        {
            tracing::debug!("Event {}: {status}", name.as_deref().unwrap_or_default());
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn event(warning: &Warning, instance: &str, now: Timestamp) -> Event {
    let Warning { on, namespace, name, uid, reason, note, occasion: _ } = warning;
    let metadata = ObjectMeta {
        name: Some(format!("{}.{:016x}", stem(name), hash(warning))),
        namespace: Some(namespace.clone()),
        ..ObjectMeta::default()
    };
    let object = ObjectReference {
        api_version: Some(on.api_version().to_owned()),
        kind: Some(format!("{on:?}")),
        namespace: Some(namespace.clone()),
        name: Some(name.clone()),
        uid: Some(uid.clone()),
        ..ObjectReference::default()
    };
    Event {
        metadata,
        regarding: Some(object),
        type_: Some("Warning".to_owned()),
        action: Some("Configure".to_owned()),
        reason: Some((*reason).to_owned()),
        note: Some(note[..note.floor_char_boundary(MAX_NOTE_BYTES)].to_owned()),
        event_time: Some(MicroTime(now)),
        reporting_controller: Some(EVENT_CONTROLLER.to_owned()),
        reporting_instance: Some(instance.to_owned()),
        ..Event::default()
    }
}

/// A name may have 253 characters, and a pod's may have that many already.
fn stem(pod: &str) -> &str {
    const MAX_STEM: usize = 253 - 17;
    // Cut where a dot would follow a dot or a dash, the name would not be one.
    pod[..pod.floor_char_boundary(MAX_STEM)].trim_end_matches(['-', '.'])
}

/// The same on every replica.
fn hash(warning: &Warning) -> u64 {
    let Warning { on: _, namespace: _, name: _, uid, reason, note, occasion } = warning;
    xxh3_64(format!("{uid}\n{reason}\n{note}\n{occasion}").as_bytes())
}
