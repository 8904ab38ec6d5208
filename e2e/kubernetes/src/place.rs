//! The namespaces of the control plane or of a node, in which daemons run. A sleeping process holds them open, so that
//! other processes can enter them by its id even after every daemon has ended.

use super::daemon::Daemon;
use super::layout::{Layout, text};
use anyhow::{Context, Result};
use longwire_testkit::{Netns, command};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const ANCHOR: &str = "anchor";

#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) layout: Layout,
    pub name: String,
}

impl Place {
    pub fn new(layout: &Layout, name: &str) -> Self {
        Self { layout: layout.clone(), name: name.to_owned() }
    }

    /// Creates them: `line` writes `ready` into the file of its last argument, then sleeps.
    pub(crate) fn make(&self, netns: &Netns, line: &[&str]) -> Result<()> {
        let ready = self.layout.run().join(format!("{}.ready", self.name));
        let line = [line, &[text(&ready)?]].concat();
        netns.run(|| self.daemon(ANCHOR).spawn(&line))?;
        longwire_testkit::wait::eventually(Duration::from_secs(60), || {
            fs::metadata(&ready).map(drop).with_context(|| self.daemon(ANCHOR).last_words())
        })
    }

    pub fn daemon(&self, name: &str) -> Daemon {
        Daemon::new(self, name)
    }

    /// Runs a program in these namespaces; returns its standard output.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let entry = self.entry()?;
        let mut words: Vec<&str> = entry.iter().skip(1).map(String::as_str).collect();
        words.push(program);
        words.extend(arguments);
        command::run(&entry[0], &words)
    }

    /// Prefix of a command line that runs in these namespaces, with containerd's programs in the PATH.
    pub fn entry(&self) -> Result<Vec<String>> {
        let anchor = self.daemon(ANCHOR).process()?.to_string();
        // Not `ip netns exec`, which mounts a /sys of its own without cgroups and BPF filesystem.
        let words = ["nsenter", "--target", &anchor, "--net", "--mount", "--uts", "--", "env"].map(str::to_owned);
        Ok(words.into_iter().chain([format!("PATH={}", self.layout.search_path())]).collect())
    }

    /// Path of the network namespace.
    pub fn netns(&self) -> Result<PathBuf> {
        Ok(format!("/proc/{}/ns/net", self.daemon(ANCHOR).process()?).into())
    }
}
