//! The life of one stream.

use super::session::Session;
use crate::publish::Published;
use longwire_wire::message::{FromProbe, Hello};
use longwire_wire::proto;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tonic::{Status, Streaming};

/// Who connects says at once who it is.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) type Updates = mpsc::Sender<Result<proto::Update, Status>>;

/// Until either side ends it; what is wrong is the stream's last word.
pub(super) async fn converse(
    mut messages: Streaming<proto::ProbeMessage>,
    updates: Updates,
    published: watch::Receiver<Published>,
) {
    let outcome = match hello(&mut messages).await {
        Ok(hello) => follow(hello, &mut messages, &updates, published).await,
        Err(status) => Err(status),
    };
    if let Err(status) = outcome {
        // A probe that has gone does not hear it.
        let _ = updates.send(Err(status)).await;
    }
}

async fn hello(messages: &mut Streaming<proto::ProbeMessage>) -> Result<Hello, Status> {
    let first = tokio::time::timeout(PATIENCE, messages.message()).await;
    let first = first.map_err(|_| Status::deadline_exceeded(format!("no hello within {PATIENCE:?}")))??;
    match first.map(read) {
        Some(Ok(FromProbe::Hello(hello))) => Ok(hello),
        Some(Err(status)) => Err(status),
        Some(Ok(_)) => Err(Status::invalid_argument("the first message of a stream must be hello, and was not")),
        None => Err(Status::invalid_argument("the first message of a stream must be hello, and there was none")),
    }
}

async fn follow(
    hello: Hello,
    messages: &mut Streaming<proto::ProbeMessage>,
    updates: &Updates,
    mut published: watch::Receiver<Published>,
) -> Result<(), Status> {
    let mut session = Session::new(hello)?;
    // Whatever is there already is news to this stream.
    published.mark_changed();
    let mut silent = true;
    loop {
        tokio::select! {
            message = messages.message() => match message? {
                Some(message) => {
                    session.hear(read(message)?)?;
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
                    Some(update) => room.send(Ok(update)),
                    None => silent = true,
                }
            }
        }
    }
}

fn read(message: proto::ProbeMessage) -> Result<FromProbe, Status> {
    FromProbe::try_from(message).map_err(|error| Status::invalid_argument(error.to_string()))
}
