//! The files of e2e/dashboards: who asks what, and what is right.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One dashboard, or all alerts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The uid where it is one of ours.
    pub dashboard: String,
    /// What a person chooses, one set after the other. `$here` is the test's namespace.
    pub fills: Vec<BTreeMap<String, String>>,
    /// Values that a variable must offer.
    #[serde(default)]
    pub offers: BTreeMap<String, Vec<String>>,
    /// Queries of variables, where the dashboard is somebody else's: PromQL and the label.
    #[serde(default)]
    pub variables: BTreeMap<String, Offer>,
    /// Which edges all of its panels are about, unless a panel says otherwise.
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
    /// Where the dashboard is somebody else's.
    #[serde(default)]
    pub queries: Vec<String>,
    /// One for each query, in order.
    pub expect: Vec<Expectation>,
}

/// What one query must answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Expectation {
    #[serde(flatten)]
    pub of: Of,
    /// Rows are told apart by these.
    #[serde(default)]
    pub by: Vec<String>,
    /// Edges (or lines of a page) with these labels alone; an empty value: without the label.
    #[serde(default, rename = "where")]
    pub chosen: BTreeMap<String, String>,
    /// Edges that this reporter sees; else all, each once.
    #[serde(default)]
    pub reporter: Option<String>,
    /// Only connections that stay open.
    #[serde(default)]
    pub long: bool,
    /// Rows above this value alone.
    #[serde(default)]
    pub above: Option<f64>,
    /// A figure of its own page that it is divided by.
    #[serde(default)]
    pub per: Option<String>,
    /// Of a page's lines the highest counts, not the sum: both replicas say the same.
    #[serde(default)]
    pub highest: bool,
    /// So few events that a graph's windows may miss them all: no more than a few times as many.
    #[serde(default)]
    pub rare: bool,
    /// So many events more or less, where the programs cannot know each.
    #[serde(default)]
    pub few: f64,
    /// How far a value may be off, where the programs cannot know it as well; of one.
    #[serde(default)]
    pub within: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Each second.
    Rate(Measure),
    /// Since the beginning, or at this moment.
    Now(Measure),
    /// What was sent again, of what was sent.
    Share(Measure),
    /// A quantile: it lies between the least and the most that the programs measured.
    Between(Measured),
    /// A figure that a program of Longwire's shows on its own page.
    Own(String),
    /// Its increase each second.
    OwnRate(String),
    /// A moment on a page, as the seconds until then.
    OwnUntil(String),
    /// No row at all.
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
    /// By the ends that report; with a reporter, by that end.
    SegmentsAgain,
    /// By the end that speaks for the connection: its client, or its server where the client is outside the cluster.
    SpeakersSegmentsAgain,
    Open,
    /// As Kmesh counts: what the reporting end itself received.
    Received,
    /// And sent.
    Sent,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    RoundTrip,
    Handshake,
    Lifetime,
}

/// All files, by their names.
pub fn sheets() -> Result<Vec<Sheet>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards");
    let mut files: Vec<_> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let sheet: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(path)?)?;
        anyhow::Ok(serde_json::from_value(sheet)?)
    };
    files.iter().map(|path| read(path).with_context(|| path.display().to_string())).collect()
}
