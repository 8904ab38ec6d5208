//! `observe`: a line for each connection that opens, closes or fails.
//!
//! ```text
//! API server --follow: pages, changes--> stages: what is news of each --> filter --> line --> out
//!                                                                            pages: order, by time
//! ```

use crate::Outcome;
use crate::amount::counted;
use crate::follow::{History, News, Wanted, follow};
use crate::kubeconfig::{NoCluster, connect_to};
use crate::listing::Unanswered;
use crate::options::Observe;
use crate::plain::warn;
use anstream::AutoStream;
use line::line;
use longwire_live::Connection;
use longwire_live::end::End;
use order::Latest;
use stages::{Micros, Stages, What};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::{runtime, signal};

pub(crate) mod filter;
mod line;
mod order;
mod stages;

/// Most lines of a list.
const MOST: usize = 65_536;
const MOST_WARNINGS: usize = 4;

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotObserved {
    #[error("{0}")]
    NoCluster(#[from] NoCluster),
    #[error("{0}")]
    Unanswered(#[from] Unanswered),
    #[error("the cluster cannot be asked: {0}")]
    Runtime(io::Error),
    #[error("a connection cannot be written: {0}")]
    Output(#[from] serde_json::Error),
}

pub(crate) fn run(options: &Observe) -> Result<Outcome, NotObserved> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NotObserved::Runtime)?;
    let mut observing = Observing::new(options);
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = observing.run() => outcome,
            interrupted = signal::ctrl_c() => interrupted.map_err(NotObserved::Runtime),
        }
    });
    observing.tell_figures();
    outcome.map(|()| Outcome { text: String::new(), code: 0 })
}

struct Observing<'a> {
    options: &'a Observe,
    stages: Stages,
    /// While a list is read.
    latest: Option<Latest>,
    has_listed: bool,
    warnings: BTreeSet<String>,
    is_troubled: bool,
    missed: u64,
    out: AutoStream<io::Stdout>,
}

/// Whether there may be more to write: not if its reader has seen enough.
type More = Result<bool, NotObserved>;

impl<'a> Observing<'a> {
    fn new(options: &'a Observe) -> Self {
        Self {
            options,
            stages: Stages::new(Micros::MAX, Micros::MAX),
            latest: None,
            has_listed: false,
            warnings: BTreeSet::new(),
            is_troubled: false,
            missed: 0,
            // Without colours for pipes, NO_COLOR and terminals that have none.
            out: AutoStream::auto(io::stdout()),
        }
    }

