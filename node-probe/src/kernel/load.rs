//! Loads the BPF object, attaches its programs, and hands out its maps.

use super::adopt::Adopter;
use super::controls::{Mapped, MappedAdoption, MappedControls};
use super::fallback::Fallback;
use super::pass::Pass;
use super::ring::Ring;
use super::sys::{Keys, Mapping, Shared, Walk};
use super::{KernelError, Losses, Setup, pins};
use aya::maps::{HashMap, Map, MapError, PerCpuArray};
use aya::programs::links::FdLink;
use aya::programs::{BtfTracePoint, FEntry, Iter, Program, ProgramError, RawTracePoint};
use aya::{Btf, Ebpf, EbpfLoader};
use longwire_pipeline::record::Sample;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/connection.bpf.o"));

pub(super) const TRACEPOINTS: [(&str, &str); 2] =
    [("on_state", "inet_sock_set_state"), ("on_destroy", "tcp_destroy_sock")];

type Attach = fn(&mut Loaded, &'static str, &str) -> Result<(), KernelError>;

/// Functions in which the kernel handles ICMP errors that answer a SYN. Not all kernels can trace functions, or have
/// all of these.
const ERRORS: [(&str, &str, Attach); 3] = [
    ("on_icmp4", "ip_icmp_error", Loaded::attach_function),
    ("on_icmp6", "ipv6_icmp_error", Loaded::attach_function),
    ("on_icmp_send", "icmp_send", Loaded::attach_tracepoint),
];

/// Maps that a successor reuses.
const KEPT: [&str; 12] = [
    "connections",
    "unfollowed",
    "adoption",
    "shares",
    "cgroup_shares",
    "events",
    "closes",
    "folded",
    "control",
    "cgroups",
    "destroyed_lately",
    "losses",
];

/// Least number of connections in the kernel's table.
const LEAST: u32 = 65_536;

pub(super) struct Loaded {
    programs: Ebpf,
    btf: Btf,
    /// Where maps and links are pinned.
    pins: Option<PathBuf>,
    owner: u32,
}

impl Loaded {
    /// With `pins`, existing maps are reused. Programs of another `owner` return at once after it has taken over.
    pub(super) fn open(pins: Option<&Path>, setup: Setup, owner: u32) -> Result<Self, KernelError> {
        let btf = Btf::from_sys_fs()?;
        let mut loader = EbpfLoader::new();
        let Setup { connections, cgroup_root } = setup;
        loader.btf(Some(&btf)).override_global("OWNER", &owner, true);
        loader.override_global("CGROUP_ROOT", &cgroup_root, true);
        // Larger than user space's table: connections that end before a sample need no place there, and those without a
        // place are counted when they close.
        let noted = connections.saturating_mul(2).max(LEAST);
        loader.override_global("TABLE", &noted, true);
        // A pod's share of `connections` is half of `closes`, so that a flooding pod leaves room there too.
        loader.map_max_entries("connections", noted).map_max_entries("closes", connections);
        for (name, pins) in KEPT.iter().zip(std::iter::repeat(pins)) {
            if let Some(pins) = pins {
                loader.map_pin_path(name, pins.join(name));
            }
        }
        let programs = loader.load(OBJECT)?;
        Ok(Self { programs, btf, pins: pins.map(Path::to_owned), owner })
    }

    /// From here on, once this load is the owner, no connection's begin or end is missed.
    pub(super) fn attach(&mut self) -> Result<(), KernelError> {
        for (name, tracepoint) in TRACEPOINTS {
            let refused = |source| KernelError::Program { name, source };
            let program: &mut BtfTracePoint = typed(&mut self.programs, name)?;
            program.load(tracepoint, &self.btf).map_err(refused)?;
            let link = program.attach().map_err(refused)?;
            if let Some(pins) = &self.pins {
                let link: FdLink = program.take_link(link).map_err(refused)?.into();
                link.pin(pins::link(pins, self.owner, name)).map_err(|source| KernelError::Pin { name, source })?;
            }
        }
        for (name, place, attach) in ERRORS {
            if let Err(error) = attach(self, name, place) {
                // Debug, because the cause is in the error's source.
                tracing::debug!(place, ?error, "errors of connects are not traced there");
            }
        }
        Ok(())
    }

    /// Not pinned: it finds reasons of failures only, and no counter depends on it.
    fn attach_tracepoint(&mut self, name: &'static str, tracepoint: &str) -> Result<(), KernelError> {
        let refused = |source| KernelError::Program { name, source };
        let program: &mut BtfTracePoint = typed(&mut self.programs, name)?;
        program.load(tracepoint, &self.btf).map_err(refused)?;
        program.attach().map(drop).map_err(refused)
    }

    /// Not pinned, like attach_tracepoint's.
    fn attach_function(&mut self, name: &'static str, function: &str) -> Result<(), KernelError> {
        let refused = |source| KernelError::Program { name, source };
        let program: &mut FEntry = typed(&mut self.programs, name)?;
        program.load(function, &self.btf).map_err(refused)?;
        program.attach().map(drop).map_err(refused)
    }

    pub(super) fn adopter(&mut self) -> Result<Adopter, KernelError> {
        let listeners = HashMap::try_from(self.map("listeners")?);
        Ok(Adopter {
            listeners: listeners.map_err(|source| KernelError::Map { name: "listeners", source })?,
            find_listeners: self.walk("find_listeners", "task_file")?,
            adopt: self.walk("adopt", "task_file")?,
        })
    }

    /// Loads the program that samples connections, and opens its maps.
    pub(super) fn pass(&mut self) -> Result<Pass, KernelError> {
        let program: &mut RawTracePoint = typed(&mut self.programs, "sample")?;
        program.load().map_err(|source| KernelError::Program { name: "sample", source })?;
        let connections = |source| KernelError::Map { name: "connections", source };
        let Some(Map::HashMap(map)) = self.programs.map("connections") else {
            return Err(KernelError::Absent("hash connections"));
        };
        let value_bytes = map.info().map_err(connections)?.value_size() as usize;
        let map = map.fd().as_fd().try_clone_to_owned();
        let map = map.map_err(|source| KernelError::Io { what: "another descriptor of the table", source })?;
        let Map::Array(batch) = self.map("batch")? else { return Err(KernelError::Absent("array batch")) };
        let room = batch.info().map_err(|source| KernelError::Map { name: "batch", source })?.max_entries();
        let batch = Mapping::writable(batch.fd().as_fd(), 0, room as usize * size_of::<u64>());
        let batch = batch.map_err(|source| KernelError::Io { what: "mapping the batch of keys", source })?;
        Ok(Pass::new(Keys::new(map, value_bytes), batch, room))
    }

    pub(super) fn ring(&mut self) -> Result<Ring, KernelError> {
        let Map::RingBuf(events) = self.map("events")? else { return Err(KernelError::Absent("ring buffer events")) };
        let size = events.info().map_err(|source| KernelError::Map { name: "events", source })?.max_entries();
        Ring::open(events.fd().as_fd(), size as usize)
            .map_err(|source| KernelError::Io { what: "mapping the ring buffer", source })
    }

    pub(super) fn fallback(&mut self) -> Result<Fallback, KernelError> {
        Fallback::new(self.map("closes")?, self.map("folded")?)
    }

    pub(super) fn controls(&self) -> Result<MappedControls, KernelError> {
        self.mapped("control")
    }

    pub(super) fn adoption(&self) -> Result<MappedAdoption, KernelError> {
        self.mapped("adoption")
    }

    /// Needed before the programs are loaded, because they use the map too.
    fn mapped<T: Shared>(&self, name: &'static str) -> Result<Mapped<T>, KernelError> {
        let Some(Map::Array(array)) = self.programs.map(name) else { return Err(KernelError::Absent(name)) };
        Mapped::map(array.fd().as_fd()).map_err(|source| KernelError::Io { what: "mapping a control array", source })
    }

    pub(super) fn samples(&mut self) -> Result<Mapping, KernelError> {
        let Map::Array(samples) = self.map("samples")? else { return Err(KernelError::Absent("array samples")) };
        let slots = samples.info().map_err(|source| KernelError::Map { name: "samples", source })?.max_entries();
        Mapping::read_only(samples.fd().as_fd(), 0, slots as usize * size_of::<Sample>())
            .map_err(|source| KernelError::Io { what: "mapping the sample array", source })
    }

    pub(super) fn losses(&mut self) -> Result<Losses, KernelError> {
        let map = |source: MapError| KernelError::Map { name: "losses", source };
        let counts = PerCpuArray::try_from(self.map("losses")?).map_err(map)?;
        let mut programs = Vec::new();
        for (name, _) in TRACEPOINTS {
            let program: &mut BtfTracePoint = typed(&mut self.programs, name)?;
            let refused = |source| KernelError::Program { name, source };
            let fd = program.fd().and_then(|fd| Ok(fd.try_clone()?)).map_err(refused)?;
            programs.push((name, fd));
        }
        Ok(Losses::new(counts, programs))
    }

    pub(super) fn into_programs(self) -> Ebpf {
        self.programs
    }

    fn walk(&mut self, name: &'static str, target: &str) -> Result<Walk, KernelError> {
        let refused = |source: ProgramError| KernelError::Program { name, source };
        let program: &mut Iter = typed(&mut self.programs, name)?;
        program.load(target, &self.btf).map_err(refused)?;
        let program = program.fd().and_then(|fd| Ok(fd.try_clone()?)).map_err(refused)?;
        Walk::attach(program.as_fd()).map_err(|source| KernelError::Io { what: "attaching an iterator", source })
    }

    fn map(&mut self, name: &'static str) -> Result<Map, KernelError> {
        self.programs.take_map(name).ok_or(KernelError::Absent(name))
    }
}

pub(super) fn typed<'a, P>(programs: &'a mut Ebpf, name: &'static str) -> Result<&'a mut P, KernelError>
where
    &'a mut P: TryFrom<&'a mut Program, Error = ProgramError>,
{
    let program = programs.program_mut(name).ok_or(KernelError::Absent(name))?;
    program.try_into().map_err(|source| KernelError::Program { name, source })
}

#[cfg(test)]
mod tests {
    use super::OBJECT;

    #[test]
    fn the_object_does_not_say_where_it_was_built() {
        let here = env!("CARGO_MANIFEST_DIR").as_bytes();
        assert!(OBJECT.len() > 10_000 && !OBJECT.windows(here.len()).any(|bytes| bytes == here));
    }
}
