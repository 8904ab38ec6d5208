//! Estimates the memory of a message from its bytes, before anything is decoded.
//!
//! An empty message takes two bytes on the wire and hundreds in memory, so a limit of bytes alone is not enough.

use crate::proto;
use std::any::TypeId;
use std::mem::size_of;

#[cfg(test)]
mod tests;

/// A string or byte list: its header, and the allocator's overhead.
const STRING: usize = size_of::<String>() + 16;
/// A growing vector has up to twice the capacity of its content.
const GROWTH: usize = 2;

/// Fields of a message that allocate memory. All others are part of its `size`.
#[derive(Debug)]
pub(crate) struct Shape {
    size: usize,
    fields: &'static [(u64, Field)],
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Message(&'static Shape),
    /// A string or bytes.
    Text,
    /// Repeated numbers, each of so many bytes.
    Packed(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidShape {
    #[error("decoding it takes more than {limit} bytes of memory")]
    TooLarge { limit: usize },
    #[error("not a protobuf message")]
    Malformed,
}

impl Shape {
    /// `None`: the message has at most a few short fields.
    pub(crate) fn of<T: 'static>() -> Option<&'static Self> {
        let id = TypeId::of::<T>();
        [
            (TypeId::of::<proto::ProbeMessage>(), &PROBE_MESSAGE),
            (TypeId::of::<proto::Update>(), &UPDATE),
            (TypeId::of::<proto::LiveReport>(), &LIVE_REPORT),
            (TypeId::of::<proto::LiveOrder>(), &LIVE_ORDER),
        ]
        .into_iter()
        .find_map(|(of, shape)| (of == id).then_some(shape))
    }

    /// Fails as soon as the estimate is above `limit` bytes. Returns it; it is never below what is allocated.
    pub(crate) fn check(&self, bytes: &[u8], limit: usize) -> Result<usize, InvalidShape> {
        let mut left = limit;
        self.walk(bytes, &mut left).map_err(|error| match error {
            InvalidShape::TooLarge { .. } => InvalidShape::TooLarge { limit },
            InvalidShape::Malformed => error,
        })?;
        Ok(limit - left)
    }

    fn walk(&self, mut bytes: &[u8], left: &mut usize) -> Result<(), InvalidShape> {
        while !bytes.is_empty() {
            let tag = varint(&mut bytes)?;
            match tag & 7 {
                0 => drop(varint(&mut bytes)?),
                1 => drop(take(&mut bytes, 8)?),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)?).map_err(|_| InvalidShape::Malformed)?;
                    let content = take(&mut bytes, length)?;
                    self.charge(tag >> 3, content, left)?;
                }
                5 => drop(take(&mut bytes, 4)?),
                // Groups, which proto3 does not have, and invalid wire types.
                _ => return Err(InvalidShape::Malformed),
            }
            // Also for unpacked and unknown fields: each has at least two bytes.
            spend(left, size_of::<u32>())?;
        }
        Ok(())
    }

    fn charge(&self, number: u64, content: &[u8], left: &mut usize) -> Result<(), InvalidShape> {
        match self.fields.iter().find(|(known, _)| *known == number) {
            Some((_, Message(shape))) => {
                spend(left, shape.size * GROWTH)?;
                shape.walk(content, left)
            }
            Some((_, Text)) => spend(left, STRING * GROWTH + content.len()),
            Some((_, Packed(size))) => spend(left, content.len() * size * GROWTH),
            None => Ok(()),
        }
    }
}

fn spend(left: &mut usize, cost: usize) -> Result<(), InvalidShape> {
    *left = left.checked_sub(cost).ok_or(InvalidShape::TooLarge { limit: 0 })?;
    Ok(())
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], InvalidShape> {
    let (content, rest) = bytes.split_at_checked(length).ok_or(InvalidShape::Malformed)?;
    *bytes = rest;
    Ok(content)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, InvalidShape> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).wrapping_shl(7 * u32::try_from(at).unwrap_or(0));
        if byte & 0x80 == 0 {
            *bytes = &bytes[at + 1..];
            return Ok(value);
        }
    }
    Err(InvalidShape::Malformed)
}

use Field::{Message, Packed, Text};

/// A test compares them with the `.proto` file.
macro_rules! shapes {
    ($($name:ident: $message:ty { $($number:literal $field:expr),* $(,)? })*) => {
        $(static $name: Shape = Shape { size: size_of::<$message>(), fields: &[$(($number, $field)),*] };)*
        #[cfg(test)]
        const ALL: &[(&str, &Shape)] = &[$((stringify!($message), &$name)),*];
    };
}

