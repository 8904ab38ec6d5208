//! Size limits of users' configuration, in bytes. Operator and probe use the same numbers.
//!
//! ```text
//! text of a spec --read--> object --sum--> namespace        (operator: an object past a limit is not accepted)
//!                             \--merge--> telemetry --sum--> node   (operator: falls back; probe: refuses the update)
//! ```
//!
//! Sizes of parsed and merged values are computed: the memory of their parts, shared parts counted at each use. They
//! are equal in every process, so an operator never sends what a probe refuses.

/// One compiled regular expression. Those of Envoy's and Istio's documentation take 2 to 4 KiB, a `\w` 16 KiB.
pub const MAX_REGEX_BYTES: usize = 48 * 1024;

/// The spec of one object, as JSON without spaces.
pub const MAX_SPEC_BYTES: usize = 32 * 1024;

/// One object in the operator's memory.
pub const MAX_OBJECT_BYTES: usize = 64 * 1024;

/// Least size that is counted for an object, because its name, its status and its conflicts take memory too.
pub const MIN_OBJECT_BYTES: usize = 2 * 1024;

/// All accepted objects of one namespace.
pub const MAX_NAMESPACE_BYTES: usize = 512 * 1024;

/// All EndpointSlices of one namespace, with their endpoints: some 16,000.
pub const MAX_NAMESPACE_SLICE_BYTES: usize = 16 * 1024 * 1024;

/// The telemetry of one pod, and the cost of evaluating it for one connection: with compiled regular expressions,
/// everything counted once for each group of metrics.
pub const MAX_TELEMETRY_BYTES: usize = 256 * 1024;

/// The different telemetries of the pods of one node.
pub const MAX_NODE_TELEMETRY_BYTES: usize = 16 * 1024 * 1024;

/// The part of a pod's annotation that is read.
pub const MAX_ANNOTATION_BYTES: usize = 8 * 1024;

/// A pod's labels. Kubernetes limits the size of each, but not their number.
pub const MAX_LABEL_BYTES: usize = 32 * 1024;

/// A refusal's reason, which quotes users' input.
pub const MAX_REASON_BYTES: usize = 1024;
