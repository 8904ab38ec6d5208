//! Authorization of readers for probes.

use super::probes_only::{Node, ProbesOnly};
use crate::counters::Counters;
use longwire_endpoint::Readers;
use longwire_endpoint::readers::{Outcome, Verdict};
use longwire_wire::MAX_AUTHORIZATION;
use longwire_wire::proto::authorize_reply::Verdict as Reply;
use longwire_wire::proto::readers_server::{Readers as Service, ReadersServer};
use longwire_wire::proto::{Admitted, AuthorizeReply, AuthorizeRequest};
use std::sync::Arc;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status};

pub(super) struct Answers {
    readers: Arc<Readers>,
    counters: Arc<Counters>,
}

pub(super) fn service(
    readers: Arc<Readers>,
    counters: Arc<Counters>,
) -> InterceptedService<ReadersServer<Answers>, ProbesOnly> {
    let probes = ProbesOnly::new(Arc::clone(&counters), |counters| counters.authorization_requested("no_stream"));
    let answers = ReadersServer::new(Answers { readers, counters });
    let answers = answers.max_decoding_message_size(MAX_AUTHORIZATION).max_encoding_message_size(MAX_AUTHORIZATION);
    InterceptedService::new(answers, probes)
}

#[tonic::async_trait]
impl Service for Answers {
    async fn authorize(&self, request: Request<AuthorizeRequest>) -> Result<Response<AuthorizeReply>, Status> {
        let node = request.extensions().get::<Node>().map(|node| Arc::clone(&node.0));
        let node = node.ok_or_else(|| Status::unauthenticated("the call has no node of an authenticated probe"))?;
        let verdict = self.readers.verdict(&node, &request.get_ref().token).await;
        self.counters.authorization_requested(Outcome::from(&verdict).name());
        Ok(Response::new(AuthorizeReply { verdict: Some(reply(verdict)) }))
    }
}

fn reply(verdict: Verdict) -> Reply {
    match verdict {
        Verdict::Admitted { left } => {
            Reply::Admitted(Admitted { valid_seconds: u32::try_from(left.as_secs()).unwrap_or(u32::MAX) })
        }
        Verdict::Unauthenticated(text) => Reply::Unauthenticated(text),
        Verdict::Forbidden(text) => Reply::Forbidden(text),
        Verdict::Unavailable(text) => Reply::Unavailable(text),
        // The probe decides which readers it remembers.
        Verdict::Kept => Reply::Unavailable("the API server does not answer".to_owned()),
        Verdict::Busy => Reply::Unavailable("too many tokens wait for the API server".to_owned()),
    }
}
