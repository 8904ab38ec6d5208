//! Losses and unusual paths that the kernel side counts.

use aya::maps::{MapData, PerCpuArray};
use aya::programs::ProgramFd;
use longwire_endpoint::descriptors;
use std::fs;
use std::os::fd::{AsFd, AsRawFd};

/// `enum loss` of `bpf/maps.h`, in its order: the values of the label `kind`.
pub(crate) const KINDS: [&str; 20] = [
    "record_dropped",
    "close_kept",
    "close_aggregated",
    "announce_deferred",
    "cgroup_deferred",
    "connections_full",
    "listeners_full",
    "untracked_close",
    "recovered_close",
    "inert",
    "connections_share_full",
    "half_open_share_full",
    "half_open_full",
    "aggregation_share_full",
    "shares_full",
    "missed_open",
    "map_busy",
    "bypass_sockmap",
    "bypass_tls",
    "bypass_smc",
];

pub(crate) struct Losses {
    counts: PerCpuArray<MapData, u64>,
    programs: Vec<(&'static str, ProgramFd)>,
}

/// How often the kernel skipped a program because it already ran on that CPU.
pub(crate) struct Misses {
    pub(crate) program: &'static str,
    pub(crate) count: u64,
}

impl Losses {
    pub(super) fn new(counts: PerCpuArray<MapData, u64>, programs: Vec<(&'static str, ProgramFd)>) -> Self {
        Self { counts, programs }
    }

    /// Cumulative since the programs were loaded, summed over CPUs. Values that cannot be read are left out.
    pub(crate) fn read(&self) -> Vec<(&'static str, u64)> {
        let total = |index: usize| {
            let values = self.counts.get(&u32::try_from(index).ok()?, 0).ok()?;
            Some(values.iter().sum())
        };
        KINDS.iter().enumerate().filter_map(|(index, kind)| Some((*kind, total(index)?))).collect()
    }

    /// `bpf_prog_info.recursion_misses`, from the descriptor's fdinfo, and how many could not be read for lack of a
    /// file descriptor.
    pub(crate) fn misses(&self) -> (Vec<Misses>, u64) {
        let (mut read, mut unread) = (Vec::new(), 0);
        for (program, fd) in &self.programs {
            let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd()));
            unread += u64::from(info.as_ref().is_err_and(descriptors::are_exhausted));
            let info = info.unwrap_or_default();
            let count = info.lines().find_map(|line| line.strip_prefix("recursion_misses:"));
            read.extend(count.and_then(|count| Some(Misses { program, count: count.trim().parse().ok()? })));
        }
        (read, unread)
    }
}
