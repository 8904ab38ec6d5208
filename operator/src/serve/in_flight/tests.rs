use super::{MAX_MEMORY_KIB, Metered, SMALL};
use http_body::{Body, Frame};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tonic::codegen::Bytes;
use tonic::{Code, Status};

/// What a peer sends, as it comes.
struct Peer(mpsc::UnboundedReceiver<Bytes>);

impl Body for Peer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

struct Stream {
    send: mpsc::UnboundedSender<Bytes>,
    body: Metered<Peer>,
}

impl Stream {
    fn new(memory: &Arc<Semaphore>) -> Self {
        Self::with_timeout(memory, Duration::from_secs(60))
    }

    fn with_timeout(memory: &Arc<Semaphore>, timeout: Duration) -> Self {
        let (send, receive) = mpsc::unbounded_channel();
        Self { send, body: Metered::new(Peer(receive), (Arc::clone(memory), MAX_MEMORY_KIB), timeout) }
    }

    fn send(&self, bytes: impl Into<Bytes>) {
        self.send.send(bytes.into()).unwrap();
    }

    async fn read(&mut self) -> Result<usize, Status> {
        let frame = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await.unwrap()?;
        Ok(frame.into_data().unwrap().len())
    }

    /// Whether there is nothing to read by now.
    async fn waits(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(1), self.read()).await.is_err()
    }
}

fn header(length: u32) -> Vec<u8> {
    [&[0][..], &length.to_be_bytes()].concat()
}

const LARGE: u32 = 4 << 20;

#[tokio::test]
async fn large_messages_wait_for_each_other_and_small_ones_do_not_wait() {
    let memory = Arc::new(Semaphore::new(MAX_MEMORY_KIB as usize));
    let mut held: Vec<_> = (0..4).map(|_| Stream::new(&memory)).collect();
    for stream in &mut held {
        stream.send(header(LARGE));
        stream.send(vec![0; 1_000]);
        assert_eq!((stream.read().await.unwrap(), stream.read().await.unwrap()), (5, 1_000));
    }
    assert_eq!(memory.available_permits(), 0);
    let (mut large, mut small) = (Stream::new(&memory), Stream::new(&memory));
    // A header may come in pieces.
    let (first, second) = (header(LARGE)[..2].to_vec(), header(LARGE)[2..].to_vec());
    large.send(first);
    large.send(second);
    large.send(vec![0; 10]);
    assert_eq!((large.read().await.unwrap(), large.read().await.unwrap()), (2, 3));
    assert!(large.waits().await);
    small.send(header(SMALL));
    small.send(vec![0; 7]);
    assert_eq!((small.read().await.unwrap(), small.read().await.unwrap()), (5, 7));
    // One is complete, and processed when the next one is polled.
    held[0].send(vec![0; LARGE as usize - 1_000]);
    held[0].read().await.unwrap();
    assert!(large.waits().await);
    assert!(held[0].waits().await);
    assert_eq!(large.read().await.unwrap(), 10);
    drop((held, large, small));
    assert_eq!(memory.available_permits(), MAX_MEMORY_KIB as usize);
}

#[tokio::test]
async fn a_large_message_that_does_not_come_ends_its_stream() {
    let memory = Arc::new(Semaphore::new(MAX_MEMORY_KIB as usize));
    let mut stream = Stream::with_timeout(&memory, Duration::from_millis(20));
    stream.send(header(LARGE));
    stream.read().await.unwrap();
    let status = stream.read().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::DeadlineExceeded, "a message was not here within 20ms"));
}

#[tokio::test]
async fn small_messages_in_one_piece_are_followed() {
    let memory = Arc::new(Semaphore::new(MAX_MEMORY_KIB as usize));
    let mut stream = Stream::new(&memory);
    stream.send([header(2), vec![1, 2], header(0), header(LARGE), vec![3]].concat());
    stream.send(vec![0; 9]);
    assert_eq!((stream.read().await.unwrap(), stream.read().await.unwrap()), (18, 9));
    assert_eq!(stream.body.left, LARGE - 10);
    assert_eq!(memory.available_permits(), (MAX_MEMORY_KIB - 3 * LARGE / 1_024) as usize);
}
