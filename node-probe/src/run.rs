//! Starts the parts in order of their dependencies, and stops them in reverse.

use crate::access_log::Lines;
use crate::cgroups::pods::PodCgroups;
use crate::conntrack::{self, ConntrackQueue};
use crate::control::Operator;
use crate::exporters::{Exporters, Routes};
use crate::http::Listeners;
use crate::kernel::{self, Pins, Setup, monotonic, realtime};
use crate::messages::{Messages, ToOperator};
use crate::options::Options;
use crate::sampler::{Sampler, Search};
use crate::saver::Saver;
use crate::shared::Shared;
use crate::start::{Started, start};
use crate::state::{StateFile, boot_id};
use crate::{cgroups, control, exporters, unsupported};
use anyhow::Context;
use longwire_endpoint::descriptors;
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{self, Waits};
use longwire_send::otlp::Environment;
use longwire_wire::message::FromProbe;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};

/// How long a connection waits for the identity of its ends, nanoseconds.
const WAITS: Waits = Waits { answer: 3_000_000_000, pod: 10_000_000_000, settling: 2_000_000_000 };
/// Least capacity for waiting connections: all live ones, because adopted ones would be lost before the operator's
/// first message.
const MAX_WAITING: usize = 65_536;
/// Long connections with series of their own. Each costs about 1 KiB of labels and four lines of a scrape, under labels
/// that never repeat, which cost Prometheus most.
const LONG_CONNECTIONS: usize = 1_000;
/// How long a probe that stops waits until its last lines of access logs are written.
const LAST_LINES: Duration = Duration::from_millis(500);

pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    descriptors::raise_limit();
    let operator = options.operator()?;
    match kernel::preflight() {
        // With --manifests the user sees the error at once. On a cluster kubelet would only restart the probe.
        Err(missing) if missing.is_of_the_node() && operator.is_secured() => {
            return unsupported::stay(options, operator, missing.to_string());
        }
        ready => ready?,
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listeners = runtime.block_on(Listeners::bind(options.metrics_listen, options.health_listen))?;
    let listeners = listeners.restricted(options.metrics_auth);
    let pins = options.pin_dir.as_deref().map(Pins::lock).transpose()?;
    let file = options.state_dir.as_deref();
    let file = file.map(|directory| StateFile::of(directory, options.max_connections, options.max_series));
    let boot = boot_id().context("/proc/sys/kernel/random/boot_id")?;
    let cgroups = cgroups::root(options.cgroup_root.as_deref())?;
    let setup = Setup { connections: options.max_connections, cgroup_root: cgroups::inode(&cgroups)? };
    let pipeline_options = pipeline_options(&options)?;
    let kubelet_cgroups = pipeline_options.kubelet_cgroups.clone();
    let started = start(pipeline_options, setup, pins.as_ref(), file.as_ref(), &boot)?;
    let Started { kernel, mut pipeline, losses } = started;
    let found = cgroups::scan(&cgroups);
    cgroups::report(&kubelet_cgroups, &found);
    pipeline.local_cgroups(found);
    let routes = Arc::<Routes>::default();
    let (lines, written) = Lines::start(io::stdout(), Arc::clone(&routes))?;
    let shared = Shared::new(pipeline).with_created_timestamps(options.created_timestamps);
    let (shared, lines) = (Arc::new(shared.with_lines(lines.progress())), Arc::new(lines));
    shared.started(losses);
    kernel::give_back();
    tracing::info!(node = options.node_name, listen = %options.metrics_listen, health = %options.health_listen, "attached");
    let (stop_exports, exports_stopped) = watch::channel(false);
    let mut exporters = Exporters::new(Arc::clone(&shared), routes, exporter_setup(&options));
    let exporting = {
        let _entered = runtime.enter();
        exporters.apply();
        tokio::spawn(exporters.follow(exports_stopped))
    };
    let (queue, queued) = mpsc::channel(control::QUEUE);
    // Not joined: these two threads end after the sampling thread, or with the process.
    let (conntrack, _) = ConntrackQueue::start(conntrack::answerer(Arc::clone(&shared)))?;
    let pod_cgroups = PodCgroups::new(cgroups, kubelet_cgroups);
    let (messages, _) =
        Messages::start(ToOperator { shared: Arc::clone(&shared), pod_cgroups, queue, looked: Instant::now() })?;
    let sampler = Sampler {
        kernel,
        conntrack,
        messages,
        lines: Arc::clone(&lines),
        shared: Arc::clone(&shared),
        saver: Saver::new(file, boot, Arc::clone(&shared), lines),
        interval: options.sample_interval,
        search: Search::default(),
    };
    let (failed, failure) = oneshot::channel();
    let sampling = thread::Builder::new().name("sampler".to_owned()).spawn(move || {
        // The receiver may be gone, if the process is stopping.
        let _ = failed.send(sampler.run());
    })?;
    let outcome = runtime.block_on(serve(options, operator, Arc::clone(&shared), listeners, queued, failure));
    shared.stop.store(true, Ordering::Relaxed);
    let sampled = sampling.join();
    // The sampling thread has handed over its last lines. Their reader may have stopped.
    let began = Instant::now();
    while !written.is_finished() && began.elapsed() < LAST_LINES {
        thread::sleep(Duration::from_millis(5));
    }
    // An error means that they have ended.
    let _ = stop_exports.send(true);
    let _ = runtime.block_on(exporting);
    runtime.shutdown_timeout(Duration::from_secs(1));
    sampled.map_err(|_| anyhow::anyhow!("the sampling thread panicked"))?;
    outcome
}

