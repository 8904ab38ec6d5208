//! The life of one stream.

use super::lag::Lag;
use super::lifetime::{Admission, StreamLifetime};
use super::session::Session;
use super::slots::StreamSlots;
use crate::acks::Acks;
use crate::cluster::auth::Refusal;
use crate::counters::Counters;
use crate::publish::Published;
use crate::publish::role::Role;
use crate::source::event::AddressObservations;
use longwire_wire::message::{FromProbe, Hello};
use longwire_wire::proto;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tonic::{Status, Streaming};

/// A probe sends its hello within this time.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Stream {
    pub(super) messages: Streaming<proto::ProbeMessage>,
    pub(super) updates: mpsc::Sender<Result<proto::Update, Status>>,
    pub(super) published: watch::Receiver<Published>,
    pub(super) acks: Arc<Acks>,
    pub(super) role: watch::Receiver<Role>,
    pub(super) counters: Arc<Counters>,
    pub(super) slots: Arc<StreamSlots>,
    pub(super) admission: Option<Admission>,
    pub(super) observations: mpsc::Sender<AddressObservations>,
}

impl Stream {
    /// Runs until either side ends the stream; an error is its final status.
    pub(super) async fn converse(mut self) {
        let updates = self.updates.clone();
        let outcome = match self.hello().await {
            Ok(hello) => self.follow(hello).await,
            Err(status) => Err(status),
        };
        if let Err(status) = outcome {
            // A probe that has gone does not receive it.
            let _ = updates.send(Err(status)).await;
        }
    }

    async fn hello(&mut self) -> Result<Hello, Status> {
        let first = tokio::time::timeout(TIMEOUT, self.messages.message()).await;
        let first = first.map_err(|_| Status::deadline_exceeded(format!("no hello within {TIMEOUT:?}")))??;
        let hello = match first.map(read) {
            Some(Ok(FromProbe::Hello(hello))) => hello,
            Some(Err(status)) => return Err(status),
            Some(Ok(_)) => {
                return Err(Status::invalid_argument("the first message of a stream must be hello, and was not"));
            }
            None => {
                return Err(Status::invalid_argument(
                    "the first message of a stream must be hello, and there was none",
                ));
            }
        };
        if let Some(Admission { gate, grant, .. }) = &self.admission
            && *grant.node != *hello.node
        {
            let refusal = Refusal::OtherNode { found: grant.node.to_string(), hello: hello.node };
            gate.refused(&refusal);
            return Err(refusal.into());
        }
        Ok(hello)
    }

    async fn follow(self, hello: Hello) -> Result<(), Status> {
        let Self { mut messages, updates, mut published, acks, role, counters, slots, admission, observations } = self;
        let mut lifetime = StreamLifetime::new(role, admission, slots.take(&hello.node)?);
        let node = hello.node.clone();
        let Some(acks) = acks.open(&node) else {
            counters.refused("too_many");
            return Err(Status::resource_exhausted("this operator already has its maximum of nodes"));
        };
        acks.runs(&hello.probe_version);
        let mut lag = Lag::new(counters);
        let mut session = Session::new(hello, acks)?;
        // Whatever is there already is news to this stream.
        published.mark_changed();
        let mut silent = true;
        loop {
            tokio::select! {
                status = lifetime.over() => return Err(status),
                message = messages.message() => match message?.map(read).transpose()? {
                    Some(FromProbe::Authenticate(token)) => lifetime.renew(token).await?,
                    Some(FromProbe::ObservedAddresses(addresses)) => {
                        let seen = AddressObservations { node: node.clone(), observations: addresses };
                        observations.send(seen).await.map_err(|_| Status::unavailable("the operator is stopping"))?;
                    }
                    Some(message) => {
                        match &message {
                            FromProbe::Ack { .. } => lag.answered(true),
                            FromProbe::Nack { .. } => lag.answered(false),
                            _ => {}
                        }
                        session.receive(message)?;
                        silent = false;
                    }
                    None => return Ok(()),
                },
                changed = published.changed(), if silent => {
                    changed.map_err(|_| Status::unavailable("the operator is stopping"))?;
                    silent = false;
                }
                room = updates.reserve(), if !silent => {
                    let room = room.map_err(|_| Status::cancelled("the probe has gone"))?;
                    match session.next(&published.borrow_and_update())? {
                        Some(update) => {
                            lag.sent();
                            room.send(Ok(update));
                        }
                        None => silent = true,
                    }
                }
            }
        }
    }
}

fn read(message: proto::ProbeMessage) -> Result<FromProbe, Status> {
    FromProbe::try_from(message).map_err(|error| Status::invalid_argument(error.to_string()))
}
