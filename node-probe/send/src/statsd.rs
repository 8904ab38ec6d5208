//! Packets of statsd, to the server that takes them: over UDP, TCP or a Unix socket.
//!
//! ```text
//! packet --Transport: paused?--> Link: open, or opened now --within a limit--> kernel: sent
//!             \-- failed at once          \-- failed: the link is closed, and a pause begins --/
//! ```
//!
//! Sent means that this node's kernel has taken the packet. What it then loses, nobody says: over UDP all that nobody listens for, over
//! a stream what was under way when the connection broke. A packet whose `send` is cancelled closes its link, as it may be written in
//! part.

mod failure;
mod link;
mod pause;
mod resolve;
mod stream;
#[cfg(test)]
mod tests;
mod udp;
mod unix;

pub use failure::{Failure, TransportError};

use link::Link;
use longwire_model::exporter::StatsdAddress;
use pause::Pause;
use stream::Stream;
use udp::Udp;

/// Sends packets to one receiver, one after the other. It opens what it needs when the first packet comes, and again after a failure.
#[derive(Debug)]
pub struct Transport {
    address: StatsdAddress,
    /// None before the first packet and after a failure.
    link: Option<Link>,
    pause: Pause,
    refused: u64,
}

impl Transport {
    #[must_use]
    pub fn new(address: &StatsdAddress) -> Self {
        Self { address: address.clone(), link: None, pause: Pause::default(), refused: 0 }
    }

    /// Whether packets must end in a newline, as those of a stream do. A Unix socket's are so too, because its kind is only known when it
    /// is open: a datagram is then sent without its last newline.
    #[must_use]
    pub fn wants_newlines(&self) -> bool {
        match self.address {
            StatsdAddress::Udp { .. } => false,
            StatsdAddress::Tcp { .. } | StatsdAddress::Unix { .. } => true,
        }
    }

    /// Messages of ICMP that nobody listens at the receiver's port. Each stands for one or more packets that count as sent, and are lost.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// An error says that this packet was not sent, with one exception: of a packet that broke off in a stream, the receiver may have
    /// read the first lines and a part of one. Waits some seconds at most, and not at all for a while after a failure, so that many
    /// packets to a dead receiver fail soon.
    pub async fn send(&mut self, packet: &[u8]) -> Result<(), TransportError> {
        let outcome = self.attempt(packet).await;
        outcome.map_err(|failure| TransportError { address: self.address.clone().into(), failure })
    }

    async fn attempt(&mut self, packet: &[u8]) -> Result<(), Failure> {
        self.pause.check()?;
        let mut link = self.living_link().await?;
        let mut outcome = link.send(packet).await;
        if let (Err(Failure::Send(_)), Link::UnixDatagrams(_)) = (&outcome, &link) {
            // The listener is gone, and may have a successor. The kernel says so of this very packet, which has gone nowhere.
            link = self.open().await?;
            outcome = link.send(packet).await;
        }
        self.settle(link, outcome)
    }

    /// Taken out: what is not put back is closed.
    async fn living_link(&mut self) -> Result<Link, Failure> {
        match self.link.take() {
            Some(Link::Udp(mut udp)) => {
                if let StatsdAddress::Udp { host, port } = &self.address
                    && udp.refresh(host, *port).await
                {
                    self.pause.forget();
                }
                Ok(Link::Udp(udp))
            }
            Some(Link::Stream(stream)) => match (stream.is_closed(), stream.is_young()) {
                (false, _) => Ok(Link::Stream(stream)),
                (true, true) => Err(self.pause.begin(Failure::Closes)),
                (true, false) => {
                    self.pause.forget();
                    self.open().await
                }
            },
            Some(link) => Ok(link),
            None => self.open().await,
        }
    }

    async fn open(&mut self) -> Result<Link, Failure> {
        let opened = match &self.address {
            StatsdAddress::Udp { host, port } => Udp::open(host, *port).await.map(Link::Udp),
            StatsdAddress::Tcp { host, port } => Stream::tcp(host, *port).await.map(Link::Stream),
            StatsdAddress::Unix { path } => unix::open(path).await,
        };
        opened.map_err(|failure| self.pause.begin(failure))
    }

    /// Keeps the link if the next packet may use it.
    fn settle(&mut self, link: Link, outcome: Result<(), Failure>) -> Result<(), Failure> {
        match (&link, &outcome) {
            (Link::UnixDatagrams(_), Ok(())) => self.pause.forget(),
            (Link::Stream(stream), Err(_)) if !stream.is_young() => self.pause.forget(),
            _ => {}
        }
        let is_kept = match &outcome {
            Ok(()) | Err(Failure::TooLong { .. }) => true,
            Err(Failure::Full(_)) => !matches!(link, Link::Stream(_)),
            Err(_) => false,
        };
        self.link = is_kept.then_some(link);
        outcome.map_err(|failure| match failure {
            Failure::TooLong { .. } => failure,
            Failure::Gone => {
                self.refused += 1;
                self.pause.begin(failure)
            }
            failure => self.pause.begin(failure),
        })
    }
}
