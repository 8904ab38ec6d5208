//! A probe that refuses its configuration gets an Event on its node, once for each reason. So does a probe whose node cannot
//! be watched, and one with a full budget.

use super::{MAX_NOTE_BYTES, post};
use crate::acks::Acks;
use crate::publish::role::Role;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use longwire_crds::EVENT_CONTROLLER;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use xxhash_rust::xxh3::xxh3_64;

/// Interval of checks; an Event is not urgent.
const POLL: Duration = Duration::from_secs(2);
/// Namespace of Events about cluster-scoped objects.
const NAMESPACE: &str = "default";
const REFUSED: &str = "ProbeRefused";
const NOTICE: &str = "ProbeBudgetFull";

/// Runs as long as the operator; only the leader creates Events. `instance` is this replica's pod.
pub(crate) async fn send_node_events(client: Client, instance: String, acks: Arc<Acks>, role: watch::Receiver<Role>) {
    let (mut waiting, mut sent) = (HashMap::new(), HashMap::new());
    loop {
        sleep(POLL).await;
        waiting.extend(acks.take_refusals());
        let known = acks.snapshot();
        waiting.retain(|node, error| known.contains_key(node) && sent.get(node) != Some(error));
        sent.retain(|node, _| known.contains_key(node));
        if *role.borrow() != Role::Leader {
            continue;
        }
        for (node, text) in acks.notices() {
            match post(&client, &event(&node, NOTICE, &text, &instance, Timestamp::now())).await {
                Ok(_) => acks.notice_sent(&node, &text),
                Err(failure) => tracing::debug!("Event on node {node}: {failure}: tried again until it works"),
            }
        }
        for (node, error) in std::mem::take(&mut waiting) {
            match post(&client, &event(&node, REFUSED, &error, &instance, Timestamp::now())).await {
                Ok(_) => drop(sent.insert(node, error)),
                Err(failure) => {
                    tracing::debug!("Event on node {node}: {failure}: tried again until it works");
                    waiting.insert(node, error);
                }
            }
        }
    }
}

fn event(node: &str, reason: &str, text: &str, instance: &str, now: Timestamp) -> Event {
    let note = format!("the Longwire probe of this node: {text}");
    let metadata = ObjectMeta {
        name: Some(format!("{}.{:016x}", super::stem(node), xxh3_64(note.as_bytes()))),
        namespace: Some(NAMESPACE.to_owned()),
        ..ObjectMeta::default()
    };
    let regarding = ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Node".to_owned()),
        name: Some(node.to_owned()),
        // The kubelet uses the name as UID too, and `kubectl describe node` searches for it.
        uid: Some(node.to_owned()),
        ..ObjectReference::default()
    };
    Event {
        metadata,
        regarding: Some(regarding),
        type_: Some("Warning".to_owned()),
        action: Some("Configure".to_owned()),
        reason: Some(reason.to_owned()),
        note: Some(note[..note.floor_char_boundary(MAX_NOTE_BYTES)].to_owned()),
        event_time: Some(MicroTime(now)),
        reporting_controller: Some(EVENT_CONTROLLER.to_owned()),
        reporting_instance: Some(instance.to_owned()),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests;
