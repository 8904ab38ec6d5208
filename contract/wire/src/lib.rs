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
pub mod codec;
pub mod decode;
pub mod encode;
pub mod message;
mod refs;
mod shape;
pub mod telemetry;
pub mod version;

#[rustfmt::skip]
#[path = "generated/longwire.v1.rs"]
#[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, unused_qualifications, reason = "generated")]
pub mod proto;

pub use refs::MOST_REFS;

/// Largest message of a probe, bytes. A hello with every address that a probe can ask about has below 1 MiB.
pub const MAX_PROBE_MESSAGE: usize = 4 << 20;
/// Largest message of the operator, bytes. It splits its updates at [`UPDATE_TARGET`].
pub const MAX_UPDATE: usize = 4 << 20;
/// Largest question about a reader, and answer to one, bytes.
pub const MAX_QUESTION: usize = 16 << 10;
/// An update takes no further pod or answer from this size on, bytes.
pub const UPDATE_TARGET: usize = 512 << 10;
/// Largest pod or answer with all that it refers to, bytes. A larger one is not sent.
pub const MAX_ITEM: usize = 1 << 20;
/// Memory that decoding a message of a probe may take, bytes, as `shape` estimates it.
pub const MAX_PROBE_MESSAGE_MEMORY: usize = 12 << 20;
/// Memory that decoding an update may take, bytes. Short strings take up to 32 times their size on the wire.
pub const MAX_UPDATE_MEMORY: usize = 48 << 20;
