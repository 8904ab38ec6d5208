//! Reads the keys of a hash map, many with each system call.

use super::bpf::{Attr, bpf};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

const BPF_MAP_LOOKUP_BATCH: libc::c_long = 24;
/// Keys of one call, which holds its CPU. A bucket with more is read again with room for twice as many.
const AT_ONCE: usize = 64;

/// `union bpf_attr` of BPF_MAP_LOOKUP_BATCH.
#[repr(C)]
struct LookupBatch {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    elem_flags: u64,
    flags: u64,
}

// SAFETY: repr(C), integers without holes; the pointers are 0 or of live buffers that have room for `count` elements.
unsafe impl Attr for LookupBatch {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    Begin,
    /// The bucket to continue with.
    At(u32),
    End,
}

/// A walk over the keys of a map that changes meanwhile. A key that stays during the walk comes once.
#[derive(Debug)]
pub(in crate::kernel) struct Keys {
    map: OwnedFd,
    keys: Vec<u64>,
    /// The kernel copies values along; they are not read.
    values: Vec<u64>,
    /// Size of a value, words.
    words: usize,
    cursor: Cursor,
}

impl Keys {
    /// For a hash map with keys of 8 bytes. Call `begin` before `next`.
    pub(in crate::kernel) fn new(map: OwnedFd, value_bytes: usize) -> Self {
        let words = value_bytes.div_ceil(size_of::<u64>());
        Self { map, keys: vec![0; AT_ONCE], values: vec![0; AT_ONCE * words], words, cursor: Cursor::End }
    }

    pub(in crate::kernel) fn begin(&mut self) {
        self.cursor = Cursor::Begin;
    }

    /// The next keys; empty: the walk is complete.
    pub(in crate::kernel) fn next(&mut self) -> io::Result<&[u64]> {
        while self.cursor != Cursor::End {
            let mut place = if let Cursor::At(place) = self.cursor { place } else { 0 };
            let at = std::ptr::from_mut(&mut place) as u64;
            let mut attr = LookupBatch {
                in_batch: if self.cursor == Cursor::Begin { 0 } else { at },
                out_batch: at,
                keys: self.keys.as_mut_ptr() as u64,
                values: self.values.as_mut_ptr() as u64,
                count: u32::try_from(self.keys.len()).map_err(io::Error::other)?,
                map_fd: self.map.as_raw_fd().cast_unsigned(),
                elem_flags: 0,
                flags: 0,
            };
            match bpf(BPF_MAP_LOOKUP_BATCH, &mut attr) {
                Ok(_) => self.cursor = Cursor::At(place),
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => self.cursor = Cursor::End,
                Err(error) if error.raw_os_error() == Some(libc::ENOSPC) => {
                    self.grow();
                    continue;
                }
                Err(error) => return Err(error),
            }
            if attr.count > 0 {
                return Ok(&self.keys[..attr.count as usize]);
            }
        }
        Ok(&[])
    }

    fn grow(&mut self) {
        let more = self.keys.len() * 2;
        self.keys.resize(more, 0);
        self.values.resize(more * self.words, 0);
    }
}
