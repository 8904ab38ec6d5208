//! A Collector: started, killed, and its files read.

use crate::otlp::{Logs, Metrics};
use crate::programs::{free_tcp, program};
use crate::stage::PATIENCE;
use anyhow::{Context, Result, bail};
use longwire_testkit::{Netns, Process, eventually, janitor};
use prost::Message;
use serde_json::json;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[derive(Debug)]
pub(crate) struct Collector {
    process: Option<Process>,
    netns: Netns,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    directory: TempDir,
    /// How often it was started: each time it writes files of its own.
    starts: u32,
}

impl Collector {
    pub(crate) fn start(netns: &Netns) -> Result<Self> {
        let (grpc, http) = (free_tcp(netns)?, free_tcp(netns)?);
        let directory = janitor::temporary_directory("collector")?;
        let mut collector = Self { process: None, netns: netns.clone(), grpc, http, directory, starts: 0 };
        collector.restart().map(|()| collector)
    }

    /// Starts it again at its addresses.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.starts += 1;
        let file =
            |signal| json!({"path": self.file(signal, self.starts), "format": "proto", "flush_interval": "50ms"});
        let pipeline = |exporter: &str| json!({"receivers": ["otlp"], "exporters": [exporter]});
        let configuration = json!({
            "receivers": {"otlp": {"protocols": {
                "grpc": {"endpoint": self.grpc.to_string()},
                "http": {"endpoint": self.http.to_string()},
            }}},
            "exporters": {"file/metrics": file("metrics"), "file/logs": file("logs")},
            "service": {
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {"metrics": pipeline("file/metrics"), "logs": pipeline("file/logs")},
            },
        });
        let path = self.directory.path().join("collector.yaml");
        fs::write(&path, configuration.to_string())?;
        let line = [&program("collector")?, "--config", &format!("file:{}", path.display())];
        let mut process = Process::start(&self.netns, "collector", &line)?;
        eventually(PATIENCE, || {
            process.check_alive()?;
            [self.grpc, self.http].iter().try_for_each(|address| {
                self.netns.run(|| TcpStream::connect(address)).map(drop).with_context(|| format!("{address}"))
            })
        })
        .with_context(|| process.last_words())?;
        self.process = Some(process);
        Ok(())
    }

    /// By SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    fn file(&self, signal: &str, start: u32) -> PathBuf {
        self.directory.path().join(format!("{signal}-{start}"))
    }

    /// All requests of metrics so far, in the order in which they came.
    pub(crate) fn metrics(&self) -> Result<Vec<Metrics>> {
        self.received("metrics")
    }

    pub(crate) fn logs(&self) -> Result<Vec<Logs>> {
        self.received("logs")
    }

    fn received<M: Message + Default>(&self, signal: &str) -> Result<Vec<M>> {
        let files = (1..=self.starts).map(|start| messages(&self.file(signal, start)));
        Ok(files.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

/// Each message stands behind its length, four bytes, the highest first. The last may be unfinished.
fn messages<M: Message + Default>(file: &Path) -> Result<Vec<M>> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => bail!("{}: {error}", file.display()),
    };
    let (mut rest, mut messages) = (bytes.as_slice(), Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk() {
        let Some((message, behind)) = behind.split_at_checked(u32::from_be_bytes(*length) as usize) else { break };
        messages.push(M::decode(message).with_context(|| format!("a message in {}", file.display()))?);
        rest = behind;
    }
    Ok(messages)
}
