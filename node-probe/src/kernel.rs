//! The shell around the kernel: BPF programs loaded and attached, their ring drained, their passes run.

mod load;
mod losses;
mod preflight;
mod sys;

pub(crate) use losses::Losses;
pub(crate) use preflight::preflight;
pub(crate) use sys::{monotonic, realtime};

use aya::Ebpf;
use aya::maps::{Array, MapData, RingBuf};
use longwire_pipeline::record::Sample;
use std::num::NonZeroUsize;
use std::time::Duration;
use sys::{MappedArray, Walk};

#[derive(Debug, thiserror::Error)]
pub(crate) enum KernelError {
    #[error("the kernel's type information (BTF) cannot be used")]
    Btf(#[from] aya::BtfError),
    #[error("the kernel refused the BPF object")]
    Load(#[from] aya::EbpfError),
    #[error("the kernel refused BPF program {name}")]
    Program { name: &'static str, source: aya::programs::ProgramError },
    #[error("BPF map {name} cannot be used")]
    Map { name: &'static str, source: aya::maps::MapError },
    #[error("the BPF object has no {0}: it and this binary are not of one build")]
    Absent(&'static str),
    #[error("{what} failed")]
    Io { what: &'static str, source: std::io::Error },
}

/// Everything loaded and attached; dropping it detaches all of it.
pub(crate) struct Kernel {
    ring: RingBuf<MapData>,
    control: Array<MapData, [u32; 4]>,
    samples: MappedArray<Sample>,
    sampler: Walk,
    losses: Losses,
    /// Connections announced under another generation are announced again.
    generation: u32,
    pass: u32,
    _programs: Ebpf,
}

impl Kernel {
    /// Loads and attaches the programs and adopts the connections that are older. One stretch of a pass yields at most
    /// `sample_slots` samples.
    pub(crate) fn start(sample_slots: NonZeroUsize) -> Result<Self, KernelError> {
        let mut loaded = load::Loaded::open(sample_slots)?;
        loaded.attach()?;
        loaded.adopt()?;
        // Before the maps are taken out: a program is loaded with the descriptors of all it uses.
        let sampler = loaded.sampler()?;
        Ok(Self {
            ring: loaded.ring()?,
            control: loaded.control()?,
            samples: loaded.samples(sample_slots)?,
            sampler,
            losses: loaded.losses()?,
            generation: 1,
            pass: 0,
            _programs: loaded.into_programs(),
        })
    }

    pub(crate) fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Waits until the ring fills, or the time is over.
    pub(crate) fn wait(&self, timeout: Duration) {
        sys::wait_readable(&self.ring, timeout);
    }

    /// Hands at most `most` ring records on, each released once it was looked at. Says how many there were.
    pub(crate) fn drain(&mut self, most: usize, mut each: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        while count < most {
            let Some(item) = self.ring.next() else { break };
            each(&item);
            count += 1;
        }
        count
    }

    /// From now on `stretch` looks at every live connection once.
    pub(crate) fn begin_pass(&mut self) {
        self.pass = self.pass.wrapping_add(1).max(1);
    }

    /// Walks the live connections that this pass has not seen. New ones are announced through the ring. Also says how
    /// many found no room: they come with the next stretch.
    pub(crate) fn stretch(&mut self) -> Result<(&[Sample], u32), KernelError> {
        let map = |source| KernelError::Map { name: "control", source };
        self.control.set(0, [self.generation, self.pass, 0, 0], 0).map_err(map)?;
        self.sampler.run().map_err(|source| KernelError::Io { what: "a pass over the connections", source })?;
        let [_, _, used, left] = self.control.get(&0, 0).map_err(map)?;
        Ok((self.samples.first(used as usize), left))
    }

    /// Has every live connection announced again with the next pass.
    pub(crate) fn announce_again(&mut self) {
        self.generation = self.generation.wrapping_add(1).max(1);
    }
}
