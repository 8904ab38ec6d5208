//! A real Prometheus: started with targets and rules, and queried.

use crate::http;
use crate::janitor;
use crate::netns::Netns;
use crate::process::Process;
use crate::scrape::Labels;
use anyhow::{Context, Result, bail, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// The targets of one job: `address:port`s.
#[derive(Clone, Debug)]
pub struct Job {
    pub name: &'static str,
    pub targets: Vec<String>,
}

#[derive(Debug)]
pub struct Prometheus {
    netns: Netns,
    pub address: SocketAddr,
    /// Its process and files, if this process started it.
    own: Option<(Process, TempDir)>,
}

/// One element of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub labels: Labels,
    pub value: f64,
}

/// Times and values of a series.
pub type Samples = Vec<(f64, f64)>;

impl Prometheus {
    /// Listens at an address, scrapes and evaluates the rules every `interval`. It ends when its last clone is dropped,
    /// or with this process.
    pub fn start(netns: &Netns, at: Ipv4Addr, jobs: &[Job], rules: &[PathBuf], interval: Duration) -> Result<Self> {
        let interval = format!("{}ms", interval.as_millis());
        let scrapes =
            jobs.iter().map(|job| json!({"job_name": job.name, "static_configs": [{"targets": job.targets}]}));
        let configuration = json!({
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
            "rule_files": rules,
            "scrape_configs": scrapes.collect::<Vec<_>>(),
        });
        Self::start_program("prometheus", &[], netns, at, &configuration)
    }

    /// The same with another program than the PATH's, flags of its own, and a whole configuration.
    pub fn start_program(
        program: &str,
        flags: &[&str],
        netns: &Netns,
        at: Ipv4Addr,
        configuration: &Value,
    ) -> Result<Self> {
        let directory = janitor::temporary_directory("prometheus")?;
        let file = directory.path().join("prometheus.yml");
        std::fs::write(&file, configuration.to_string())?;
        let address = netns.run(|| TcpListener::bind((at, 0)))?.local_addr()?;
        let own = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", directory.path().join("data").display()),
            format!("--web.listen-address={address}"),
        ];
        let line = [&[program], own.each_ref().map(String::as_str).as_slice(), flags].concat();
        let process = Process::start(netns, "prometheus", &line)?;
        let prometheus = Self { netns: netns.clone(), address, own: Some((process, directory)) };
        crate::wait::eventually(Duration::from_secs(60), || prometheus.targets_up())
            .with_context(|| prometheus.last_words())?;
        Ok(prometheus)
    }

    /// One that another process runs.
    pub fn at(address: SocketAddr) -> Result<Self> {
        Ok(Self { netns: Netns::of_this_thread()?, address, own: None })
    }

    /// Fails unless the last scrape of every target succeeded.
    fn targets_up(&self) -> Result<()> {
        let targets = self.ask("targets?state=active")?;
        for target in targets["activeTargets"].as_array().context("no targets")? {
            let [url, health, error] = ["scrapeUrl", "health", "lastError"].map(|field| &target[field]);
            ensure!(health == "up", "{url} is {health}: {error}");
        }
        Ok(())
    }

    /// The answer of a moment, seconds since 1970.
    pub fn query(&self, expression: &str, at: f64) -> Result<Vec<Row>> {
        let answer = self.ask(&format!("query?time={at:.3}&query={}", encode(expression)))?;
        ensure!(answer["resultType"] == "vector", "{expression} answers with a {}", answer["resultType"]);
        answer["result"].as_array().context("no result")?.iter().map(row).collect()
    }

    /// All samples of a range such as `up[1m]` that ends at a moment: labels, and times with values.
    pub fn samples(&self, range: &str, at: f64) -> Result<Vec<(Labels, Samples)>> {
        let answer = self.ask(&format!("query?time={at:.3}&query={}", encode(range)))?;
        ensure!(answer["resultType"] == "matrix", "{range} answers with a {}", answer["resultType"]);
        answer["result"].as_array().context("no result")?.iter().map(matrix_row).collect()
    }

    /// The end of its log, for an error; empty for one that another process runs.
    pub fn last_words(&self) -> String {
        self.own.as_ref().map(|(process, _)| process.last_words()).unwrap_or_default()
    }

    /// The values of a label in the matching series.
    pub fn values(&self, label: &str, series: &str) -> Result<BTreeSet<String>> {
        let answer = self.ask(&format!("label/{label}/values?match%5B%5D={}", encode(series)))?;
        Ok(serde_json::from_value(answer)?)
    }

    /// The data of a GET of a path below `/api/v1`.
    pub fn ask(&self, path: &str) -> Result<Value> {
        let response = self.netns.run(|| http::get_from(self.address, &format!("/api/v1/{path}")))?;
        let mut answer: Value = serde_json::from_slice(&response.body)?;
        ensure!(answer["status"] == "success", "{path}: {}", answer["error"]);
        Ok(answer["data"].take())
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn matrix_row(element: &Value) -> Result<(Labels, Vec<(f64, f64)>)> {
    let mut labels: Labels = serde_json::from_value(element["metric"].clone())?;
    labels.remove("__name__");
    let pairs: Vec<(f64, String)> = serde_json::from_value(element["values"].clone())?;
    let samples = pairs.into_iter().map(|(time, value)| Ok((time, value.parse()?)));
    Ok((labels, samples.collect::<Result<_>>()?))
}

fn row(element: &Value) -> Result<Row> {
    let Value::String(value) = &element["value"][1] else { bail!("{element} has no value") };
    let mut labels: Labels = serde_json::from_value(element["metric"].clone())?;
    labels.remove("__name__");
    Ok(Row { labels, value: value.parse()? })
}
