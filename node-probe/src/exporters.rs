//! Exporters: what the node's settings name is sent by tasks of its own, beside the scrape and the standard output.
//!
//! ```text
//! settings of the node --Exporters: begins and ends
//!   otlp    metrics: snapshot -> Encoder -> Sender      access logs: Routes -> queue -> Batch -> Sender
//!   statsd  metrics: snapshot -> Encoder -> Transport
//!   file                                                access logs: Routes, written by the thread of access logs
//! ```
//!
//! Nobody waits for an exporter: what it cannot send is in its next export, or is dropped and counted.

mod counts;
mod otlp_logs;
mod otlp_metrics;
mod routes;
mod statsd;
#[cfg(test)]
mod tests;

mod trouble;

use counts::ExporterCounts;
pub(crate) use counts::{Exports, SignalCounts};
pub(crate) use routes::Routes;

use crate::shared::Shared;
use longwire_export::otlp::Origin;
use longwire_model::exporter::{Exporter, ExporterName, LogFile, Otlp, Target};
use longwire_send::file::LogFiles;
use longwire_send::otlp::{Environment, Settings, SettingsError, Signal};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often files are looked for that could not be opened.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How long an exporter that ends may take to send its last values.
const LAST_EXPORT: Duration = Duration::from_secs(2);

/// What does not come from the operator.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) environment: Environment,
    /// Each Secret is a directory in it.
    pub(crate) secrets: Option<PathBuf>,
    /// Files of access logs.
    pub(crate) log_directory: Option<PathBuf>,
    pub(crate) node: String,
    pub(crate) cluster: String,
}

/// All exporters of this probe.
pub(crate) struct Exporters {
    shared: Arc<Shared>,
    routes: Arc<Routes>,
    setup: Arc<Setup>,
    running: BTreeMap<ExporterName, Running>,
}

struct Running {
    exporter: Exporter,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    /// The file of a file exporter could not be opened yet.
    lacks_file: Option<(LogFile, Arc<ExporterCounts>)>,
}

/// What each task of an exporter has.
#[derive(Clone)]
struct Context {
    name: ExporterName,
    shared: Arc<Shared>,
    setup: Arc<Setup>,
    counts: Arc<ExporterCounts>,
    /// Becomes true when the exporter ends.
    stopped: watch::Receiver<bool>,
}

impl Exporters {
    pub(crate) fn new(shared: Arc<Shared>, routes: Arc<Routes>, setup: Setup) -> Self {
        Self { shared, routes, setup: Arc::new(setup), running: BTreeMap::new() }
    }

    /// Begins and ends exporters as the settings are now. Call it in a runtime; the first time before anything is counted, because
    /// what a predecessor has counted is not sent again as new.
    pub(crate) fn apply(&mut self) {
        self.open_files();
        let wanted = {
            let pipeline = self.shared.pipeline();
            let wanted = &pipeline.settings().exporters;
            if wanted.iter().eq(self.running.values().map(|running| &running.exporter)) {
                return;
            }
            wanted.clone()
        };
        self.running.retain(|name, running| {
            let stays = wanted.contains(&running.exporter);
            if !stays {
                tracing::info!(exporter = %name, "the exporter ends, or begins again with other settings");
                self.routes.remove(name);
                running.end();
            }
            stays
        });
        for exporter in wanted {
            if !self.running.contains_key(&exporter.name) {
                let running = self.begin(exporter);
                self.running.insert(running.exporter.name.clone(), running);
            }
        }
        self.shared.exports.retain(|name| self.running.contains_key(name));
    }

    /// Until it is stopped. Then sends what there is once more.
    pub(crate) async fn follow(mut self, mut stopped: watch::Receiver<bool>) {
        let shared = Arc::clone(&self.shared);
        loop {
            tokio::select! {
                // An error means that nobody is left who could stop it, which is a stop too.
                _ = stopped.wait_for(|stopped| *stopped) => break,
                () = shared.configured.notified() => {}
                () = tokio::time::sleep(BETWEEN_LOOKS) => {}
            }
            self.apply();
        }
        self.running.values().for_each(Running::end);
        let tasks = self.running.into_values().flat_map(|running| running.tasks);
        // A task that has panicked has said so.
        let _ = tokio::time::timeout(LAST_EXPORT, futures::future::join_all(tasks)).await;
    }

