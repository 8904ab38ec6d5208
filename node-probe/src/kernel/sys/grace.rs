//! Waits for running programs to end.

use super::bpf::{Attr, bpf, bpf_fd};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

const BPF_MAP_CREATE: libc::c_long = 0;
const BPF_MAP_UPDATE_ELEM: libc::c_long = 2;
const ARRAY: u32 = 2;
const ARRAY_OF_MAPS: u32 = 12;

/// `union bpf_attr` of BPF_MAP_CREATE, the fields used here.
#[repr(C)]
struct MapCreate {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    inner_map_fd: u32,
}

/// `union bpf_attr` of BPF_MAP_UPDATE_ELEM.
#[repr(C)]
struct MapUpdate {
    map_fd: u32,
    pad: u32,
    key: u64,
    value: u64,
    flags: u64,
}

// SAFETY: repr(C), integers only, none of them an address.
unsafe impl Attr for MapCreate {}
// SAFETY: repr(C), integers only; key and value are addresses of live integers.
unsafe impl Attr for MapUpdate {}

/// A map of maps. The kernel promises that an update of one returns only after all programs that may use the old inner
/// map have ended (`maybe_wait_bpf_programs`). membarrier(2) would not wait on a machine with one CPU.
#[derive(Debug)]
pub(in crate::kernel) struct Grace {
    outer: OwnedFd,
    inner: OwnedFd,
}

impl Grace {
    pub(in crate::kernel) fn new() -> io::Result<Self> {
        let create = |map_type, inner_map_fd| {
            let mut attr =
                MapCreate { map_type, key_size: 4, value_size: 4, max_entries: 1, map_flags: 0, inner_map_fd };
            bpf_fd(BPF_MAP_CREATE, &mut attr)
        };
        let inner = create(ARRAY, 0)?;
        Ok(Self { outer: create(ARRAY_OF_MAPS, inner.as_raw_fd().cast_unsigned())?, inner })
    }

    /// Returns when all programs that began before have ended, however long they were preempted. Mostly milliseconds.
    pub(in crate::kernel) fn wait(&self) -> io::Result<()> {
        let (key, value): (u32, RawFd) = (0, self.inner.as_raw_fd());
        let mut attr = MapUpdate {
            map_fd: self.outer.as_raw_fd().cast_unsigned(),
            pad: 0,
            key: std::ptr::from_ref(&key) as u64,
            value: std::ptr::from_ref(&value) as u64,
            flags: 0,
        };
        bpf(BPF_MAP_UPDATE_ELEM, &mut attr).map(drop)
    }
}
