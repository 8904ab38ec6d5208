//! The BPF object: loaded, its programs attached, its maps handed out.

use super::sys::{MappedArray, Walk};
use super::{KernelError, Losses};
use aya::maps::{Array, HashMap, Map, MapData, MapError, PerCpuArray, RingBuf};
use aya::programs::{BtfTracePoint, Iter, Program, ProgramError};
use aya::{Btf, Ebpf, EbpfLoader};
use longwire_pipeline::record::Sample;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;

static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/connection.bpf.o"));

pub(super) const TRACEPOINTS: [(&str, &str); 2] =
    [("on_state", "inet_sock_set_state"), ("on_destroy", "tcp_destroy_sock")];

pub(super) struct Loaded {
    programs: Ebpf,
    btf: Btf,
}

impl Loaded {
    pub(super) fn open(sample_slots: NonZeroUsize) -> Result<Self, KernelError> {
        let btf = Btf::from_sys_fs()?;
        let slots = u32::try_from(sample_slots.get()).unwrap_or(u32::MAX);
        let programs = EbpfLoader::new().btf(Some(&btf)).map_max_entries("samples", slots).load(OBJECT)?;
        Ok(Self { programs, btf })
    }

    /// From here on no connection begins or ends unseen.
    pub(super) fn attach(&mut self) -> Result<(), KernelError> {
        for (name, tracepoint) in TRACEPOINTS {
            let refused = |source| KernelError::Program { name, source };
            let program: &mut BtfTracePoint = typed(&mut self.programs, name)?;
            program.load(tracepoint, &self.btf).map_err(refused)?;
            program.attach().map_err(refused)?;
        }
        Ok(())
    }

    /// Gives older connections their storage; the first pass announces them. Listeners come first: they tell roles.
    pub(super) fn adopt(&mut self) -> Result<(), KernelError> {
        for name in ["find_listeners", "adopt"] {
            let failed = |source| KernelError::Io { what: "adopting older connections", source };
            self.walk(name, "task_file", None)?.run().map_err(failed)?;
        }
        let empty = |source| KernelError::Map { name: "listeners", source };
        let mut listeners: HashMap<_, [u32; 2], u8> = HashMap::try_from(self.map("listeners")?).map_err(empty)?;
        let found: Vec<_> = listeners.keys().flatten().collect();
        for listener in &found {
            listeners.remove(listener).map_err(empty)?;
        }
        Ok(())
    }

    pub(super) fn sampler(&mut self) -> Result<Walk, KernelError> {
        self.walk("sample", "bpf_sk_storage_map", Some("connections"))
    }

    pub(super) fn ring(&mut self) -> Result<RingBuf<MapData>, KernelError> {
        RingBuf::try_from(self.map("events")?).map_err(|source| KernelError::Map { name: "events", source })
    }

    pub(super) fn control(&mut self) -> Result<Array<MapData, [u32; 4]>, KernelError> {
        Array::try_from(self.map("control")?).map_err(|source| KernelError::Map { name: "control", source })
    }

    pub(super) fn samples(&mut self, slots: NonZeroUsize) -> Result<MappedArray<Sample>, KernelError> {
        let Map::Array(samples) = self.map("samples")? else { return Err(KernelError::Absent("array samples")) };
        MappedArray::map(samples.fd().as_fd(), slots)
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

    fn walk(&mut self, name: &'static str, target: &str, map: Option<&'static str>) -> Result<Walk, KernelError> {
        let refused = |source: ProgramError| KernelError::Program { name, source };
        let program: &mut Iter = typed(&mut self.programs, name)?;
        program.load(target, &self.btf).map_err(refused)?;
        let program = program.fd().and_then(|fd| Ok(fd.try_clone()?)).map_err(refused)?;
        let map = match map.map(|name| self.programs.map(name)) {
            Some(Some(Map::SkStorage(map))) => Some(map.fd().as_fd()),
            Some(_) => return Err(KernelError::Absent("socket storage connections")),
            None => None,
        };
        Walk::attach(program.as_fd(), map).map_err(|source| KernelError::Io { what: "attaching an iterator", source })
    }

    fn map(&mut self, name: &'static str) -> Result<Map, KernelError> {
        self.programs.take_map(name).ok_or(KernelError::Absent(name))
    }
}

fn typed<'a, P>(programs: &'a mut Ebpf, name: &'static str) -> Result<&'a mut P, KernelError>
where
    &'a mut P: TryFrom<&'a mut Program, Error = ProgramError>,
{
    let program = programs.program_mut(name).ok_or(KernelError::Absent(name))?;
    program.try_into().map_err(|source| KernelError::Program { name, source })
}
