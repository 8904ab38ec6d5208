//! What one probe knows and queries, and what to send it next. No I/O: a stream drives it.
//!
//! What a probe refuses, it would refuse again: the reason is in what it was sent. So it is not sent again before there is
//! something else to send: refused pods and settings go with the next change of the node's configuration, refused answers when
//! they change, and all of it with the next stream, on which the probe says what it has. Until then the node runs what it ran,
//! and is not taken for one that runs what was published.

use crate::acks::NodeAcks;
use crate::policy::compile::{Answer, NodeConfiguration};
use crate::publish::Published;
use longwire_model::telemetry::NodeSettings;
use longwire_model::update::Update;
use longwire_wire::MAX_ITEM;
use longwire_wire::encode::Encoder;
use longwire_wire::message::{FromProbe, Hello, Interest};
use longwire_wire::proto;
use parts::{Part, UpdateSize};
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use tonic::Status;
use unanswered::{Offer, Unanswered};

mod parts;
#[cfg(test)]
mod tests;
mod unanswered;

/// Addresses that one stream may query at a time: a probe knows 16,384 at most. Pods that a hello may name.
const MAX_ADDRESSES: usize = 20_480;
const MAX_PODS: usize = 16_384;
/// Answers in one update: some tens of KiB. A probe keeps room for the longest that it was ever sent.
const ANSWERS: usize = 128;
/// Version of a pod whose configuration, or removal, the probe has refused.
const REFUSED: u64 = 0;
/// Characters of a probe's error message that go into the log.
const WARNING: usize = 512;

#[derive(Debug)]
pub(super) struct Session {
    node: String,
    encoder: Encoder,
    /// UIDs and versions as the probe has them once it has read everything that was sent.
    pods: HashMap<String, u64>,
    /// UIDs and versions of pods that are not sent: they take more than one message may have.
    too_large: HashMap<String, u64>,
    /// Version of the node's configuration of which something was sent last, and whether that was all of it.
    configured: Option<(u64, Part)>,
    /// The node's settings as they were sent last.
    settings: Option<NodeSettings>,
    /// Addresses it queries, and the version of the answer it has; 0: none.
    interest: HashMap<IpAddr, u64>,
    /// Of these the ones whose answers have to be looked at.
    unsettled: BTreeSet<IpAddr>,
    answers_revision: u64,
    /// All up to this revision has been sent; `None`: nothing yet.
    sent: Option<u64>,
    /// Where it is noted what the probe has applied.
    acks: NodeAcks,
    unanswered: Unanswered,
    /// The version that was refused last, and why.
    refused: Option<(u64, String)>,
}

impl Session {
    pub(super) fn new(hello: Hello, acks: NodeAcks) -> Result<Self, Status> {
        let Hello { node, probe_version, pods, addresses } = hello;
        if pods.len() > MAX_PODS {
            return Err(Status::resource_exhausted(format!("hello names more than {MAX_PODS} pods")));
        }
        tracing::debug!(node, probe_version, "hello");
        let mut session = Self {
            node,
            encoder: Encoder::default(),
            pods: pods.into_iter().collect(),
            too_large: HashMap::new(),
            configured: None,
            settings: None,
            interest: HashMap::new(),
            unsettled: BTreeSet::new(),
            answers_revision: 0,
            sent: None,
            acks,
            unanswered: Unanswered::default(),
            refused: None,
        };
        session.query(addresses)?;
        Ok(session)
    }

    pub(super) fn receive(&mut self, message: FromProbe) -> Result<(), Status> {
        match message {
            FromProbe::Hello(_) => Err(Status::invalid_argument("hello is for the first message of a stream alone")),
            FromProbe::Interest(Interest { add, drop }) => {
                drop.iter().for_each(|address| self.forget(*address));
                self.query(add.into_iter().map(|address| (address, 0)))
            }
            FromProbe::Notice(text) => {
                self.acks.notice(&text);
                Ok(())
            }
            // The stream has checked the node's name, and handles messages that are not about the session.
            FromProbe::Authenticate(_) | FromProbe::ObservedAddresses(_) => Ok(()),
            FromProbe::Ack { version } => {
                if self.unanswered.answered(version).is_some() {
                    tracing::debug!(node = self.node, version, "applied");
                }
                self.note_progress();
                Ok(())
            }
            FromProbe::Nack { version, error } => {
                let error: String = error.chars().take(WARNING).collect();
                if self.refused.as_ref().is_none_or(|(refused, _)| *refused != version) {
                    let node = &self.node;
                    tracing::warn!("the probe of node {node} could not apply configuration {version:016x}: {error:?}");
                }
                self.refused = Some((version, error));
                if let Some(refused) = self.unanswered.answered(version) {
                    self.withdraw(refused);
                }
                self.note_progress();
                Ok(())
            }
        }
    }

    /// The probe has none of it.
    fn withdraw(&mut self, refused: Offer) {
        if refused.settings {
            self.settings = None;
        }
        self.pods.extend(refused.pods.into_iter().map(|uid| (uid, REFUSED)));
    }

    /// A probe that has applied all it was sent runs all of what has been published, and what changed nothing for its node
    /// need not be sent. One that could not apply some of it does not, whatever it acknowledges after.
    fn note_progress(&self) {
        let Some(revision) = self.sent else { return };
        if self.unanswered.has_configuration() {
            return;
        }
        let is_whole = self.settings.is_some()
            && self.too_large.is_empty()
            && self.pods.values().all(|version| *version != REFUSED);
        match &self.refused {
            Some((_, error)) if !is_whole => self.acks.refused(revision, error),
            _ => self.acks.applied(revision),
        }
    }

