//! Passes a connection of a standby on to the leader, byte by byte and before TLS.

use super::handshakes::Handshake;
use super::listen::{all_end, another_role};
use crate::publish::role::Role;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

/// A leader that is there answers within this time.
const CONNECT: Duration = Duration::from_secs(1);
/// A handshake is over by then: the leader ends a connection that has none.
const HANDSHAKE: Duration = Duration::from_secs(5);

pub(super) enum Relayed {
    Ended,
    /// Nothing was read of it.
    Unreachable(TcpStream, Handshake),
}

/// Until either end closes it, another replica leads, or all connections have to end.
pub(super) async fn relay(
    mut stream: TcpStream,
    leader: SocketAddr,
    role: &mut watch::Receiver<Role>,
    ending: &mut watch::Receiver<bool>,
    handshake: Handshake,
) -> Relayed {
    let mut onward = match timeout(CONNECT, TcpStream::connect(leader)).await {
        Ok(Ok(onward)) => onward,
        Ok(Err(error)) => {
            tracing::debug!(%error, %leader, "the leader's live API cannot be reached");
            return Relayed::Unreachable(stream, handshake);
        }
        Err(_) => {
            tracing::debug!(%leader, "the leader's live API does not answer");
            return Relayed::Unreachable(stream, handshake);
        }
    };
    let _ = onward.set_nodelay(true);
    let release = async {
        tokio::time::sleep(HANDSHAKE).await;
        drop(handshake);
        std::future::pending::<()>().await;
    };
    // Bytes cannot be told that they come to an end: the peer sees a connection that is closed, and opens another one.
    tokio::select! {
        copied = copy_bidirectional(&mut stream, &mut onward) => {
            if let Err(error) = copied {
                tracing::debug!(%error, %leader, "a relayed connection broke");
            }
        }
        () = another_role(role) => {}
        () = all_end(ending) => {}
        () = release => {}
    }
    Relayed::Ended
}
