//! The operator as a probe meets it: manifests in a directory on one side, a stream on the other.

mod api_server;
mod descriptors;
mod edits;
mod harness;
mod identity;
mod process;
mod secured;
mod streams;
