//! The parts that outlive a probe: its pins, in a BPF filesystem of their own, and its state.

use crate::binaries;
use crate::command;
use crate::janitor;
use crate::netns::Netns;
use crate::probe::{PORT, Probe, bpftool};
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[derive(Debug)]
pub struct Kept {
    directory: TempDir,
}

impl Kept {
    pub fn new() -> Result<Self> {
        let kept = Self { directory: janitor::temporary_directory("kept")? };
        let mount = kept.mount();
        fs::create_dir(&mount)?;
        command::run("mount", &["-t", "bpf", "bpf", text(&mount)?])?;
        Ok(kept)
    }

    /// A probe that continues from these.
    pub fn start(&self, netns: &Netns, flags: &[&str]) -> Result<Probe> {
        self.start_on(netns, PORT, &[], flags)
    }

    /// The same, ready.
    pub fn ready(&self, netns: &Netns, flags: &[&str]) -> Result<Probe> {
        let probe = self.start(netns, flags)?;
        probe.await_ready().map(|()| probe)
    }

    /// The same on its own port, below a wrapper such as `unshare ...`.
    pub fn start_on(&self, netns: &Netns, port: u16, wrapper: &[&str], flags: &[&str]) -> Result<Probe> {
        let (pins, state) = (self.pins(), self.state());
        let line = [&["--pin-dir", text(&pins)?, "--state-dir", text(&state)?], flags].concat();
        Probe::start_under(netns, wrapper, port, &line)
    }

    /// Removes what a stopped probe has left.
    pub fn uninstall(&self) -> Result<()> {
        let (program, pins, state) = (binaries::find("longwire-probe")?, self.pins(), self.state());
        let line = ["uninstall", "--pin-dir", text(&pins)?, "--state-dir", text(&state)?];
        command::run(text(&program)?, &line).map(drop)
    }

    pub fn pins(&self) -> PathBuf {
        self.mount().join("longwire")
    }

    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// The directory of the pinned maps and links.
    pub fn layout(&self) -> Result<PathBuf> {
        let mut entries = fs::read_dir(self.pins())?.collect::<std::io::Result<Vec<_>>>()?;
        let only = entries.pop().filter(|_| entries.is_empty());
        Ok(only.context("not one layout is pinned")?.path())
    }

    /// The pinned links, which attach the programs.
    pub fn links(&self) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(self.layout()?)?.flatten();
        let links = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("link-"));
        Ok(links.map(|entry| entry.path()).collect())
    }

    /// Detaches a program, as if the kernel skipped it each time.
    pub fn detach(&self, program: &str) -> Result<()> {
        let is_its = |path: &PathBuf| path.to_string_lossy().ends_with(&format!("-{program}"));
        let pinned =
            self.links()?.into_iter().find(is_its).with_context(|| format!("no link of {program} is pinned"))?;
        Ok(fs::remove_file(pinned)?)
    }

    /// The values of a pinned map; in the order of keys if it is an array.
    pub fn values(&self, map: &str) -> Result<Vec<Vec<u8>>> {
        let pin = self.layout()?.join(map);
        let dump = bpftool(&Netns::new()?, &["map", "dump", "pinned", text(&pin)?])?;
        let byte = |byte: &Value| {
            let digits = byte.as_str().and_then(|byte| byte.strip_prefix("0x")).context("no byte")?;
            anyhow::Ok(u8::from_str_radix(digits, 16)?)
        };
        let value = |entry: &Value| {
            let bytes = entry["value"].as_array().with_context(|| format!("no value in {entry}"))?;
            bytes.iter().map(byte).collect()
        };
        dump.as_array().context("no array")?.iter().map(value).collect()
    }

    /// Sets a value of a pinned map.
    pub fn update(&self, map: &str, key: &[u8], value: &[u8]) -> Result<()> {
        let pin = self.layout()?.join(map);
        let [key, value] = [key, value].map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>());
        let mut line = vec!["map", "update", "pinned", text(&pin)?, "key", "hex"];
        line.extend(key.iter().map(String::as_str));
        line.extend(["value", "hex"]);
        line.extend(value.iter().map(String::as_str));
        bpftool(&Netns::new()?, &line).map(drop)
    }

    fn mount(&self) -> PathBuf {
        self.directory.path().join("bpf")
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Unmounting removes the pins, and with them the programs. If it fails, the janitor retries.
        let _ = unmount(self.directory.path());
    }
}

/// Unmounts all mounts below a directory, the innermost first.
pub fn unmount(directory: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1)).map(Path::new);
    let mut below: Vec<_> = points.filter(|point| point.starts_with(directory)).collect();
    below.reverse();
    for point in below {
        command::run("umount", &["--lazy", text(point)?])?;
    }
    Ok(())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path is no UTF-8")
}