shapes! {
    PROBE_MESSAGE: proto::ProbeMessage {
        1 Message(&HELLO), 2 Message(&INTEREST), 3 Message(&ACK), 4 Message(&NACK), 5 Message(&AUTHENTICATE),
        6 Message(&OBSERVED_ADDRESSES), 7 Message(&NOTICE),
    }
    HELLO: proto::Hello { 1 Text, 2 Text, 3 Message(&KNOWN_POD), 4 Message(&KNOWN_ADDRESS) }
    KNOWN_POD: proto::KnownPod { 1 Text }
    KNOWN_ADDRESS: proto::KnownAddress { 1 Text }
    INTEREST: proto::Interest { 1 Text, 2 Text }
    OBSERVED_ADDRESSES: proto::ObservedAddresses { 1 Message(&OBSERVED_ADDRESS) }
    OBSERVED_ADDRESS: proto::ObservedAddress { 1 Text, 2 Text, 4 Text }
    ACK: proto::Ack {}
    NACK: proto::Nack { 2 Text }
    AUTHENTICATE: proto::Authenticate { 1 Text }
    NOTICE: proto::Notice { 1 Text }

    UPDATE: proto::Update {
        2 Message(&WORKLOAD), 3 Message(&SERVICE), 4 Message(&LOCAL_POD), 5 Text, 6 Message(&ADDRESS),
        7 Message(&NODE_SETTINGS), 8 Message(&TELEMETRY), 9 Message(&PLACE), 10 Message(&FORGET),
    }
    FORGET: proto::Forget { 1 Packed(4), 2 Packed(4), 3 Packed(4), 4 Packed(4) }
    NODE_SETTINGS: proto::NodeSettings { 6 Message(&EXPORTER) }
    EXPORTER: proto::Exporter { 1 Text, 2 Message(&OTLP), 3 Message(&STATSD), 4 Message(&LOG_FILE) }
    OTLP: proto::Otlp { 1 Text, 2 Text, 3 Text, 6 Text, 7 Message(&PAIR), 8 Message(&PAIR), 9 Text }
    PAIR: proto::Pair { 1 Text, 2 Text }
    STATSD: proto::Statsd { 1 Text, 2 Text, 3 Text, 6 Text }
    LOG_FILE: proto::LogFile {}
    TELEMETRY: proto::Telemetry {
        3 Message(&GROUP), 4 Message(&GROUP), 5 Message(&STATS_MATCHER), 6 Message(&ACCESS_LOG),
    }
    ACCESS_LOG: proto::AccessLog { 1 Text, 4 Text, 8 Text, 9 Text, 10 Text }
    GROUP: proto::Group { 1 Text, 2 Message(&TAG), 3 Text }
    TAG: proto::Tag { 1 Text, 2 Text }
    STATS_MATCHER: proto::StatsMatcher { 2 Message(&STRING_MATCHER) }
    STRING_MATCHER: proto::StringMatcher { 1 Text, 2 Text, 3 Text, 4 Text, 5 Text }
    PLACE: proto::Place { 2 Text, 3 Text, 4 Text }
    WORKLOAD: proto::Workload { 2 Text, 3 Text, 4 Text, 5 Text, 6 Text }
    SERVICE: proto::Service { 2 Text, 3 Text, 4 Text, 5 Text }
    POD: proto::Pod {
        1 Text, 2 Text, 3 Text, 6 Message(&SERVICE_PORT), 7 Text, 9 Message(&LABEL), 10 Message(&SERVICE_PORT),
    }
    LABEL: proto::Label { 1 Text, 2 Text }
    SERVICE_PORT: proto::ServicePort {}
    LOCAL_POD: proto::LocalPod { 1 Message(&POD) }
    ADDRESS: proto::Address { 1 Text, 2 Message(&OWNER) }
    OWNER: proto::Owner { 1 Message(&POD), 3 Text, 7 Packed(4), 8 Message(&ENDPOINT) }
    ENDPOINT: proto::Endpoint { 1 Text }

    LIVE_ORDER: proto::LiveOrder { 1 Message(&WATCHED), 3 Message(&ASK_FACTS) }
    ASK_FACTS: proto::AskFacts {}
    WATCHED: proto::Watched { 3 Text }
    LIVE_REPORT: proto::LiveReport { 1 Message(&LIVE_HELLO), 2 Message(&LIVE_BATCH), 4 Message(&FACTS) }
    LIVE_HELLO: proto::LiveHello { 1 Text, 2 Text }
    LIVE_BATCH: proto::LiveBatch {
        3 Message(&PLACE), 4 Message(&WORKLOAD), 5 Message(&SERVICE), 6 Message(&LIVE_POD), 7 Message(&LIVE_CONNECTION),
        8 Message(&LIVE_SAMPLE), 9 Message(&LIVE_END), 10 Packed(4), 13 Message(&LIVE_FORGET),
    }
    LIVE_FORGET: proto::LiveForget { 1 Packed(4), 2 Packed(4), 3 Packed(4), 4 Packed(4) }
    LIVE_POD: proto::LivePod { 2 Text, 3 Text }
    LIVE_CONNECTION: proto::LiveConnection {
        3 Text, 10 Message(&ENDPOINT), 11 Message(&ENDPOINT), 12 Message(&ENDPOINT),
    }
    LIVE_SAMPLE: proto::LiveSample {}
    LIVE_END: proto::LiveEnd { 2 Message(&LIVE_CONNECTION), 3 Message(&LIVE_SAMPLE), 6 Message(&LIVE_CLOSE), 7 Text }
    LIVE_CLOSE: proto::LiveClose { 1 Text, 2 Text }
    FACTS: proto::Facts {
        2 Text, 3 Text, 5 Text, 6 Message(&BUDGET_USE), 7 Message(&OVERFLOWED), 8 Message(&LOST), 12 Message(&EXPORT_LAG),
    }
    BUDGET_USE: proto::BudgetUse { 1 Text }
    OVERFLOWED: proto::Overflowed { 1 Text, 2 Text }
    LOST: proto::Lost { 1 Text, 2 Text }
    EXPORT_LAG: proto::ExportLag { 1 Text }
}
