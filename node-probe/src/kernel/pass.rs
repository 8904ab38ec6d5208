//! A walk over the table of connections: reads some keys, runs the program `sample` for a few of them at a time.
//!
//! Not an iterator over the table, because one read of it holds a CPU for an unbounded time, and hardened kernels
//! refuse it (decision 0031).

use super::KernelError;
use super::sys::{Keys, Mapping};
use aya::programs::{RawTracePoint, RawTracePointRunOptions, TestRun};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Pass {
    keys: Keys,
    batch: Mapping,
    /// Capacity of the batch, keys.
    room: u32,
    /// Keys that are listed and not sampled yet; the next ones are at the end.
    listed: Vec<u64>,
}

impl Pass {
    pub(super) fn new(keys: Keys, batch: Mapping, room: u32) -> Self {
        Self { keys, batch, room, listed: Vec::new() }
    }

    pub(super) fn begin(&mut self) {
        self.keys.begin();
        self.listed.clear();
    }

    /// Writes the keys of the next batch and returns how many there are; 0: the walk is complete.
    pub(super) fn next(&mut self) -> Result<u32, KernelError> {
        if self.listed.is_empty() {
            let keys = self.keys.next();
            self.listed.extend(keys.map_err(walk_failed)?);
        }
        let mut count = 0;
        while count < self.room
            && let Some(key) = self.listed.pop()
        {
            let slot: &AtomicU64 = self.batch.shared(count as usize * size_of::<u64>());
            slot.store(key, Ordering::Relaxed);
            count += 1;
        }
        Ok(count)
    }
}

/// Runs the program on the batch.
pub(super) fn run(program: &RawTracePoint) -> Result<(), KernelError> {
    let ran = program.test_run(RawTracePointRunOptions::new());
    ran.map(drop).map_err(|source| KernelError::Program { name: "sample", source })
}

fn walk_failed(source: io::Error) -> KernelError {
    KernelError::Io { what: "a pass over the connections", source }
}
