//! The life of the cluster: one process takes the lock, brings the cluster up, waits for the end, and removes it.
//!
//! ```text
//! lock -> clean up -> build -> wire -> control plane -> nodes -> "ready" -> wait -> down -> unlock
//! ```

use super::access::Access;
use super::layout::{Layout, NODES, pods, script, text};
use super::standing::{self, Owner};
use super::{certificates, cgroups, control_plane, mount_points, node};
use anyhow::{Context, Result, anyhow, ensure};
use longwire_testkit::{binaries, command};
use std::fs::{self, File, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// One cluster at a time on a machine, because its addresses are fixed. The same file for all users of the machine.
const LOCK: &str = "/run/lock/longwire-cluster";
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// The only cluster of this machine; removed when dropped.
#[derive(Debug)]
pub struct Supervisor {
    layout: Layout,
    _lock: File,
}

impl Supervisor {
    /// Waits until no other cluster is up, and brings one up. `say` receives the progress. If `end` reports before it
    /// is this one's turn, the cluster is no longer needed.
    pub fn start(layout: &Layout, purpose: &str, say: &dyn Fn(&str), end: &Receiver<()>) -> Result<Self> {
        let supervisor = Self { layout: layout.clone(), _lock: lock(purpose, say, end)? };
        sweep(layout)?;
        bring_up(layout, say)?;
        Ok(supervisor)
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Err(error) = sweep(&self.layout) {
            eprintln!("something of the cluster is left: {error:#}");
        }
    }
}

/// Starts the process of a supervisor with these arguments, and waits until the cluster is up. Its progress goes to
/// standard error.
pub(crate) fn hire(arguments: &[&str], input: Stdio) -> Result<Child> {
    let mut supervisor = Command::new(binaries::find("longwire-cluster")?)
        .arg("keep")
        .args(arguments)
        .stdin(input)
        .stdout(Stdio::piped())
        // In its own process group, because the supervisor must survive a Ctrl-C, which the terminal sends to the whole
        // group.
        .process_group(0)
        .spawn()
        .context("start the cluster's supervisor")?;
    let mut line = String::new();
    BufReader::new(supervisor.stdout.take().context("the supervisor has no standard output")?).read_line(&mut line)?;
    ensure!(line.trim() == "ready", "the supervisor ended with {}; it said why on standard error", supervisor.wait()?);
    Ok(supervisor)
}

/// Process id and purpose of a running supervisor.
pub fn holder() -> Result<Option<(u32, String)>> {
    let mut file = open()?;
    match file.try_lock() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut note = String::new();
            file.read_to_string(&mut note)?;
            let (process, purpose) = note.trim().split_once(' ').context("the lock file names no process")?;
            Ok(Some((process.parse()?, purpose.to_owned())))
        }
        Err(TryLockError::Error(error)) => Err(error).context(LOCK),
    }
}

/// Removes all parts of a cluster, of any process. Only with the lock held.
pub fn sweep(layout: &Layout) -> Result<()> {
    cgroups::remove()?;
    control_plane::unwire();
    mount_points::remove(layout);
    if layout.run().exists() {
        fs::remove_dir_all(layout.run()).with_context(|| format!("remove {}", layout.run().display()))?;
    }
    Ok(())
}

/// The same after a supervisor was killed; fails while one lives.
pub fn sweep_alone(layout: &Layout) -> Result<()> {
    let file = open()?;
    file.try_lock().map_err(|_| anyhow!("a cluster is up: end who uses it"))?;
    sweep(layout)
}

fn lock(purpose: &str, say: &dyn Fn(&str), end: &Receiver<()>) -> Result<File> {
    let mut file = open()?;
    if file.try_lock().is_err() {
        let who = holder().ok().flatten().map(|(process, purpose)| match Owner::of(&purpose) {
            Some(owner) => format!("{purpose}, process {process}: `{}` takes it down", owner.end()),
            None => format!("{purpose}, process {process}"),
        });
        say(&format!("waiting for the cluster of {}", who.as_deref().unwrap_or("somebody who is just leaving")));
        // Not a blocking lock, which would wait longer than its callers.
        while file.try_lock().is_err() {
            ensure!(end.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout), "nobody waits any more");
        }
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {purpose}", std::process::id())?;
    Ok(file)
}

fn open() -> Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).open(LOCK).with_context(|| format!("open {LOCK}"))
}

fn bring_up(layout: &Layout, say: &dyn Fn(&str)) -> Result<()> {
    let build = script("build");
    let built = command::converse(text(&build)?, &[])?;
    standing::expect_free_addresses()?;
    let start = Instant::now();
    let say = |what: &str| say(&format!("{:5.1} s  {what}", start.elapsed().as_secs_f64()));
    if layout.logs().exists() {
        fs::remove_dir_all(layout.logs())?;
    }
    for directory in [layout.run(), layout.logs()] {
        fs::create_dir_all(directory)?;
    }
    symlink(built.trim(), layout.built())?;
    mount_points::make(layout)?;
    certificates::write(layout)?;
    let netns = control_plane::wire(layout)?;
    control_plane::start_api_server(layout)?;
    let access = Access::new(layout)?;
    access.await_api_server()?;
    say("the API server answers");
    // The nodes' daemons retry until the controllers are up.
    thread::scope(|scope| {
        let nodes = NODES.map(|name| (name, scope.spawn(|| node::start(layout, name, &netns))));
        control_plane::start_controllers(layout)?;
        for (name, started) in nodes {
            started.join().map_err(|_| anyhow!("the thread that starts {name} panicked"))?.context(name)?;
        }
        anyhow::Ok(())
    })?;
    say("all daemons run");
    access.await_nodes(Duration::from_secs(60))?;
    give_pod_ranges(&access)?;
    say("both nodes are ready");
    Ok(())
}

/// Sets what the controller of node CIDRs sets elsewhere; here the network plugin's configuration has the ranges.
fn give_pod_ranges(access: &Access) -> Result<()> {
    for node in NODES {
        let range = pods(node);
        let patch = format!(r#"{{"spec": {{"podCIDR": "{range}", "podCIDRs": ["{range}"]}}}}"#);
        access.kubectl(&["patch", "node", node, "--patch", &patch], "")?;
    }
    Ok(())
}
