//! The operator as a probe meets it: manifests in a directory on one side, a stream on the other.

mod edits;
mod harness;
mod identity;
mod process;
mod streams;