    fn begin(&self, exporter: Exporter) -> Running {
        let (stop, stopped) = watch::channel(false);
        let counts = self.shared.exports.begin(&exporter);
        let context = Context {
            name: exporter.name.clone(),
            shared: Arc::clone(&self.shared),
            setup: Arc::clone(&self.setup),
            counts,
            stopped,
        };
        tracing::info!(exporter = %exporter.name, "the exporter begins");
        let (mut tasks, mut lacks_file) = (Vec::new(), None);
        match &exporter.target {
            Target::Otlp(otlp) => {
                if otlp.metrics {
                    tasks.push(otlp_metrics::spawn(context.clone(), otlp));
                }
                if otlp.logs {
                    let (queue, task) = otlp_logs::spawn(context.clone(), otlp);
                    self.routes.queue(&context.name, queue, context.counts);
                    tasks.push(task);
                }
            }
            Target::Statsd(statsd) => tasks.push(statsd::spawn(context, statsd)),
            Target::File(limits) => {
                let Context { name, counts, .. } = context;
                if let Err(reason) = self.open_file(&name, *limits, &counts) {
                    tracing::warn!(exporter = %name, reason, "lines of access logs are not written");
                    self.routes.file(&name, None, Arc::clone(&counts));
                    lacks_file = Some((*limits, counts));
                }
            }
        }
        Running { exporter, stop, tasks, lacks_file }
    }

    fn open_file(&self, name: &ExporterName, limits: LogFile, counts: &Arc<ExporterCounts>) -> Result<(), String> {
        let Some(directory) = &self.setup.log_directory else {
            return Err("the probe has no --log-dir: set exporters.logDirectory of the chart".to_owned());
        };
        let files = LogFiles::open(directory, name, limits).map_err(|error| error.to_string())?;
        self.routes.file(name, Some(files), Arc::clone(counts));
        Ok(())
    }

    /// Those that could not be opened before.
    fn open_files(&mut self) {
        let lacking = self.running.iter().filter_map(|(name, running)| Some((name, running.lacks_file.as_ref()?)));
        let opened = lacking.filter(|(name, (limits, counts))| self.open_file(name, *limits, counts).is_ok());
        let opened: Vec<_> = opened.map(|(name, _)| name.clone()).collect();
        for name in opened {
            tracing::info!(exporter = %name, "the file of access logs is there now");
            if let Some(running) = self.running.get_mut(&name) {
                running.lacks_file = None;
            }
        }
    }
}

impl Running {
    fn end(&self) {
        // Without receivers it has ended.
        let _ = self.stop.send(true);
    }
}

impl Context {
    fn settings(&self, otlp: &Otlp, signal: Signal) -> Result<Settings, SettingsError> {
        Settings::resolve(otlp, signal, &self.setup.environment, self.setup.secrets.as_deref())
    }

    /// Those attributes of the resource that a user has set replace ours.
    fn origin(&self, settings: &Settings) -> Origin {
        let ours = [
            ("service.name", "longwire-probe"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.instance.id", &self.setup.node),
            ("k8s.node.name", &self.setup.node),
            ("k8s.cluster.name", &self.setup.cluster),
        ];
        let theirs = settings.resource.iter().map(|pair| (pair.key.as_str(), pair.value.as_str()));
        let all: BTreeMap<&str, &str> = ours.into_iter().chain(theirs).collect();
        Origin::new(all)
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Until the exporter ends.
    fn end(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stopped = self.stopped.clone();
        async move {
            // An error means that nobody is left who could stop it, which is a stop too.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }
    }

    /// `true`: the exporter ends.
    async fn sleep(&self, time: Duration) -> bool {
        tokio::time::timeout(time, self.end()).await.is_ok()
    }
}
