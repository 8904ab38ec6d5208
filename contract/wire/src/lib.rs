//! The protocol between operator and probe, over gRPC: protobuf messages, and their conversion from and to the model.
//!
//! ```text
//! operator                                                probe
//! model::Update --Encoder--> proto::Update --gRPC--> proto::Update --Decoder--> model::Update + versions
//! FromProbe <--TryFrom-- proto::ProbeMessage <--gRPC-- proto::ProbeMessage <--From-- FromProbe
//! model::LiveBatch <--LiveDecoder-- proto::LiveBatch <--gRPC-- proto::LiveBatch <--LiveEncoder-- model::LiveBatch
//! LocalPod, Address, node --version--> u64: by which a probe lists what it has already
//! ```
//!
//! Strings that many pods share are sent once a stream, so each stream has an `Encoder` and a `Decoder` of its own.

pub mod address;
pub mod codec;
pub mod decode;
pub mod encode;
pub mod live;
pub mod message;
mod refs;
mod shape;
pub mod telemetry;
pub mod version;

#[rustfmt::skip]
#[path = "generated/longwire.v1.rs"]
#[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, unused_qualifications, reason = "generated")]
pub mod proto;

pub use refs::MAX_REFS;

/// Metadata of a standby's refusal: the leader's `ip:port`. The second one is its name in the previous release.
pub const LEADER_HEADERS: [&str; 2] = ["longwire-leader", "longwire-holder"];
/// Largest message of a probe, bytes. A hello with the most addresses that a probe queries is below 1 MiB.
pub const MAX_PROBE_MESSAGE: usize = 4 << 20;
/// Largest message of the operator, bytes. The operator splits updates at [`UPDATE_TARGET`].
pub const MAX_UPDATE: usize = 4 << 20;
/// Largest request for the authorization of a reader, and largest answer, bytes.
pub const MAX_AUTHORIZATION: usize = 16 << 10;
/// An update of this size gets no further pod or answer, bytes.
pub const UPDATE_TARGET: usize = 512 << 10;
/// Largest pod or answer with all that it refers to, bytes. A larger one is not sent.
pub const MAX_ITEM: usize = 1 << 20;
/// Most memory for decoding a message of a probe, bytes, as `shape` estimates it.
pub const MAX_PROBE_MESSAGE_MEMORY: usize = 12 << 20;
/// Most memory for decoding an update, bytes. Short strings take up to 32 times their size on the wire.
pub const MAX_UPDATE_MEMORY: usize = 48 << 20;
