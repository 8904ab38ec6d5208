//! The system calls that aya has no wrapper for: the only unsafe code of the probe.
#![expect(unsafe_code, reason = "raw bpf(2), mmap(2) and epoll(2); every block says why it is sound")]

mod clock;
mod mapping;
mod memory;
mod ready;
mod walk;

pub(crate) use clock::{monotonic, realtime};
pub(super) use mapping::{Mapping, PAGE};
pub(crate) use memory::give_back;
pub(super) use ready::Readiness;
pub(super) use walk::{Steps, Walk};
