//! The kernel adapter: loads and attaches the BPF programs, reads their ring, runs their passes.

mod adopt;
mod controls;
mod fallback;
mod load;
mod losses;
mod pass;
mod pins;
mod preflight;
mod ring;
mod spare;
mod sys;

#[cfg(test)]
pub(crate) use losses::KINDS;
pub(crate) use losses::Losses;
pub(crate) use pins::{Left, Pins, PinsError};
pub(crate) use preflight::preflight;
pub(crate) use sys::{give_back, monotonic, realtime, shorten_slice};

use adopt::Adopter;
use aya::Ebpf;
use controls::{MappedAdoption, MappedControls};
use fallback::Fallback;
use longwire_endpoint::descriptors;
use longwire_pipeline::record::{Folded, FoldedKey, Sample};
use pass::Pass;
use ring::Ring;
use spare::Spare;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sys::Mapping;
use zerocopy::FromBytes;

/// The programs follow no new connections when no probe has renewed `alive` for this long, nanoseconds. Equals
/// ABANDONED in `connection.bpf.c`.
const ABANDONED: u64 = 900_000_000_000;

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
    #[error("BPF program {name} cannot be pinned")]
    Pin { name: &'static str, source: aya::pin::PinError },
    #[error(transparent)]
    Pins(#[from] PinsError),
    #[error("the BPF object has no {0}: it and this binary are not of one build")]
    Absent(&'static str),
    #[error("{what} failed")]
    Io { what: &'static str, source: io::Error },
}

/// The loaded and attached programs. Dropping it detaches them, unless they are pinned.
pub(crate) struct Kernel {
    ring: Ring,
    fallback: Fallback,
    controls: MappedControls,
    adoption: MappedAdoption,
    adopter: Adopter,
    samples: Mapping,
    pass: Pass,
    /// Reserved, because each search for connections opens a file descriptor.
    spare: Spare,
    losses: Losses,
    programs: Ebpf,
}

/// Parameters of a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Size of user space's table; the kernel's is twice as large.
    pub(crate) connections: u32,
    /// Inode of the root of the node's cgroup tree.
    pub(crate) cgroup_root: u64,
}

/// Up to where records were handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// In the ring, bytes.
    pub(crate) ring: u64,
    /// In the fallback.
    pub(crate) epoch: u32,
}

impl Kernel {
    /// Loads and attaches the programs and adopts older connections. With `pins` all of it outlives this process.
    pub(crate) fn start(pins: Option<&Pins>, setup: Setup) -> Result<Self, KernelError> {
        let layout = pins.map(|pins| pins.of_layout(setup.connections));
        if let (Some(pins), Some(layout)) = (pins, &layout) {
            pins.remove_all()?;
            pins.make(layout)?;
        }
        let mut loaded = load::Loaded::open(layout.as_deref(), setup, 1)?;
        let controls = loaded.controls()?;
        controls.alive.store(monotonic(), Ordering::Relaxed);
        controls.epoch.store(1, Ordering::Relaxed);
        controls.generation.store(1, Ordering::Relaxed);
        controls.owner.store(1, Ordering::Release);
        loaded.attach()?;
        let mut kernel = Self::of(loaded, controls)?;
        kernel.adopt()?;
        kernel.rename();
        Ok(kernel)
    }

    /// Continues with a predecessor's maps and links. Its programs count until these take over, with one store: no
    /// connection's begin or end is missed or counted twice. `None`: the ring was never at this position.
    pub(crate) fn resume(pins: &Pins, setup: Setup, position: Position) -> Result<Option<Self>, KernelError> {
        let layout = pins.of_layout(setup.connections);
        let owner = pins.next_owner(&layout)?;
        let mut loaded = load::Loaded::open(Some(&layout), setup, owner)?;
        let (controls, adoption) = (loaded.controls()?, loaded.adoption()?);
        let now = monotonic();
        // By the programs' rule. Connections that began since then were not followed, and are adopted as at first.
        if now > controls.alive.load(Ordering::Relaxed).wrapping_add(ABANDONED) {
            adoption.complete.store(0, Ordering::Relaxed);
        }
        controls.alive.store(now, Ordering::Relaxed);
        loaded.attach()?;
        controls.owner.store(owner, Ordering::Release);
        pins.keep_links(&layout, owner)?;
        let mut kernel = Self::of(loaded, controls)?;
        kernel.adopt()?;
        // After the first pass the entries of the epoch that CPUs add to now do not change any more.
        kernel.controls.epoch.fetch_add(1, Ordering::Relaxed);
        kernel.fallback.resume(position.epoch);
        Ok(kernel.ring.skip_to(position.ring).then_some(kernel))
    }

    fn of(mut loaded: load::Loaded, controls: MappedControls) -> Result<Self, KernelError> {
        // Before the maps are taken out, because loading a program needs the descriptors of all its maps.
        let (pass, adopter) = (loaded.pass()?, loaded.adopter()?);
        let kernel = Self {
            adoption: loaded.adoption()?,
            adopter,
            ring: loaded.ring()?,
            fallback: loaded.fallback()?,
            controls,
            samples: loaded.samples()?,
            pass,
            spare: Spare::new(),
            losses: loaded.losses()?,
            programs: loaded.into_programs(),
        };
        kernel.controls.wake_at.store(kernel.ring.wake_at(), Ordering::Relaxed);
        Ok(kernel)
    }

    /// Connections older than the programs start with a baseline. Those that the programs missed are counted whole.
    fn adopt(&mut self) -> Result<(), KernelError> {
        if self.adoption.complete.load(Ordering::Relaxed) == 0 {
            self.adoption.since.store(monotonic(), Ordering::Relaxed);
        }
        self.adopter.search(&mut self.spare).0?;
        self.adoption.complete.store(1, Ordering::Release);
        Ok(())
    }

    /// Searches for live connections whose beginning was missed. Returns how often no file descriptor was left.
    pub(crate) fn search(&mut self) -> (Result<(), KernelError>, u64) {
        self.adopter.search(&mut self.spare)
    }

    pub(crate) fn losses(&self) -> &Losses {
        &self.losses
    }

    /// The set of maps that a saved state belongs to.
    pub(crate) fn instance(&self) -> u64 {
        self.controls.instance.load(Ordering::Relaxed)
    }

    /// Makes the state that was saved earlier invalid, because it would take back what has been shown since.
    pub(crate) fn rename(&self) {
        self.controls.instance.store(realtime(), Ordering::Release);
    }

    /// Waits until the ring fills, or until the timeout.
    pub(crate) fn wait(&self, timeout: Duration) {
        self.ring.wait(timeout);
    }

    /// Hands on at most `most` ring records and returns how many. They stay in the ring until `release`.
    pub(crate) fn read(&mut self, most: usize, each: impl FnMut(&[u8])) -> usize {
        let count = self.ring.read(most, each);
        self.controls.wake_at.store(self.ring.wake_at(), Ordering::Relaxed);
        self.controls.alive.store(monotonic(), Ordering::Relaxed);
        count
    }

    /// Up to here, bytes, the programs have written to the ring.
    pub(crate) fn produced(&self) -> u64 {
        self.ring.produced()
    }

    /// Bytes of the ring that are taken, and all of them.
    pub(crate) fn ring_use(&self) -> (u64, u64) {
        self.ring.use_of()
    }

    /// Hands on the fallback's entries. Call it after the ring is read, because their connections were announced there.
    pub(crate) fn read_fallback(&mut self, close: impl FnMut(&[u8]), fold: impl FnMut(&FoldedKey, &Folded)) {
        self.fallback.read(&self.controls, close, fold);
    }

    /// The position up to which all was handed on.
    pub(crate) fn position(&self) -> Position {
        Position { ring: self.ring.position(), epoch: self.fallback.applied() }
    }

    /// Frees what was handed on so far.
    pub(crate) fn release(&mut self) {
        self.ring.release();
        self.fallback.release();
    }

    /// Half of the ring is held and waits for `release`.
    pub(crate) fn wants_release(&self) -> bool {
        self.ring.is_half_held()
    }

    /// Starts a pass: `sample` visits every live connection once.
    pub(crate) fn begin_pass(&mut self) {
        let pass = self.controls.pass.load(Ordering::Relaxed).wrapping_add(1).max(1);
        self.controls.pass.store(pass, Ordering::Relaxed);
    }

    /// Starts a walk over the live connections that this pass has not visited.
    pub(crate) fn begin_walk(&mut self) {
        self.controls.left.store(0, Ordering::Relaxed);
        self.pass.begin();
    }

    /// Samples the next batch of connections. New ones are announced through the ring. `None`: the walk is complete.
    pub(crate) fn sample(&mut self) -> Result<Option<&[Sample]>, KernelError> {
        let batched = self.pass.next()?;
        if batched == 0 {
            return Ok(None);
        }
        self.controls.batched.store(batched, Ordering::Relaxed);
        self.controls.used.store(0, Ordering::Release);
        pass::run(load::typed(&mut self.programs, "sample")?)?;
        let used = self.controls.used.load(Ordering::Acquire) as usize;
        let filled = self.samples.settled(0..used * size_of::<Sample>());
        // Never fails: the mapping starts at a page and is cut at a slot.
        Ok(Some(<[Sample]>::ref_from_bytes(filled).unwrap_or_default()))
    }

    /// Live connections that the last walk of this pass could not announce.
    pub(crate) fn left(&self) -> u32 {
        self.controls.left.load(Ordering::Relaxed)
    }

    /// Announces every live connection again in the next pass.
    pub(crate) fn announce_again(&mut self) {
        let generation = self.controls.generation.load(Ordering::Relaxed).wrapping_add(1).max(1);
        self.controls.generation.store(generation, Ordering::Relaxed);
    }
}

impl KernelError {
    /// The error may go away: a file descriptor was missing.
    pub(crate) fn is_for_want_of_descriptors(&self) -> bool {
        matches!(self, Self::Io { source, .. } if descriptors::are_exhausted(source))
    }
}
