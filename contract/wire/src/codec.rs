//! The codec of the generated code: protobuf, with a check of the memory that a message would take before it is
//! decoded.

use crate::live::{MAX_LIVE_ORDER_MEMORY, MAX_LIVE_REPORT_MEMORY};
use crate::shape::Shape;
use crate::{MAX_PROBE_MESSAGE_MEMORY, MAX_UPDATE_MEMORY, proto};
use prost::Message;
use prost::bytes::Buf;
use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

#[cfg(test)]
mod tests;

/// Largest message without an own entry in `shape`, bytes.
const MAX_PLAIN: usize = 64 << 10;

pub struct BoundedCodec<T, U>(PhantomData<(T, U)>);

pub struct BoundedDecoder<U>(PhantomData<U>);

impl<T, U> Default for BoundedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> fmt::Debug for BoundedCodec<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoundedCodec")
    }
}

impl<U> fmt::Debug for BoundedDecoder<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoundedDecoder")
    }
}

impl<T, U> Codec for BoundedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = BoundedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        BoundedDecoder(PhantomData)
    }
}

impl<U: Message + Default + 'static> Decoder for BoundedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        decode(&bytes).map(Some)
    }
}

/// Refuses a message whose decoding would take more memory than its type may, before anything is allocated.
pub fn decode<U: Message + Default + 'static>(bytes: &[u8]) -> Result<U, Status> {
    match Shape::of::<U>() {
        Some(shape) => {
            let checked = shape.check(bytes, memory_of::<U>());
            checked
                .map_err(|error| Status::resource_exhausted(format!("a message of {} bytes: {error}", bytes.len())))?;
        }
        None if bytes.len() > MAX_PLAIN => {
            let text = format!("a message of {} bytes is longer than {MAX_PLAIN}", bytes.len());
            return Err(Status::resource_exhausted(text));
        }
        None => {}
    }
    U::decode(bytes).map_err(|error| Status::internal(error.to_string()))
}

fn memory_of<U: 'static>() -> usize {
    let id = TypeId::of::<U>();
    let known = [
        (TypeId::of::<proto::Update>(), MAX_UPDATE_MEMORY),
        (TypeId::of::<proto::LiveReport>(), MAX_LIVE_REPORT_MEMORY),
        (TypeId::of::<proto::LiveOrder>(), MAX_LIVE_ORDER_MEMORY),
    ];
    known.into_iter().find_map(|(of, memory)| (of == id).then_some(memory)).unwrap_or(MAX_PROBE_MESSAGE_MEMORY)
}
