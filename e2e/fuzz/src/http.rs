//! A client of the probe's metrics listener. The first byte selects the input: after an `A` the rest is the value of an
//! Accept header, otherwise it is sent in pieces of as many bytes as the first byte is.

use crate::node::pipeline;
use longwire_probe::simulated::Scraped;
use std::cell::Cell;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

static PROBE: LazyLock<Scraped> = LazyLock::new(|| Scraped::new(pipeline()));

/// Longest Accept header: a head may have 16 KiB, and the header is sent once more with spaces.
const LONGEST_VALUE: usize = 4 << 10;
const OPEN_METRICS: &[u8] = b"content-type: application/openmetrics-text";

pub(crate) fn fuzz(bytes: &[u8]) {
    match bytes.split_first() {
        Some((b'A', value)) => accept(value),
        Some((piece, sent)) => {
            let answer = ask(sent, usize::from(*piece).max(1));
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "an answer that is none");
        }
        None => {}
    }
}

fn accept(value: &[u8]) {
    if value.len() > LONGEST_VALUE || value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return;
    }
    let spaced = value.iter().flat_map(|byte| match byte {
        b',' => b" , ".to_vec(),
        b';' => b" ; ".to_vec(),
        byte => vec![*byte],
    });
    let [plain, spaced] = [value.to_vec(), spaced.collect()].map(|value| is_open_metrics(&value));
    assert_eq!(plain, spaced, "space around what separates says nothing");
}

/// Otherwise the text format.
fn is_open_metrics(accept: &[u8]) -> bool {
    let request =
        [b"GET /metrics HTTP/1.1\r\nConnection: close\r\nAccept: ".as_slice(), accept, b"\r\n\r\n".as_slice()].concat();
    let answer = ask(&request, request.len());
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "a scrape that is refused");
    let has = |text: &[u8]| answer.windows(text.len()).any(|window| window == text);
    let is_open_metrics = has(OPEN_METRICS);
    assert!(is_open_metrics || has(b"content-type: text/plain"), "neither format");
    assert_eq!(is_open_metrics, answer.ends_with(b"\n# EOF\n\r\n0\r\n\r\n"), "a page that is not of its format");
    is_open_metrics
}

/// Sends all of it, waits for the end of the response, and closes.
fn ask(sent: &[u8], piece: usize) -> Vec<u8> {
    let hung_up = Cell::new(false);
    let mut client = Client { unsent: sent, piece, hung_up: &hung_up, answer: Vec::new() };
    {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut answering = pin!(PROBE.answer(&mut client));
        while answering.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            if !woken.0.swap(false, Relaxed) {
                assert!(!hung_up.replace(true), "a connection outlives its client");
            }
        }
    }
    client.answer
}

/// A task was woken, so there is progress without the client.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

struct Client<'a> {
    unsent: &'a [u8],
    /// Bytes of one read.
    piece: usize,
    hung_up: &'a Cell<bool>,
    answer: Vec<u8>,
}

impl AsyncRead for Client<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.unsent.is_empty() && !self.hung_up.get() {
            return Poll::Pending;
        }
        let (piece, rest) = self.unsent.split_at(self.piece.min(self.unsent.len()).min(buffer.remaining()));
        buffer.put_slice(piece);
        self.unsent = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Client<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.answer.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
