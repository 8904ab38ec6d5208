//! A compromised node: its probe's token is valid, and its messages have the largest allowed size, or a larger one.

use super::probe::Stream;
use super::{Control, address_of, milliseconds, probe_pod, soon};
use anyhow::{Result, ensure};
use bytes::{Buf, BufMut};
use longwire_wire::message::{FromProbe, Hello};
use longwire_wire::{MAX_PROBE_MESSAGE, proto};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};

const NODES: u8 = 4;
/// Streams that send at the same time.
const STREAMS: usize = 8;
/// Messages of one stream, unless the operator ends it.
const MESSAGES: usize = 16;
/// Rounds of edits of other nodes meanwhile.
const EDITS: usize = 8;
const MIB: usize = 1 << 20;

/// Connects as the first node's probe, sends these messages, and returns the status of the call.
async fn send(control: &Control, messages: Vec<Vec<u8>>) -> Result<Status> {
    let mut client = Grpc::new(control.channel(address_of(1)).await?);
    client.ready().await?;
    let mut request = Request::new(tokio_stream::iter(messages));
    let token = control.api.token(&probe_pod(1))?;
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let path = http::uri::PathAndQuery::from_static("/longwire.v1.Control/Connect");
    let mut answers = match client.streaming(request, path, Raw).await {
        Ok(answers) => answers.into_inner(),
        Err(status) => return Ok(status),
    };
    loop {
        match answers.message().await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Status::ok("ended")),
            Err(status) => return Ok(status),
        }
    }
}

/// A valid hello of the first node.
fn hello() -> Vec<u8> {
    let hello = Hello { node: "m1".to_owned(), probe_version: String::new(), pods: Vec::new(), addresses: Vec::new() };
    prost::Message::encode_to_vec(&proto::ProbeMessage::from(FromProbe::Hello(hello)))
}

async fn others(control: &Control) -> Result<Vec<(u8, Stream)>> {
    let mut streams = Vec::new();
    for node in 2..=NODES {
        streams.push((node, control.admission(node).await?.0));
    }
    Ok(streams)
}

/// Adds a pod to each of these nodes, and returns the longest time.
async fn edit(control: &Control, streams: &mut [(u8, Stream)], round: usize) -> Result<Duration> {
    let mut longest = Duration::ZERO;
    for (node, stream) in streams {
        longest = longest.max(control.edit(stream, *node, &format!("late-{node}-{round}")).await?);
    }
    Ok(longest)
}

/// Rounds of such edits.
async fn edits(control: &Control, streams: &mut [(u8, Stream)]) -> Result<Duration> {
    let mut longest = Duration::ZERO;
    for round in 0..EDITS {
        longest = longest.max(edit(control, streams, round).await?);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(longest)
}

#[test]
fn a_first_message_of_many_empty_pods_is_refused_unread() -> Result<()> {
    let control = Control::start("huge_hello", NODES)?;
    let edit = control.block_on(async {
        let (mut streams, mut longest) = (others(&control).await?, Duration::ZERO);
        for (round, size) in [32 * MIB, 64 * MIB, 32 * MIB, 64 * MIB].into_iter().enumerate() {
            let refused = send(&control, vec![empty_pods(size)]).await?;
            ensure!(refused.code() != Code::Ok, "a message of {size} bytes is taken");
            longest = longest.max(edit(&control, &mut streams, round).await?);
        }
        Ok(longest)
    })?;
    ensure!(edit < soon(), "another node was told after {edit:?} only");
    control.end(&[("edit_ms", milliseconds(edit))])
}

/// One call after another, because streams of one node replace each other. Reconnects if the connection is closed.
async fn flood(control: &Control, stop: &AtomicBool, ended: &AtomicU64) {
    let most = MAX_PROBE_MESSAGE - 64;
    while !stop.load(Relaxed) {
        let mut messages = vec![hello()];
        messages.extend((0..MESSAGES).map(|_| nothing(most)));
        // The last message takes the most to decode.
        messages.push(empty_pods(most));
        let (long, short) = (send(control, messages).await, send(control, vec![empty_pods(most)]).await);
        ended.fetch_add(u64::from(long.is_ok()) + u64::from(short.is_ok()), Relaxed);
    }
}

#[test]
fn streams_of_messages_of_just_below_the_bound_hold_no_other_node_up() -> Result<()> {
    let control = Control::start("large_messages", NODES)?;
    let (stop, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    let edit = control.block_on(async {
        let mut streams = others(&control).await?;
        let floods = futures::future::join_all((0..STREAMS).map(|_| flood(&control, &stop, &calls)));
        let edits = async {
            let longest = edits(&control, &mut streams).await;
            // The floods end with the edits, even if those fail.
            stop.store(true, Relaxed);
            longest
        };
        futures::future::join(edits, floods).await.0
    })?;
    ensure!(edit < soon(), "another node was told after {edit:?} only");
    let calls = calls.load(Relaxed);
    ensure!(calls > 0, "no call came to its end");
    control.end(&[("edit_ms", milliseconds(edit)), ("calls", calls as f64)])
}

/// `ProbeMessage.hello`, `Hello.pods`: a length-delimited field.
const HELLO: u8 = 1 << 3 | 2;
const PODS: u8 = 3 << 3 | 2;
/// An unknown field, which a reader skips.
const UNKNOWN: u8 = 15 << 3 | 2;

/// A hello of so many bytes that consists of empty pods: two bytes each, and much more when decoded.
fn empty_pods(bytes: usize) -> Vec<u8> {
    field(HELLO, [PODS, 0].repeat(bytes / 2))
}

/// A message of so many bytes without content.
fn nothing(bytes: usize) -> Vec<u8> {
    field(UNKNOWN, vec![0; bytes])
}

fn field(tag: u8, content: Vec<u8>) -> Vec<u8> {
    let (mut message, mut length) = (vec![tag], content.len());
    while length > 0x7f {
        message.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    message.push(u8::try_from(length).unwrap_or_default());
    message.extend(content);
    message
}

/// Sends bytes unchanged and ignores the responses.
#[derive(Clone, Copy, Debug)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = usize;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = usize;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<usize>, Status> {
        let length = from.remaining();
        from.advance(length);
        Ok(Some(length))
    }
}
