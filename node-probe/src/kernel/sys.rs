//! System calls that aya does not wrap: the only unsafe code of the probe.
#![expect(unsafe_code, reason = "raw bpf(2), mmap(2), epoll(2) and sched_setattr(2); every block says why it is sound")]

mod atomics;
mod bpf;
mod clock;
mod grace;
mod keys;
mod mapping;
mod memory;
mod ready;
mod slice;
mod walk;

pub(super) use atomics::has_atomics;
pub(crate) use clock::{monotonic, realtime};
pub(super) use grace::Grace;
pub(super) use keys::Keys;
pub(super) use mapping::{Mapping, PAGE, Shared};
pub(crate) use memory::give_back;
pub(super) use ready::Readiness;
pub(crate) use slice::shorten_slice;
pub(super) use walk::{Steps, Walk};
