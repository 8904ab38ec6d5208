//! Which of the three kinds' objects apply to a pod, and what a probe is sent of it.
//!
//! ```text
//! Index --scope--> objects that apply to a pod --merge--> Merged --compile--> Changes: configurations, answers, states
//! ```

pub mod compile;
pub(crate) mod consumers;
pub mod defaults;
pub mod merge;
pub mod state;
pub mod would;
