//! Handshakes: bounded in time and number, each refusal counted, none in the way of another.

use crate::figures::Figures;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// A handshake is over by then.
const PATIENCE: Duration = Duration::from_secs(5);
/// Handshakes at a time.
const HANDSHAKES: usize = 256;
/// Connections at a time, with a stream or without.
const CONNECTIONS: usize = 16_384;
/// Connections that serving may leave waiting.
const WAITING: usize = 16;
/// After an accept that failed, for want of descriptors perhaps.
const BREATH: Duration = Duration::from_millis(100);

/// A connection behind its handshake.
#[derive(Debug)]
pub struct Secured {
    stream: TlsStream<TcpStream>,
    /// Given back when the connection ends.
    _room: OwnedSemaphorePermit,
}

/// Accepts until nobody takes the connections any more.
pub fn incoming(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    figures: Arc<Figures>,
) -> ReceiverStream<io::Result<Secured>> {
    let (secured, taken) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let accept = accept(listener, TlsAcceptor::from(config), figures, secured.clone());
        tokio::select! {
            () = accept => {}
            () = secured.closed() => {}
        }
    });
    ReceiverStream::new(taken)
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    figures: Arc<Figures>,
    secured: mpsc::Sender<io::Result<Secured>>,
) {
    let (handshakes, connections) = (Arc::new(Semaphore::new(HANDSHAKES)), Arc::new(Semaphore::new(CONNECTIONS)));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let room = (Arc::clone(&handshakes).try_acquire_owned(), Arc::clone(&connections).try_acquire_owned());
        let (Ok(turn), Ok(room)) = room else {
            figures.handshake_refused("busy");
            continue;
        };
        // Without it an update waits for the ACK of the one before; that it cannot be set means that the peer has gone.
        let _ = stream.set_nodelay(true);
        let (accept, figures, secured) = (acceptor.accept(stream), Arc::clone(&figures), secured.clone());
        tokio::spawn(async move {
            let outcome = handshake(accept).await;
            drop(turn);
            match outcome {
                // Nobody takes it: serving has ended.
                Ok(stream) => drop(secured.send(Ok(Secured { stream, _room: room })).await),
                Err(reason) => figures.handshake_refused(reason),
            }
        });
    }
}

async fn handshake(accept: Accept<TcpStream>) -> Result<TlsStream<TcpStream>, &'static str> {
    let Ok(outcome) = tokio::time::timeout(PATIENCE, accept).await else { return Err("timeout") };
    outcome.map_err(|error| {
        tracing::debug!(%error, "a TLS handshake failed");
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::InvalidMessage(_)) => "plaintext",
            Some(rustls::Error::AlertReceived(_)) => "refused_by_peer",
            Some(_) => "protocol",
            None => "broken",
        }
    })
}

impl Connected for Secured {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.get_ref().0.connect_info()
    }
}

impl AsyncRead for Secured {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
