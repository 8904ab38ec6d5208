//! Sockets by a path.

use super::Failure;
use super::link::Link;
use super::stream::Stream;
use rustix::io::Errno;
use tokio::net::UnixDatagram;

/// Of the kind that listens there. In a stream each line ends in a newline: Datadog's agent wants each packet's length before it in its
/// stream socket, so it is sent to by its datagram socket.
pub(super) async fn open(path: &str) -> Result<Link, Failure> {
    let socket = UnixDatagram::unbound().map_err(Failure::Connect)?;
    match socket.connect(path) {
        Ok(()) => Ok(Link::UnixDatagrams(socket)),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::PROTOTYPE) => {
            Stream::unix(path).await.map(Link::Stream)
        }
        Err(error) => Err(Failure::Connect(error)),
    }
}
