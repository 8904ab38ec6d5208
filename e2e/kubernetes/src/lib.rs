//! A real Kubernetes of two nodes on this machine.
//!
//! ```text
//!           network, mount and UTS namespaces                          the machine's own
//! control-plane: etcd, kube-apiserver, controllers, scheduler  --.
//! n1: containerd, kubelet, kube-proxy, pods                    --+-- bridge -- longwire0: tests, operator, kubectl
//! n2: the same                                                 --'
//! ```
//!
//! A supervisor process keeps the cluster up for as long as this process lives, and removes it however this process ends.
//! In the machine's own namespaces there is only one link and its routes.

pub mod access;
pub mod asked;
pub mod audit;
pub mod certificates;
pub mod cgroups;
pub mod control_plane;
pub mod crowd;
pub mod daemon;
pub mod helm;
pub mod images;
pub mod kiali;
pub mod kwok;
pub mod layout;
pub mod longwire;
pub mod mount_points;
pub mod namespace;
pub mod node;
pub mod pace;
pub mod passers;
pub mod place;
pub mod prometheus_operator;
pub mod running;
pub mod standing;
pub mod steady;
pub mod supervisor;
pub mod talk;
pub mod trial;
pub mod turnover;
pub mod wrong_specs;

pub use layout::NODES;
pub use namespace::Namespace;
pub use running::Running;

use access::Access;
use anyhow::{Context, Result, anyhow, ensure};
use audit::Request;
use kube::api::Api;
use kube::runtime::wait::{Condition, await_condition};
use layout::Layout;
use longwire_testkit::{Netns, Process, binaries, janitor};
use namespace::Turn;
use parking_lot::{Mutex, RwLock};
use place::Place;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// If set, tests use the cluster of `make cluster-up` instead of one of their own.
pub const KEPT: &str = "LONGWIRE_CLUSTER";
/// Default timeout of a condition.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Kubernetes {
    access: Access,
    layout: Layout,
    /// From the request for the cluster until it is ready, including the wait for other clusters and the build.
    pub brought_up_in: Duration,
    loaded: Mutex<BTreeSet<String>>,
    /// Write-locked by tests that stop daemons, which other tests need.
    turns: RwLock<()>,
    /// Closing it tells the supervisor to remove the cluster. `None`: another process keeps the cluster.
    _supervisor: Option<ChildStdin>,
}

