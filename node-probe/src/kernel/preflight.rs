//! Checks the kernel's features before anything is loaded, so that the error names the missing one and the remedy.

mod btf;
mod needs;
#[cfg(test)]
mod tests;

use super::sys;
use needs::NEEDS;
use std::path::Path;
use std::{fs, io};

const BTF: &str = "/sys/kernel/btf/vmlinux";

/// Linux capability numbers.
const NET_ADMIN: u32 = 12;
const SYS_ADMIN: u32 = 21;
const PERFMON: u32 = 38;
const BPF: u32 = 39;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum MissingRequirement {
    #[error("this kernel lacks {}: run a newer one", .0.join(", "))]
    Features(Vec<String>),
    #[error(
        "this kernel has no type information at {0}: run one built with CONFIG_DEBUG_INFO_BTF=y, as distributions do"
    )]
    Btf(String),
    #[error(
        "missing {}: add {} to the container's securityContext.capabilities.add, or run as root",
        .0.join(", "), if .0.len() == 1 { "it" } else { "them" }
    )]
    Capabilities(Vec<&'static str>),
    #[error("{0} cannot be read: mount /proc and /sys")]
    Unreadable(&'static str),
}

impl MissingRequirement {
    /// No change to the probe's configuration would help: the node needs another kernel.
    pub(crate) fn is_of_the_node(&self) -> bool {
        matches!(self, Self::Features(_) | Self::Btf(_))
    }
}

/// Checks the running kernel and this process.
pub(crate) fn preflight() -> Result<(), MissingRequirement> {
    let read =
        |path: &'static str| fs::read_to_string(path).map_err(|_: io::Error| MissingRequirement::Unreadable(path));
    check_capabilities(&read("/proc/self/status")?)?;
    check_btf(Path::new(BTF))?;
    check_features(&fs::read(BTF).map_err(|_| MissingRequirement::Unreadable(BTF))?, sys::has_atomics())
}

/// Checks types, and tries what has no type. No version is compared, because distributions backport features.
fn check_features(types: &[u8], has_atomics: bool) -> Result<(), MissingRequirement> {
    let wanted = NEEDS.map(|(wanted, ..)| wanted);
    let Some(found) = btf::find(types, &wanted) else { return Err(MissingRequirement::Btf(BTF.to_owned())) };
    let mut missing: Vec<String> = NEEDS
        .iter()
        .zip(found)
        .filter(|(_, found)| !found)
        .map(|((_, name, purpose), _)| format!("{name} ({purpose})"))
        .collect();
    if !has_atomics {
        missing.push("atomic operations that return what was there (shares of pods)".to_owned());
    }
    if missing.is_empty() { Ok(()) } else { Err(MissingRequirement::Features(missing)) }
}

fn check_capabilities(status: &str) -> Result<(), MissingRequirement> {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    let Some(effective) = effective else { return Err(MissingRequirement::Unreadable("/proc/self/status")) };
    let has = |capability: u32| effective & 1 << capability != 0;
    // CAP_SYS_ADMIN includes BPF and PERFMON, as before Linux 5.8.
    let wanted = [
        ("CAP_BPF", has(BPF) || has(SYS_ADMIN)),
        ("CAP_PERFMON", has(PERFMON) || has(SYS_ADMIN)),
        ("CAP_NET_ADMIN", has(NET_ADMIN)),
    ];
    let missing: Vec<_> = wanted.iter().filter(|(_, held)| !held).map(|(name, _)| *name).collect();
    if missing.is_empty() { Ok(()) } else { Err(MissingRequirement::Capabilities(missing)) }
}

fn check_btf(path: &Path) -> Result<(), MissingRequirement> {
    match fs::metadata(path) {
        Ok(btf) if btf.len() > 0 => Ok(()),
        _ => Err(MissingRequirement::Btf(path.display().to_string())),
    }
}