/// Runs until a signal, or until a required part fails.
pub(crate) async fn serve(
    options: Options,
    operator: Operator,
    shared: Arc<Shared>,
    listeners: Listeners,
    queue: mpsc::Receiver<FromProbe>,
    failure: oneshot::Receiver<Result<(), kernel::KernelError>>,
) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, mut stopped) = watch::channel(false);
    tokio::spawn(control::follow(options, operator, Arc::clone(&shared), queue));
    let web = listeners.serve(shared, async move {
        // An error means that the sender is gone, which is a stop too.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    });
    let mut web = tokio::spawn(web);
    let outcome = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        sampled = failure => match sampled {
            Ok(Err(error)) => Err(error.into()),
            _ => Err(anyhow::anyhow!("the sampling thread ended")),
        },
        served = &mut web => return served?.context("serving metrics failed"),
    };
    tracing::info!("stopping");
    // Lets running scrapes end.
    if stop.send(true).is_ok() {
        let _ = tokio::time::timeout(Duration::from_secs(2), web).await;
    }
    outcome
}

pub(crate) fn pipeline_options(options: &Options) -> anyhow::Result<pipeline::Options> {
    Ok(pipeline::Options {
        budget: Budget::shared(options.max_series as usize, LONG_CONNECTIONS),
        max_connections: options.max_connections as usize,
        long_connection_threshold: nanoseconds(options.long_connection_threshold),
        waits: WAITS,
        max_pending: MAX_WAITING.max(options.max_connections as usize),
        host_netns: host_netns()?,
        kubelet_cgroups: options.kubelet_cgroup_root.clone().unwrap_or_default(),
        wall_clock_offset: realtime().saturating_sub(monotonic()),
        live_history: options.live_history as usize,
    })
}

fn exporter_setup(options: &Options) -> exporters::Setup {
    let (environment, invalid) = Environment::parse(std::env::vars_os());
    invalid.iter().for_each(|error| tracing::warn!(%error, "the variable is passed over"));
    exporters::Setup {
        environment,
        secrets: options.exporter_secrets.clone(),
        log_directory: options.log_dir.clone(),
        node: options.node_name.clone(),
        cluster: options.cluster_name.clone(),
    }
}

/// Sockets in this network namespace that are not a pod's belong to host processes: the probe shares its node's.
fn host_netns() -> anyhow::Result<u32> {
    let inode = fs::metadata("/proc/self/ns/net").context("/proc/self/ns/net")?.ino();
    u32::try_from(inode).context("network namespace inode")
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
