//! Serves one connection from its first byte to its end, over any stream.

use super::Endpoint;
use crate::answer::Answer;
use crate::connection::Connection;
use crate::counts::{Counts, Reason};
use crate::source::Source;
use crate::watched::Watched;
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// The client's address, in a request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Serves a connection without a listener, as [`serve`](super::serve) does with accepted ones, but without deadlines.
pub async fn converse<S>(stream: S, peer: IpAddr, router: Router, endpoint: &Endpoint)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let admitted = endpoint.table.admit(Source::of(peer), &endpoint.counts, Instant::now());
    let Some(connection) = admitted else { return };
    let (_never, stopped) = watch::channel(false);
    drop(until_end((stream, peer), &connection, router, endpoint, stopped).await);
    endpoint.table.remove(&connection);
}

/// Returns the stream if the connection has to end.
pub(super) async fn until_end<S>(
    (stream, peer): (S, IpAddr),
    connection: &Arc<Connection>,
    router: Router,
    endpoint: &Endpoint,
    mut stopped: watch::Receiver<bool>,
) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = &endpoint.limits;
    let (router, of_request) = (TowerToHyperService::new(router), Arc::clone(connection));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        of_request.begin_request(Instant::now());
        request.extensions_mut().insert(Arc::clone(&of_request));
        request.extensions_mut().insert(Peer(peer));
        let (answer, connection) = (router.call(request), Arc::clone(&of_request));
        async move { Ok::<_, Infallible>(answer.await?.map(|body| Answer::new(body, connection))) }
    });
    let watched = Watched::new(stream, Arc::clone(connection));
    let mut served = http1::Builder::new()
        // The table has the deadline of the whole head; hyper's timer only ends its first wait.
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers)
        .serve_connection(TokioIo::new(watched), service);
    let outcome = {
        let mut serving = pin!(async {
            let mut is_stopping = false;
            loop {
                tokio::select! {
                    outcome = &mut served => break outcome,
                    _ = stopped.wait_for(|stopped| *stopped), if !is_stopping => {
                        is_stopping = true;
                        std::pin::Pin::new(&mut served).graceful_shutdown();
                    }
                }
            }
        });
        tokio::select! {
            outcome = &mut serving => Some(outcome),
            () = connection.ended() => None,
        }
    };
    match outcome {
        Some(Ok(())) => None,
        Some(Err(error)) => {
            count(&error, &endpoint.counts);
            None
        }
        None => Some(served.into_parts().io.into_inner().into_stream()),
    }
}

fn count(error: &hyper::Error, counts: &Counts) {
    if error.is_parse_version_h2() {
        counts.refused(Reason::Http2);
    } else if error.is_parse() {
        counts.refused(Reason::Malformed);
    }
    tracing::debug!(%error, "a connection failed");
}
