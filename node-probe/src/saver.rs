//! Saves the counters, then shows them to scrapes, then frees them in the kernel. In this order a kill at any moment
//! takes nothing back.

use crate::access_log::Lines;
use crate::kernel::{Kernel, monotonic};
use crate::shared::Shared;
use crate::state::{Header, StateFile};
use longwire_endpoint::descriptors;
use longwire_pipeline::pipeline::SaveCursor;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Longest time between two saves, nanoseconds, even if a pass takes longer.
const PERIOD: u64 = 5_000_000_000;
/// Bytes that are written in one slice, while the lock is held.
const SLICE: usize = 64 << 10;

pub(crate) struct Saver {
    file: Option<StateFile>,
    boot: String,
    shared: Arc<Shared>,
    lines: Arc<Lines>,
    last: u64,
    is_failing: bool,
    /// When a save last waited for lines too short.
    waited_in_vain: Option<Instant>,
}

impl Saver {
    /// `None`: nothing is saved, and everything is shown at once.
    pub(crate) fn new(file: Option<StateFile>, boot: String, shared: Arc<Shared>, lines: Arc<Lines>) -> Self {
        Self { file, boot, shared, lines, last: 0, is_failing: false, waited_in_vain: None }
    }

    /// Saves if the period is over or the ring is half held.
    pub(crate) fn save_if_due(&mut self, kernel: &mut Kernel) {
        if self.file.is_none() || kernel.wants_release() || monotonic().saturating_sub(self.last) >= PERIOD {
            self.save(kernel);
        }
    }

    pub(crate) fn save(&mut self, kernel: &mut Kernel) {
        // The pipeline does not change until what was written is shown. Scrapes continue between slices.
        let shared = Arc::clone(&self.shared);
        let _turn = shared.turn();
        shared.pipeline().settle();
        if let Some(file) = &self.file {
            // A successor makes no lines of what the state has.
            self.lines.settle(&mut self.waited_in_vain, || {
                let mut pipeline = shared.pipeline();
                self.lines.hand_over(pipeline.journal_mut());
                pipeline.journal().is_empty()
            });
            let began = monotonic();
            let header = Header { boot: self.boot.clone(), instance: kernel.instance(), position: kernel.position() };
            match write(file, &header, &shared) {
                Ok(bytes) => {
                    shared.counters.saves.fetch_add(1, Relaxed);
                    shared.counters.saved_bytes.store(bytes, Relaxed);
                    self.is_failing = false;
                }
                Err(error) => self.failed(kernel, &error),
            }
            self.last = monotonic();
            shared.counters.save_time.fetch_add(self.last - began, Relaxed);
        }
        shared.pipeline().publish();
        kernel.release();
    }

    /// Goes on without a save, and invalidates the last saved state, because it would take back what is shown from now
    /// on.
    fn failed(&mut self, kernel: &Kernel, error: &io::Error) {
        self.shared.counters.saves_failed.fetch_add(1, Relaxed);
        let starved = descriptors::are_exhausted(error);
        self.shared.counters.saves_without_descriptor.fetch_add(starved.into(), Relaxed);
        kernel.rename();
        if !std::mem::replace(&mut self.is_failing, true) {
            let path = self.file.as_ref().map(StateFile::path);
            tracing::warn!(?path, %error, "the state cannot be saved; counters continue, but start at 0 after a restart");
        }
    }
}

fn write(file: &StateFile, header: &Header, shared: &Shared) -> io::Result<u64> {
    let mut writing = file.begin(header)?;
    let (mut cursor, mut slice) = (SaveCursor::default(), Vec::with_capacity(SLICE + SLICE / 4));
    loop {
        slice.clear();
        let goes_on = shared.pipeline().save(&mut cursor, SLICE, &mut slice);
        writing.write(&slice)?;
        shared.sampling().beats();
        if !goes_on {
            return writing.finish();
        }
    }
}