    fn query(&mut self, addresses: impl IntoIterator<Item = (IpAddr, u64)>) -> Result<(), Status> {
        for (address, version) in addresses {
            if !self.interest.contains_key(&address) {
                if self.interest.len() == MAX_ADDRESSES {
                    let text = format!("more than {MAX_ADDRESSES} addresses are requested: drop some");
                    return Err(Status::resource_exhausted(text));
                }
                self.interest.insert(address, version);
                self.unsettled.insert(address);
            }
        }
        Ok(())
    }

    fn forget(&mut self, address: IpAddr) {
        self.interest.remove(&address);
        self.unsettled.remove(&address);
    }

    /// What the probe does not know yet, or `None` if it knows everything. The first is sent even if it is empty: it makes
    /// the probe configured.
    pub(super) fn next(&mut self, published: &Published) -> Result<Option<proto::Update>, Status> {
        if !published.synced || self.unanswered.is_full() {
            return Ok(None);
        }
        let first = self.configured.is_none();
        let mut update_size = UpdateSize::default();
        let mut update = self.pods_update(published, &mut update_size);
        update.addresses = self.answers(published, &mut update_size);
        // What was published is not all sent before the last part.
        if self.configured.is_some_and(|(_, part)| part == Part::Last) {
            self.sent = Some(published.revision());
        }
        let Update { version: _, settings, pods, removed_pods, addresses } = &update;
        if !first && settings.is_none() && pods.is_empty() && removed_pods.is_empty() && addresses.is_empty() {
            self.note_progress();
            return Ok(None);
        }
        self.unanswered.push(&update);
        let encoded = self.encoder.encode(&update);
        encoded.map(Some).map_err(|error| Status::resource_exhausted(error.to_string()))
    }

    fn pods_update(&mut self, published: &Published, update_size: &mut UpdateSize) -> Update {
        let nothing = NodeConfiguration::new(published.settings().clone(), []);
        let configuration = published.node(&self.node).map_or(&nothing, AsRef::as_ref);
        let mut update = Update { version: configuration.version, ..Update::default() };
        if self.configured == Some((configuration.version, Part::Last)) {
            return update;
        }
        // What the probe refused of an earlier part is not sent again with a later one.
        let continues = self.configured == Some((configuration.version, Part::More));
        if !continues {
            if self.settings.as_ref() != Some(&configuration.settings) {
                self.settings = Some(configuration.settings.clone());
                update.settings = Some(configuration.settings.clone());
            }
            let gone = self.pods.extract_if(|uid, _| !configuration.pods.contains_key(uid));
            update.removed_pods = gone.map(|(uid, _)| uid).collect();
            update.removed_pods.sort_unstable();
        }
        let mut part = Part::Last;
        // In the order of their UIDs, so that what is refused is not in the way of the rest.
        for (uid, (version, local)) in &configuration.pods {
            let known = self.pods.get(uid);
            let is_refused = self.too_large.get(uid) == Some(version) || continues && known == Some(&REFUSED);
            if known == Some(version) || is_refused {
                continue;
            }
            match update_size.take_pod(local) {
                Ok(true) => {
                    update.pods.push(local.clone());
                    self.pods.insert(uid.clone(), *version);
                }
                Ok(false) => {
                    part = Part::More;
                    break;
                }
                Err(size) => {
                    self.refuse_to_send(uid, *version, &format!("pod {uid} with its telemetry takes {size} bytes"));
                }
            }
        }
        self.too_large.retain(|uid, _| configuration.pods.contains_key(uid));
        self.configured = Some((configuration.version, part));
        update
    }

    /// It would be more than a probe takes; the probe continues with what it has of it.
    fn refuse_to_send(&mut self, uid: &str, version: u64, what: &str) {
        let error = format!("{what}, and at most {MAX_ITEM} are sent to a probe: shorten its policies");
        tracing::warn!(node = self.node, "{error}");
        self.too_large.insert(uid.to_owned(), version);
        self.refused = Some((version, error));
    }

    /// As many as fit into one update; the others remain unsettled.
    fn answers(
        &mut self,
        published: &Published,
        update_size: &mut UpdateSize,
    ) -> Vec<longwire_model::identity::Address> {
        if self.answers_revision != published.answers_revision() {
            self.answers_revision = published.answers_revision();
            self.unsettled = self.interest.keys().copied().collect();
        }
        let mut answers = Vec::new();
        while answers.len() < ANSWERS
            && let Some(address) = self.unsettled.pop_first()
        {
            let outside;
            let answer = match published.answer(address) {
                Some(answer) => answer.as_ref(),
                None => {
                    outside = Answer::outside(address);
                    &outside
                }
            };
            if self.interest.get(&address) == Some(&answer.version) {
                continue;
            }
            match update_size.take_address(&answer.address) {
                Ok(true) => {
                    self.interest.insert(address, answer.version);
                    answers.push(answer.address.clone());
                }
                Ok(false) => {
                    self.unsettled.insert(address);
                    break;
                }
                // Looked at again when it changes.
                Err(size) => {
                    let node = &self.node;
                    tracing::warn!("the answer about {address} is not sent to node {node}: it takes {size} bytes");
                }
            }
        }
        answers
    }
}
