//! What receivers answer. They may be anything, so an answer is bounded before it is read.

#[cfg(test)]
mod tests;

use super::proto::collector::logs::v1::ExportLogsServiceResponse;
use super::proto::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::{DecodeError, Message};
use std::time::Duration;

/// Largest answer that is read, bytes. They are short, and take up to 32 times their size while they are read.
pub const MAX_RESPONSE: usize = 64 << 10;

/// Longest text of a receiver that is passed on, characters: it ends up in a log.
const MAX_MESSAGE: usize = 512;

/// The name of [`RetryInfo`], whatever host stands before it.
const RETRY_INFO: &str = "/google.rpc.RetryInfo";

/// How a receiver took a request. None of these is to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    All,
    /// All of it, with something to tell the user.
    Warning(String),
    /// Without so many data points or log records, and why.
    Partly {
        rejected: u64,
        message: String,
    },
}

/// A `google.rpc.Status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Of gRPC; over HTTP it may be missing, which reads as 0.
    pub code: i32,
    pub message: String,
    /// The receiver wants to be left alone for so long.
    pub delay: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResponse {
    #[error("an answer of {0} bytes is too long: at most {MAX_RESPONSE} are read")]
    TooLong(usize),
    #[error("the answer is no message of OTLP: {0}")]
    Malformed(DecodeError),
}

/// Of `google/rpc/status.proto` and what it refers to, the fields that are read.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// Of `google/rpc/error_details.proto`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanoseconds: i32,
}

/// Of an `ExportMetricsServiceResponse`, without the frame of gRPC.
pub fn metrics_response(bytes: &[u8]) -> Result<Accepted, InvalidResponse> {
    let success = read::<ExportMetricsServiceResponse>(bytes)?.partial_success.unwrap_or_default();
    Ok(Accepted::of(success.rejected_data_points, success.error_message))
}

/// Of an `ExportLogsServiceResponse`, without the frame of gRPC.
pub fn logs_response(bytes: &[u8]) -> Result<Accepted, InvalidResponse> {
    let success = read::<ExportLogsServiceResponse>(bytes)?.partial_success.unwrap_or_default();
    Ok(Accepted::of(success.rejected_log_records, success.error_message))
}

/// Of a `google.rpc.Status`: the trailer `grpc-status-details-bin`, or the body of a refusal over HTTP whose content type is that of
/// protobuf. Some receivers, as Prometheus, refuse in plain text.
pub fn refusal(bytes: &[u8]) -> Result<Refusal, InvalidResponse> {
    let Status { code, message, details } = read(bytes)?;
    let retry = details.iter().find(|detail| detail.type_url.ends_with(RETRY_INFO));
    // Details are an extra: what is wrong with one says nothing of the status.
    let retry = retry.and_then(|detail| RetryInfo::decode(detail.value.as_slice()).ok());
    let delay = retry.and_then(|retry| retry.delay).and_then(Delay::duration);
    Ok(Refusal { code, message: cut(message), delay })
}

fn read<M: Message + Default>(bytes: &[u8]) -> Result<M, InvalidResponse> {
    if bytes.len() > MAX_RESPONSE {
        return Err(InvalidResponse::TooLong(bytes.len()));
    }
    M::decode(bytes).map_err(InvalidResponse::Malformed)
}

impl Accepted {
    fn of(rejected: i64, message: String) -> Self {
        match u64::try_from(rejected).unwrap_or_default() {
            0 if message.is_empty() => Self::All,
            0 => Self::Warning(cut(message)),
            rejected => Self::Partly { rejected, message: cut(message) },
        }
    }
}

impl Refusal {
    /// Whether the same request may be sent again over gRPC, by the table of the protocol. Over HTTP its status says so.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        const CANCELLED: i32 = 1;
        const DEADLINE_EXCEEDED: i32 = 4;
        const RESOURCE_EXHAUSTED: i32 = 8;
        const ABORTED: i32 = 10;
        const OUT_OF_RANGE: i32 = 11;
        const UNAVAILABLE: i32 = 14;
        const DATA_LOSS: i32 = 15;
        match self.code {
            CANCELLED | DEADLINE_EXCEEDED | ABORTED | OUT_OF_RANGE | UNAVAILABLE | DATA_LOSS => true,
            // Else it is a request that is too large, and stays so.
            RESOURCE_EXHAUSTED => self.delay.is_some(),
            _ => false,
        }
    }
}

impl Delay {
    /// `None`: less than nothing.
    fn duration(self) -> Option<Duration> {
        let (seconds, nanoseconds) = (u64::try_from(self.seconds).ok()?, u32::try_from(self.nanoseconds).ok()?);
        (nanoseconds < 1_000_000_000).then(|| Duration::new(seconds, nanoseconds))
    }
}

fn cut(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
        message.truncate(end);
    }
    message
}
