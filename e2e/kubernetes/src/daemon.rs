//! One daemon of the cluster. It outlives the process that started it: its cgroup identifies its owner, and files
//! beside the certificates have its process id and command line.

use super::layout::text;
use super::place::Place;
use super::{cgroups, running};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{command, confirm};
use nix::sys::signal::Signal;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Enters the cgroup of the first argument, starts a process in the background that logs to the second, and prints its
/// id.
const SPAWN: &str = r#"echo $$ >"$1"; log=$2; shift 2; cd /; setsid "$@" </dev/null >>"$log" 2>&1 & echo $!"#;
/// Timeout of a daemon's end. An API server waits for its watches.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Lines of the log in an error.
const SHOWN: usize = 15;

#[derive(Clone, Debug)]
pub struct Daemon {
    place: Place,
    name: String,
}

impl Daemon {
    pub(crate) fn new(place: &Place, name: &str) -> Self {
        Self { place: place.clone(), name: name.to_owned() }
    }

    /// Starts it for the first time; `line` is the command line after the entry into its place.
    pub(crate) fn launch(&self, line: &[String]) -> Result<()> {
        let whole = [self.place.entry()?, line.to_vec()].concat();
        fs::write(self.file("line"), serde_json::to_string(&whole)?)?;
        self.start()
    }

    /// Starts it with the same command line as before.
    pub fn start(&self) -> Result<()> {
        ensure!(!self.is_running(), "{} runs already", self.title());
        let line: Vec<String> = serde_json::from_str(&fs::read_to_string(self.file("line"))?)?;
        self.spawn(&line.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Sends SIGTERM and waits until it has ended. Its children, such as containerd's shims, live on.
    pub fn stop(&self) -> Result<()> {
        self.end(Signal::SIGTERM)
    }

    /// Sends SIGKILL.
    pub fn kill(&self) -> Result<()> {
        self.end(Signal::SIGKILL)
    }

    pub fn restart(&self) -> Result<()> {
        self.stop()?;
        self.start()
    }

    /// Its process id in the machine's namespace.
    pub fn process(&self) -> Result<u32> {
        let file = self.file("pid");
        let text = fs::read_to_string(&file).with_context(|| format!("{} was never started", self.title()))?;
        text.trim().parse().with_context(|| format!("{} holds no process id", file.display()))
    }

    pub fn is_running(&self) -> bool {
        // A zombie has no executable.
        self.process().is_ok_and(|process| fs::read_link(format!("/proc/{process}/exe")).is_ok())
    }

    pub fn log(&self) -> PathBuf {
        self.place.layout.logs().join(format!("{}.log", self.title()))
    }

    /// The end of its log, for an error.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        format!("--- {} said ---\n{}", self.log().display(), lines[lines.len().saturating_sub(SHOWN)..].join("\n"))
    }

    /// Spawns a command line in the caller's namespaces.
    pub(crate) fn spawn(&self, line: &[&str]) -> Result<()> {
        let (cgroup, log) = (cgroups::of_daemon(&self.place.name, &self.name)?, self.log());
        let words = [&["-c", SPAWN, "sh", text(&cgroup)?, text(&log)?], line].concat();
        Ok(fs::write(self.file("pid"), command::run("sh", &words)?)?)
    }

    fn end(&self, signal: Signal) -> Result<()> {
        running::signal(self.process()?, signal).with_context(|| self.title())?;
        longwire_testkit::wait::eventually(STOP_TIMEOUT, || {
            confirm!(!self.is_running(), "{} has not ended\n{}", self.title(), self.last_words())
        })
    }

    fn title(&self) -> String {
        format!("{}-{}", self.place.name, self.name)
    }

    fn file(&self, what: &str) -> PathBuf {
        self.place.layout.run().join(format!("{}.{what}", self.title()))
    }
}