    async fn run(&mut self) -> Result<(), NotObserved> {
        let (cluster, namespace) = connect_to(&self.options.place).await?;
        let mut news = follow(cluster.clone(), wanted(self.options, namespace));
        while let Some(next) = news.recv().await {
            let more = match next.map_err(|why| why.by(&cluster))? {
                News::Page(connections, at) => self.page(&connections, at)?,
                News::Listed => self.listed()?,
                News::Changed(connection) => self.changed(&connection)?,
                News::Gone(connection) => {
                    self.stages.gone(&connection);
                    true
                }
                News::Missed(more) => {
                    self.missed = self.missed.saturating_add(more);
                    true
                }
                News::Warning(text) => {
                    self.warning(&text);
                    true
                }
                News::Trouble(why) => {
                    if !self.is_troubled {
                        warn(&format!("the live API does not answer now: {why}: trying again"));
                    }
                    self.is_troubled = true;
                    true
                }
            };
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn page(&mut self, connections: &[Connection], at: Option<SystemTime>) -> More {
        if !self.has_listed && self.latest.is_none() {
            self.stages = begun(self.options, micros(at.unwrap_or_else(SystemTime::now)));
        }
        let mut latest = self.latest.take().unwrap_or_else(|| Latest::new(most(self.options)));
        for connection in connections {
            if let Some((time, line)) = self.news(connection)? {
                latest.put(time, line);
            }
        }
        self.latest = Some(latest);
        Ok(true)
    }

    fn listed(&mut self) -> More {
        let is_first = !self.has_listed;
        (self.has_listed, self.is_troubled) = (true, false);
        let lines: Vec<String> = self.latest.take().into_iter().flat_map(Latest::lines).collect();
        let has_reader = lines.iter().all(|line| self.write(line));
        let Some(_) = self.options.last.filter(|_| is_first) else { return Ok(has_reader) };
        // What a node says late of before is not among the last.
        self.stages.ended_from = self.stages.opened_from;
        Ok(has_reader && self.options.follow)
    }

    fn changed(&mut self, connection: &Connection) -> More {
        let line = self.news(connection)?;
        Ok(line.is_none_or(|(_, line)| self.write(&line)))
    }

    /// When something happened that is wanted, and its line.
    fn news(&mut self, connection: &Connection) -> Result<Option<(Option<Micros>, String)>, NotObserved> {
        let Some((what, time)) = self.stages.take(connection) else { return Ok(None) };
        let Observe { pod, last, filter, output, .. } = self.options;
        let is_wanted = pod.as_ref().is_none_or(|pod| has_pod(connection, pod))
            && (last.is_none() || self.has_listed || what != What::Open)
            && filter.as_ref().is_none_or(|filter| filter.holds(what, connection));
        Ok(if is_wanted { Some((time, line((what, time), connection, *output)?)) } else { None })
    }

    /// Whether somebody reads it.
    fn write(&mut self, line: &str) -> bool {
        writeln!(self.out, "{line}").is_ok()
    }

    /// Once, though each list says it.
    fn warning(&mut self, text: &str) {
        if !self.has_listed && self.warnings.len() < MOST_WARNINGS && self.warnings.insert(text.to_owned()) {
            warn(text);
        }
    }

    fn tell_figures(&self) {
        if self.missed > 0 {
            let missed = counted(self.missed, "update");
            warn(&format!(
                "{missed} came faster than they were read: numbers of lines may be older than the connection's last"
            ));
        }
        if self.stages.left_out > 0 {
            let left_out = counted(self.stages.left_out, "connection");
            warn(&format!("{left_out} had no room beside those that are open: name a namespace with -n"));
        }
    }
}

fn wanted(options: &Observe, namespace: Option<String>) -> Wanted {
    let Observe { from, to, pod, selector, failed, since, last, .. } = options;
    let name = |name: &Option<String>| name.clone();
    // The API's `pod` takes a name alone.
    let pod = pod.as_ref().map(|pod| pod.rsplit('/').next().unwrap_or(pod).to_owned());
    let phase = failed.then(|| "Failed".to_owned());
    let fields = [("source", name(from)), ("destination", name(to)), ("pod", pod), ("phase", phase)];
    let fields = fields.into_iter().filter_map(|(field, value)| Some((field, value?))).collect();
    let history = if since.is_some() || last.is_some() { History::Always } else { History::Later };
    Wanted { namespace, labels: selector.clone(), fields, history }
}

fn has_pod(connection: &Connection, pod: &str) -> bool {
    let (namespace, name) = pod.split_once('/').map_or((None, pod), |(namespace, name)| (Some(namespace), name));
    let is_it = |end: &End| {
        end.pod.as_deref() == Some(name)
            && namespace.is_none_or(|namespace| end.namespace.as_deref() == Some(namespace))
    };
    is_it(&connection.spec.source) || is_it(&connection.spec.destination)
}

/// `begin`: by the cluster's clock.
fn begun(Observe { since, last, .. }: &Observe, begin: Micros) -> Stages {
    let from = since.map(|since| begin.saturating_sub(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)));
    match last {
        Some(_) => Stages::new(begin, from.unwrap_or(Micros::MIN)),
        None => Stages::new(from.unwrap_or(begin), from.unwrap_or(begin)),
    }
}

fn most(Observe { last, .. }: &Observe) -> usize {
    last.and_then(|last| usize::try_from(last).ok()).unwrap_or(MOST)
}

fn micros(time: SystemTime) -> Micros {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
