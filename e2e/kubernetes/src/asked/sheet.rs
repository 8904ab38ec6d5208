//! The files of e2e/dashboards: queries and their expectations.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One dashboard, or all alerts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The uid of one of our dashboards.
    pub dashboard: String,
    /// Sets of variables' values. `$here` is the test's namespace.
    pub fills: Vec<BTreeMap<String, String>>,
    /// Values that a variable must offer.
    #[serde(default)]
    pub offers: BTreeMap<String, Vec<String>>,
    /// Queries of variables of other projects' dashboards: PromQL and the label.
    #[serde(default)]
    pub variables: BTreeMap<String, Offer>,
    /// Edges of all of its panels, unless a panel has its own.
    #[serde(default, rename = "where")]
    pub chosen: BTreeMap<String, String>,
    pub panels: Vec<Asked>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub query: String,
    pub label: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub panel: String,
    /// Queries of other projects' dashboards.
    #[serde(default)]
    pub queries: Vec<String>,
    /// One for each query, in the same order.
    pub expect: Vec<Expectation>,
}

/// The expected answer of one query.
#[derive(Clone, Debug, Deserialize)]
pub struct Expectation {
    #[serde(flatten)]
    pub of: Of,
    /// Labels that distinguish rows.
    #[serde(default)]
    pub by: Vec<String>,
    /// Only edges (or lines of a page) with these labels; an empty value: without the label.
    #[serde(default, rename = "where")]
    pub chosen: BTreeMap<String, String>,
    /// Only edges of this reporter; otherwise all, each once.
    #[serde(default)]
    pub reporter: Option<String>,
    /// Only long-lived connections.
    #[serde(default)]
    pub long: bool,
    /// Only rows above this value.
    #[serde(default)]
    pub above: Option<f64>,
    /// Divided by this metric of its own page.
    #[serde(default)]
    pub per: Option<String>,
    /// The maximum of a page's lines instead of the sum, because both replicas report the same.
    #[serde(default)]
    pub highest: bool,
    /// So few events that a graph's windows may miss all; at most a few times as many.
    #[serde(default)]
    pub rare: bool,
    /// Tolerance in events, if the programs cannot count them exactly.
    #[serde(default)]
    pub few: f64,
    /// Relative tolerance, if the programs cannot measure it exactly.
    #[serde(default)]
    pub within: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Rate per second.
    Rate(Measure),
    /// The total, or the current value.
    Now(Measure),
    /// Retransmitted share of what was sent.
    Share(Measure),
    /// A quantile, between the least and the greatest value that the programs measured.
    Between(Measured),
    /// A metric of one of Longwire's own pages.
    Own(String),
    /// Its rate per second.
    OwnRate(String),
    /// A timestamp of a page, as the seconds until then.
    OwnUntil(String),
    /// No rows.
    Nothing(String),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    ToServer,
    ToClient,
    Bytes,
    Opened,
    Closed,
    Failed,
    Again,
    /// Of all reporting ends; with a reporter, of that end.
    SegmentsAgain,
    /// Of the end that counts for the connection: the client's, or the server's if the client is outside the cluster.
    SpeakersSegmentsAgain,
    Open,
    /// As in Kmesh: bytes that the reporting end received.
    Received,
    /// Bytes that it sent.
    Sent,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    RoundTrip,
    Handshake,
    Lifetime,
}

/// All files, by name.
pub fn sheets() -> Result<Vec<Sheet>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboards");
    let mut files: Vec<_> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let sheet: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(path)?)?;
        anyhow::Ok(serde_json::from_value(sheet)?)
    };
    files.iter().map(|path| read(path).with_context(|| path.display().to_string())).collect()
}
