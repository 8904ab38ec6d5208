//! The contract over gRPC: protobuf messages, and the way between them and the model.
//!
//! ```text
//! operator                                                probe
//! model::Update --Encoder--> proto::Update --gRPC--> proto::Update --Decoder--> model::Update + versions
//! FromProbe <--TryFrom-- proto::ProbeMessage <--gRPC-- proto::ProbeMessage <--From-- FromProbe
//! LocalPod, Address, node --version--> u64: what a probe says it knows already
//! ```
//!
//! Strings that many pods share travel once a stream, so each stream has an `Encoder` and a `Decoder` of its own.

pub mod address;
pub mod decode;
pub mod encode;
pub mod message;
mod refs;
pub mod telemetry;
pub mod version;

#[rustfmt::skip]
#[path = "generated/longwire.v1.rs"]
#[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, unused_qualifications, reason = "generated")]
pub mod proto;

pub use refs::MOST_REFS;

/// Largest message of a stream, bytes, on both sides.
pub const MAX_MESSAGE: usize = 64 << 20;
