//! A statsd_exporter that listens on every transport: started, killed, and its page read.

use crate::lines::{Line, Lines, kind, line};
use crate::programs::{free_tcp, free_udp, program};
use crate::stage::PATIENCE;
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Netns, Process, Sample, eventually, http, janitor};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use tempfile::TempDir;

#[derive(Debug)]
pub(crate) struct StatsdExporter {
    process: Option<Process>,
    netns: Netns,
    pub(crate) udp: SocketAddr,
    pub(crate) tcp: SocketAddr,
    web: SocketAddr,
    directory: TempDir,
}

impl StatsdExporter {
    pub(crate) fn start(netns: &Netns) -> Result<Self> {
        let (udp, tcp, web) = (free_udp(netns)?, free_tcp(netns)?, free_tcp(netns)?);
        let directory = janitor::temporary_directory("statsd")?;
        let mut exporter = Self { process: None, netns: netns.clone(), udp, tcp, web, directory };
        exporter.restart().map(|()| exporter)
    }

    /// The path of its socket of datagrams.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// Starts it again at its addresses. It has forgotten all then.
    pub(crate) fn restart(&mut self) -> Result<()> {
        let socket = self.socket();
        if socket.exists() {
            // It refuses to start if the file is there.
            fs::remove_file(&socket)?;
        }
        let line = [
            program("statsd_exporter")?,
            format!("--statsd.listen-udp={}", self.udp),
            format!("--statsd.listen-tcp={}", self.tcp),
            format!("--statsd.listen-unixgram={}", socket.display()),
            format!("--web.listen-address={}", self.web),
        ];
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let mut process = Process::start(&self.netns, "statsd_exporter", &line)?;
        eventually(PATIENCE, || {
            process.check_alive()?;
            self.page().map(drop)
        })
        .with_context(|| process.last_words())?;
        self.process = Some(process);
        Ok(())
    }

    /// By SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    fn page(&self) -> Result<Vec<Sample>> {
        let response = self.netns.run(|| http::get_from(self.web, "/metrics"))?;
        let text = String::from_utf8(response.body)?;
        ensure!(response.status == 200, "{}: {text}", response.status);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| Sample::parse(line).with_context(|| line.to_owned())).collect()
    }

    /// What it has added up of series with this prefix.
    pub(crate) fn totals(&self, prefix: &str) -> Result<Lines> {
        let mut totals = Lines::new();
        for sample in self.page()? {
            let Some(name) = sample.name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) else { continue };
            if kind(name).is_some() {
                let (_, labels): Line = line(&sample)?;
                totals.insert((name.to_owned(), labels), sample.value);
            }
        }
        Ok(totals)
    }
}
