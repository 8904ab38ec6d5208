//! The probe under test.

use crate::binaries;
use crate::cgroup;
use crate::command;
use crate::http::{self, Response};
use crate::netns::Netns;
use crate::process::Process;
use crate::scrape::{Format, Scrape};
use crate::wait::eventually;
use anyhow::{Context, Result, ensure};
use parking_lot::{Mutex, MutexGuard};
use std::time::Duration;

/// Default port of the probe's metrics.
pub const PORT: u16 = 15020;
/// Short, so that tests wait less for a pass.
pub const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);

/// Port of the probe's health listener, next to that of its metrics.
pub fn health_port(metrics: u16) -> u16 {
    metrics + 1000
}

#[derive(Debug)]
pub struct Probe {
    process: Mutex<Process>,
    netns: Netns,
    port: u16,
}

impl Probe {
    /// Starts it without waiting until it is ready. Later flags override earlier ones.
    pub fn start(netns: &Netns, flags: &[&str]) -> Result<Self> {
        Self::start_under(netns, &[], PORT, flags)
    }

    /// The same, ready.
    pub fn ready(netns: &Netns, flags: &[&str]) -> Result<Self> {
        let probe = Self::start(netns, flags)?;
        probe.await_ready().map(|()| probe)
    }

    /// The same below a wrapper such as `setpriv ...`, on a port of its own.
    pub fn start_under(netns: &Netns, wrapper: &[&str], port: u16, flags: &[&str]) -> Result<Self> {
        let (program, listen) = (binaries::find("longwire-probe")?, format!("0.0.0.0:{port}"));
        // Two probes in one test need two ports each.
        let health = format!("127.0.0.1:{}", health_port(port));
        let program = program.to_str().context("the probe's path is no UTF-8")?;
        let mut line = wrapper.to_vec();
        line.extend([program, "--operator", "http://127.0.0.1:15010", "--metrics-listen", &listen]);
        line.extend(["--health-listen", &health]);
        let kubelet = cgroup::kubelet_root();
        for (flag, value) in [
            ("--node-name", "node"),
            ("--sample-interval", "1s"),
            ("--long-connection-threshold", "2s"),
            ("--kubelet-cgroup-root", &kubelet),
        ] {
            if !flags.contains(&flag) {
                line.extend([flag, value]);
            }
        }
        line.extend(flags);
        let process = Process::start(netns, "longwire-probe", &line)?;
        Ok(Self { process: Mutex::new(process), netns: netns.clone(), port })
    }

    pub fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock()
    }

    /// Waits until it is ready: attached, adopted and configured.
    pub fn await_ready(&self) -> Result<()> {
        eventually(PATIENCE, || {
            let status = self.get("/readyz", &[]).map(|response| response.status)?;
            confirm!(status == 200, "/readyz says {status}")
        })
        .with_context(|| self.process().last_words())
    }

    pub fn get(&self, path: &str, headers: &[&str]) -> Result<Response> {
        http::get(&self.netns, self.port, path, headers)
    }

    pub fn text(&self) -> Result<String> {
        let response = self.get("/metrics", &["Accept: text/plain"])?;
        let text = String::from_utf8(response.body)?;
        ensure!(response.status == 200, "/metrics says {}: {text}", response.status);
        Ok(text)
    }

    pub fn scrape(&self) -> Result<Scrape> {
        Scrape::parse(&self.text()?, Format::Text)
    }

    /// The value of a counter of its kernel side, a loss or not.
    pub fn of_kernel(&self, kind: &str) -> Result<u64> {
        Ok(self.scrape()?.of_kernel(kind))
    }

    /// The self-metrics that are not 0: what was lost, late or missed is among them. Without an answer, its threads.
    fn counts(&self) -> String {
        let Ok(text) = self.text() else { return self.process().threads() };
        let own = text.lines().filter(|line| line.starts_with("longwire_probe_") && !line.ends_with(" 0"));
        own.filter(|line| !line.contains("_bucket")).collect::<Vec<_>>().join("\n")
    }

    /// Waits until `check` accepts a scrape; an error contains the probe's log.
    pub fn until<T>(&self, mut check: impl FnMut(&Scrape) -> Result<T>) -> Result<T> {
        eventually(PATIENCE, || check(&self.scrape()?))
            .with_context(|| format!("{}\n{}", self.process().last_words(), self.counts()))
    }
}

/// The kernel's programs, links or attachments by bpftool, as JSON.
pub fn bpftool(netns: &Netns, arguments: &[&str]) -> Result<serde_json::Value> {
    let words: Vec<&str> = ["-j"].into_iter().chain(arguments.iter().copied()).collect();
    let said = netns.run(|| command::run("bpftool", &words))?;
    serde_json::from_str(&said).with_context(|| format!("bpftool {arguments:?} said {said}"))
}
