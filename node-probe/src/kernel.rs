//! The shell around the kernel: BPF programs loaded and attached, their ring read, their passes run.

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
pub(crate) use sys::{give_back, monotonic, realtime};

use adopt::Adopter;
use aya::Ebpf;
use controls::{MappedAdoption, MappedControls, stage};
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

/// The programs follow nothing new when no probe has shown itself for this long, nanoseconds; as in `connection.bpf.c`.
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

/// Everything loaded and attached. Dropping it detaches all of it, unless it is pinned.
pub(crate) struct Kernel {
    ring: Ring,
    fallback: Fallback,
    controls: MappedControls,
    adoption: MappedAdoption,
    adopter: Adopter,
    samples: Mapping,
    pass: Pass,
    /// Each search for connections opens a descriptor.
    spare: Spare,
    losses: Losses,
    programs: Ebpf,
}

/// What the programs are loaded with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// As many as user space follows; twice as many are noted.
    pub(crate) connections: u32,
    /// Inode of the root of the node's cgroup tree, below which pods are told apart.
    pub(crate) cgroup_root: u64,
}

/// Up to where a predecessor had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Of the ring.
    pub(crate) ring: u64,
    /// Of the fallback.
    pub(crate) epoch: u32,
}

impl Kernel {
    /// Loads and attaches the programs and adopts the connections that are older. With `pins` everything outlives this
    /// process.
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

    /// Goes on with what a predecessor left. Its programs count until these take over, with one store: no connection
    /// begins or ends unseen, or is seen twice. `None`: its ring was never at this position.
    pub(crate) fn resume(pins: &Pins, setup: Setup, position: Position) -> Result<Option<Self>, KernelError> {
        let layout = pins.of_layout(setup.connections);
        let owner = pins.next_owner(&layout)?;
        let mut loaded = load::Loaded::open(Some(&layout), setup, owner)?;
        let (controls, adoption) = (loaded.controls()?, loaded.adoption()?);
        let now = monotonic();
        // As the programs reckon it. What has begun meanwhile was not followed, and is adopted as at first.
        if now > controls.alive.load(Ordering::Relaxed).wrapping_add(ABANDONED) {
            adoption.stage.store(stage::NONE, Ordering::Relaxed);
        }
        controls.alive.store(now, Ordering::Relaxed);
        loaded.attach()?;
        // One event may reach the programs of both loads. Its entry tells the second that the first has counted it, but at the
        // destruction of its socket the first deletes that: until no program of an event from before the store is under way, a
        // destruction alone counts nothing.
        let _ = adoption.stage.compare_exchange(stage::ALL, stage::CLOSES, Ordering::Relaxed, Ordering::Relaxed);
        controls.owner.store(owner, Ordering::Release);
        pins.keep_links(&layout, owner)?;
        let mut kernel = Self::of(loaded, controls)?;
        // Adoption looks at every file of the node: where it takes seconds, many connections end unseen meanwhile.
        if kernel.fallback.wait_for_programs().is_ok() {
            let _ = adoption.stage.compare_exchange(stage::CLOSES, stage::ALL, Ordering::Release, Ordering::Relaxed);
        }
        kernel.adopt()?;
        // What a CPU adds to now stands still when the first pass is over.
        kernel.controls.epoch.fetch_add(1, Ordering::Relaxed);
        kernel.fallback.resume(position.epoch);
        Ok(kernel.ring.skip_to(position.ring).then_some(kernel))
    }

    fn of(mut loaded: load::Loaded, controls: MappedControls) -> Result<Self, KernelError> {
        // Before the maps are taken out: a program is loaded with the descriptors of all it uses.
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

    /// What is older than the programs begins with a baseline; what they have missed is whole.
    fn adopt(&mut self) -> Result<(), KernelError> {
        if self.adoption.stage.load(Ordering::Relaxed) == stage::NONE {
            self.adoption.since.store(monotonic(), Ordering::Relaxed);
        }
        self.adopter.search(&mut self.spare).0?;
        self.adoption.stage.store(stage::ALL, Ordering::Release);
        Ok(())
    }

    /// Looks for live connections whose beginning was missed. Says how many descriptors it went without.
    pub(crate) fn search(&mut self) -> (Result<(), KernelError>, u64) {
        self.adopter.search(&mut self.spare)
    }

    pub(crate) fn losses(&self) -> &Losses {
        &self.losses
    }

    /// What the state that is saved belongs to.
    pub(crate) fn instance(&self) -> u64 {
        self.controls.instance.load(Ordering::Relaxed)
    }

    /// From now on a state that was saved earlier is of something else: it would take back what has been shown since.
    pub(crate) fn rename(&self) {
        self.controls.instance.store(realtime(), Ordering::Release);
    }

    /// Waits until the ring fills, or the time is over.
    pub(crate) fn wait(&self, timeout: Duration) {
        self.ring.wait(timeout);
    }

    /// Hands at most `most` ring records on and says how many there were. They stay until `release`.
    pub(crate) fn read(&mut self, most: usize, each: impl FnMut(&[u8])) -> usize {
        let count = self.ring.read(most, each);
        self.controls.wake_at.store(self.ring.wake_at(), Ordering::Relaxed);
        self.controls.alive.store(monotonic(), Ordering::Relaxed);
        count
    }

    /// Hands on what found the ring full. After the ring was read: what it tells of was announced there.
    pub(crate) fn read_fallback(&mut self, close: impl FnMut(&[u8]), fold: impl FnMut(&FoldedKey, &Folded)) {
        self.fallback.read(&self.controls, close, fold);
    }

    /// Up to where everything was handed on.
    pub(crate) fn position(&self) -> Position {
        Position { ring: self.ring.position(), epoch: self.fallback.applied() }
    }

    /// Nobody will need again what was handed on so far.
    pub(crate) fn release(&mut self) {
        self.ring.release();
        self.fallback.release();
    }

    /// Half of the ring waits for its release.
    pub(crate) fn wants_release(&self) -> bool {
        self.ring.is_half_held()
    }

    /// From now on `sample` looks at every live connection once.
    pub(crate) fn begin_pass(&mut self) {
        let pass = self.controls.pass.load(Ordering::Relaxed).wrapping_add(1).max(1);
        self.controls.pass.store(pass, Ordering::Relaxed);
    }

    /// A walk over the live connections that this pass has not seen.
    pub(crate) fn begin_walk(&mut self) {
        self.controls.left.store(0, Ordering::Relaxed);
        self.pass.begin();
    }

    /// Samples the next few connections. New ones are announced through the ring. `None`: that was all.
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
        // The mapping begins at a page and is cut at a slot: it always reads.
        Ok(Some(<[Sample]>::ref_from_bytes(filled).unwrap_or_default()))
    }

    /// Live connections that the last walk of this pass left out.
    pub(crate) fn left(&self) -> u32 {
        self.controls.left.load(Ordering::Relaxed)
    }

    /// Has every live connection announced again with the next pass.
    pub(crate) fn announce_again(&mut self) {
        let generation = self.controls.generation.load(Ordering::Relaxed).wrapping_add(1).max(1);
        self.controls.generation.store(generation, Ordering::Relaxed);
    }
}

impl KernelError {
    /// It may go better the next time.
    pub(crate) fn is_for_want_of_descriptors(&self) -> bool {
        matches!(self, Self::Io { source, .. } if descriptors::are_exhausted(source))
    }
}
