//! Messages as bytes, which a real probe does not send.

use anyhow::Result;
use bytes::{Buf, BufMut};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// `ProbeMessage.hello`, `Hello.pods`: a length-delimited field.
const HELLO: u8 = 1 << 3 | 2;
const PODS: u8 = 3 << 3 | 2;
/// An unknown field, which a reader skips.
const UNKNOWN: u8 = 15 << 3 | 2;

/// A hello of so many bytes that consists of empty pods: two bytes each, and much more when decoded.
pub(super) fn empty_pods(bytes: usize) -> Vec<u8> {
    field(HELLO, [PODS, 0].repeat(bytes / 2))
}

/// A message of so many bytes without content.
pub(super) fn nothing(bytes: usize) -> Vec<u8> {
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
pub(super) struct Raw;

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
