//! Checks who may read this node's metrics: requests it from the operator, on the connection of the control stream.

use longwire_endpoint::readers::{Authorizer, Deciding, Decision};
use longwire_wire::MAX_AUTHORIZATION;
use longwire_wire::proto::authorize_reply::Verdict;
use longwire_wire::proto::readers_client::ReadersClient;
use longwire_wire::proto::{Admitted, AuthorizeReply, AuthorizeRequest};
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Timeout of the operator's answer. It may need two requests to the API server.
const ANSWER: Duration = Duration::from_secs(5);

/// The connection to the operator, while a stream is open.
#[derive(Default)]
pub(crate) struct Line(Mutex<Option<Channel>>);

/// Registers the connection until it is dropped.
pub(crate) struct Open<'a>(&'a Line);

impl Line {
    pub(crate) fn open(&self, channel: Channel) -> Open<'_> {
        *self.0.lock() = Some(channel);
        Open(self)
    }

    async fn request(&self, token: String) -> Decision {
        // Cloned, so that the lock is not held during the call.
        let channel = self.0.lock().clone();
        let Some(channel) = channel else {
            return Decision::Unavailable("this node's probe has no stream to the operator".to_owned());
        };
        let mut client = ReadersClient::new(channel)
            .max_decoding_message_size(MAX_AUTHORIZATION)
            .max_encoding_message_size(MAX_AUTHORIZATION);
        match tokio::time::timeout(ANSWER, client.authorize(AuthorizeRequest { token })).await {
            Ok(Ok(reply)) => decision(reply.into_inner()),
            Ok(Err(status)) => silence(&status),
            Err(_) => Decision::Unavailable(format!("the operator did not answer within {ANSWER:?}")),
        }
    }
}

impl Authorizer for Line {
    fn authorize(self: Arc<Self>, _from: Arc<str>, token: String) -> Deciding {
        Box::pin(async move { self.request(token).await })
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("is_open", &self.0.lock().is_some()).finish()
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        *self.0.0.lock() = None;
    }
}

fn decision(reply: AuthorizeReply) -> Decision {
    match reply.verdict {
        Some(Verdict::Admitted(Admitted { valid_seconds })) => {
            Decision::Allowed { valid: Duration::from_secs(valid_seconds.into()) }
        }
        Some(Verdict::Unauthenticated(text)) => Decision::Unauthenticated(text),
        Some(Verdict::Forbidden(text)) => Decision::Forbidden(text),
        Some(Verdict::Unavailable(text)) => Decision::Unavailable(text),
        None => Decision::Unavailable("the operator's answer is one of a newer release".to_owned()),
    }
}

fn silence(status: &Status) -> Decision {
    let text = match status.code() {
        Code::Unimplemented => {
            "the operator knows no readers: is it of an older release, or does it read manifests?".to_owned()
        }
        _ => format!("the operator does not answer: {}", status.message()),
    };
    Decision::Unavailable(text)
}

#[cfg(test)]
pub(crate) mod tests;
