//! How large what people configure may be, in bytes. Operator and probe hold to the same numbers.
//!
//! ```text
//! text of a spec --read--> object --sum--> namespace        (operator: an object past a limit is not accepted)
//!                             \--merge--> telemetry --sum--> node   (operator: falls back; probe: refuses the update)
//! ```
//!
//! Sizes of what was read or merged are reckoned: what its parts take in memory, shared parts counted at each use. They are
//! the same in every process, so an operator never sends what a probe refuses.

/// Of one compiled regular expression. Those of Envoy's and Istio's documentation take 2 to 4 KiB, a `\w` 16 KiB.
pub const MAX_REGEX_BYTES: usize = 48 * 1024;

/// Of the spec of one object, as JSON without spaces.
pub const MAX_SPEC_BYTES: usize = 32 * 1024;

/// Of one object as the operator keeps it.
pub const MAX_OBJECT_BYTES: usize = 64 * 1024;

/// Counted for an object that takes less, because its name, its status and its conflicts take something too.
pub const MIN_OBJECT_BYTES: usize = 2 * 1024;

/// Of all accepted objects of one namespace.
pub const MAX_NAMESPACE_BYTES: usize = 512 * 1024;

/// Of all EndpointSlices of one namespace, with what they lead to: some 16,000 endpoints.
pub const MAX_NAMESPACE_SLICE_BYTES: usize = 16 * 1024 * 1024;

/// Of the telemetry of one pod, and of what evaluating it for one connection may cost: regular expressions compiled,
/// everything counted once for each group of metrics.
pub const MAX_TELEMETRY_BYTES: usize = 256 * 1024;

/// Of the different telemetries of the pods of one node.
pub const MAX_NODE_TELEMETRY_BYTES: usize = 16 * 1024 * 1024;

/// Of what is read of one annotation of a pod.
pub const MAX_ANNOTATION_BYTES: usize = 8 * 1024;

/// Of a pod's labels. Kubernetes bounds each, and not how many there are.
pub const MAX_LABEL_BYTES: usize = 32 * 1024;

/// Of the text that says why something was refused: people's input is quoted in it.
pub const MAX_REASON_BYTES: usize = 1024;