impl Kubernetes {
    /// The one cluster of this process, brought up at the first call.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Kubernetes, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}")));
        shared.as_ref().map_err(|error| anyhow!("no cluster: {error}"))
    }

    fn start() -> Result<Self> {
        let start = Instant::now();
        if env::var_os(KEPT).is_some() {
            return Self::attach(start, None);
        }
        let pipe = supervisor::hire(&[], Stdio::piped())?.stdin.context("the supervisor has no standard input")?;
        Self::attach(start, Some(pipe))
    }

    /// A cluster that another process keeps up.
    pub fn standing() -> Result<Self> {
        Self::attach(Instant::now(), None)
    }

    fn attach(start: Instant, supervisor: Option<ChildStdin>) -> Result<Self> {
        let layout = Layout::new()?;
        let (access, brought_up_in) = (Access::new(&layout)?, start.elapsed());
        let (loaded, turns) = (Mutex::default(), RwLock::default());
        Ok(Self { access, layout, brought_up_in, loaded, turns, _supervisor: supervisor })
    }

    /// A client with the administrator's rights.
    pub fn client(&self) -> Result<kube::Client> {
        self.access.client()
    }

    /// Runs a future on the cluster's runtime. Not from inside another future.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.access.block_on(future)
    }

    /// What kubectl prints, as the administrator.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.access.kubectl(arguments, "")
    }

    /// What `kubectl get` prints of these objects for a JSONPath, such as `{.status.podIP}`.
    pub fn json_path(&self, objects: &[&str], path: &str) -> Result<String> {
        self.kubectl(&[&["get"], objects, &["-o", &format!("jsonpath={path}")]].concat())
    }

    /// The same if it must be an address.
    pub fn address<A: FromStr<Err: Error + Send + Sync + 'static>>(&self, objects: &[&str], path: &str) -> Result<A> {
        let said = self.json_path(objects, path)?;
        said.trim().parse().with_context(|| format!("{objects:?}: no address: {said:?}"))
    }

    /// Applies objects server-side, and forces conflicts. Objects without a namespace go to `default`.
    pub fn apply(&self, yaml: &str) -> Result<()> {
        self.access.kubectl(&["apply", "--server-side", "--force-conflicts", "--filename=-"], yaml).map(drop)
    }

    /// Deletes objects and waits until they are gone.
    pub fn delete(&self, yaml: &str) -> Result<()> {
        self.access.kubectl(&["delete", "--ignore-not-found", "--filename=-"], yaml).map(drop)
    }

    /// Applies objects with a server-side dry run.
    pub fn apply_dry(&self, yaml: &str) -> Result<()> {
        let words = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--filename=-"];
        self.access.kubectl(&words, yaml).map(drop)
    }

    /// A Kubernetes namespace for one test, deleted with its content when dropped.
    pub fn namespace(&self) -> Result<Namespace<'_>> {
        Namespace::new(self, Turn::Shared(self.turns.read_recursive()))
    }

    /// The same for a test that stops daemons: no other test has a namespace at that time.
    pub fn namespace_alone(&self) -> Result<Namespace<'_>> {
        Namespace::new(self, Turn::Alone(self.turns.write()))
    }

    /// Watches one object until the condition is met, and returns it. An error contains its last state.
    pub fn wait_for<K>(&self, api: &Api<K>, name: &str, condition: impl Condition<K>) -> Result<Option<K>>
    where
        K: kube::Resource + Clone + Debug + DeserializeOwned + Serialize + Send + 'static,
    {
        self.block_on(async {
            match tokio::time::timeout(PATIENCE, await_condition(api.clone(), name, condition)).await {
                Ok(found) => Ok(found?),
                Err(_) => {
                    let object = serde_json::to_string_pretty(&api.get_opt(name).await?)?;
                    Err(anyhow!("{name} is not as it should be after {} s: {object}", PATIENCE.as_secs()))
                }
            }
        })
    }

    /// A node, for programs in its namespaces and for its daemons.
    pub fn node(&self, name: &str) -> Result<Place> {
        ensure!(NODES.contains(&name), "no node {name}: there are {NODES:?}");
        Ok(Place::new(&self.layout, name))
    }

    /// The namespaces of `etcd`, `kube-apiserver`, `kube-controller-manager` and `kube-scheduler`.
    pub fn control_plane(&self) -> Place {
        Place::new(&self.layout, control_plane::NAME)
    }

    /// Imports the images of a docker-archive on both nodes.
    pub fn load_image(&self, archive: &Path) -> Result<()> {
        NODES.iter().try_for_each(|node| images::import(&Place::new(&self.layout, node), archive))
    }

    /// Imports the image of a program of this workspace on both nodes, once; returns its name.
    pub fn load_program(&self, program: &str) -> Result<String> {
        let name = images::name_of(program);
        let mut loaded = self.loaded.lock();
        if !loaded.contains(&name) {
            self.load_file(&binaries::find(program)?, &name)?;
            loaded.insert(name.clone());
        }
        Ok(name)
    }

    /// Imports the image of any program on both nodes, with its shared libraries.
    pub fn load_file(&self, program: &Path, name: &str) -> Result<()> {
        let directory = janitor::temporary_directory("image")?;
        let archive = directory.path().join("image.tar");
        images::archive(program, &archive, name)?;
        self.load_image(&archive)
    }

    /// Requests that the API server has answered or is answering, each once: LIST and WATCH of all clients, and changes
    /// by service accounts.
    pub fn audit(&self) -> Result<Vec<Request>> {
        audit::read(&self.layout.audit_log())
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// Starts a program of this machine.
pub fn start_here(name: &str, line: &[String]) -> Result<Process> {
    Process::start(&Netns::of_this_thread()?, name, &line.iter().map(String::as_str).collect::<Vec<_>>())
}
