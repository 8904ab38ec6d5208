//! The BPF ring buffer, read without releasing: records stay until the state with them is saved, and a successor reads
//! them again.

#[cfg(test)]
mod tests;

use super::sys::{Mapping, PAGE, Readiness};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Flag bits of a record's length.
const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
/// Bytes before each record: length and page offset.
const HEADER: usize = 8;
/// Longer than any record, bytes. A record that wraps around the ring's end is copied here.
const MAX_RECORD: usize = 4096;

/// Positions are bytes since the ring was made, 64 bits wide, so that they never wrap.
#[derive(Debug)]
pub(super) struct Ring {
    consumer: Mapping,
    /// The producer's page, and one copy of the data. The kernel offers the data twice in a row, but that would count
    /// twice as memory.
    producer: Mapping,
    size: usize,
    /// Records up to here were handed on.
    read: u64,
    readiness: Readiness,
    joint: Box<[u8; MAX_RECORD]>,
}

impl Ring {
    pub(super) fn open(map: BorrowedFd<'_>, size: usize) -> io::Result<Self> {
        let consumer = Mapping::writable(map, 0, PAGE)?;
        let producer = Mapping::read_only(map, PAGE, PAGE + size)?;
        let read = consumer.shared::<AtomicU64>(0).load(Ordering::Acquire);
        Ok(Self { consumer, producer, size, read, readiness: Readiness::of(map)?, joint: Box::new([0; MAX_RECORD]) })
    }

    pub(super) fn wait(&self, timeout: Duration) {
        self.readiness.wait(timeout);
    }

    pub(super) fn position(&self) -> u64 {
        self.read
    }

    /// Bytes that are not released, read or not, and all that there are.
    pub(super) fn use_of(&self) -> (u64, u64) {
        (self.produced().saturating_sub(self.released()), self.size as u64)
    }

    /// Half of it is held by records that were read and not released.
    pub(super) fn is_half_held(&self) -> bool {
        self.read - self.released() > self.size as u64 / 2
    }

    /// Position from which a record wakes the reader, which otherwise polls.
    pub(super) fn wake_at(&self) -> u64 {
        self.read + self.size as u64 / 4
    }

    /// Continues from a position that was read before. `false`: this ring was never there.
    pub(super) fn skip_to(&mut self, position: u64) -> bool {
        let is_there = (self.read..=self.produced()).contains(&position);
        if is_there {
            self.read = position;
        }
        is_there
    }

    /// Hands on at most `most` records and returns how many. Stops at one that is not committed.
    pub(super) fn read(&mut self, most: usize, mut each: impl FnMut(&[u8])) -> usize {
        let produced = self.produced();
        let mut count = 0;
        while count < most && self.read < produced {
            let at = self.offset(self.read);
            let length = self.producer.shared::<AtomicU32>(PAGE + at).load(Ordering::Acquire);
            if length & BUSY != 0 {
                break;
            }
            let bytes = (length & !DISCARDED) as usize;
            if length & DISCARDED == 0 {
                let start = self.offset(self.read + HEADER as u64);
                each(record(&self.producer, self.size, start, bytes, &mut self.joint));
                count += 1;
            }
            self.read += (HEADER + bytes).next_multiple_of(8) as u64;
        }
        count
    }

    /// Frees the space of all records that were read.
    pub(super) fn release(&mut self) {
        self.consumer.shared::<AtomicU64>(0).store(self.read, Ordering::Release);
    }

    fn released(&self) -> u64 {
        self.consumer.shared::<AtomicU64>(0).load(Ordering::Relaxed)
    }

    pub(super) fn produced(&self) -> u64 {
        self.producer.shared::<AtomicU64>(0).load(Ordering::Acquire)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the size is a power of two below 2^32")]
    fn offset(&self, position: u64) -> usize {
        position as usize & (self.size - 1)
    }
}

/// A committed record does not change until it is released.
fn record<'a>(ring: &'a Mapping, size: usize, start: usize, bytes: usize, joint: &'a mut [u8; MAX_RECORD]) -> &'a [u8] {
    let end = start + bytes;
    if end <= size {
        return ring.settled(PAGE + start..PAGE + end);
    }
    let bytes = bytes.min(MAX_RECORD);
    let first = size - start;
    joint[..first].copy_from_slice(ring.settled(PAGE + start..PAGE + size));
    joint[first..bytes].copy_from_slice(ring.settled(PAGE..PAGE + bytes - first));
    &joint[..bytes]
}
