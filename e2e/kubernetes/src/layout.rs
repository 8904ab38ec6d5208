//! Files and addresses of the cluster.

use anyhow::{Context, Result};
use std::env;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// The control plane, at the bridge of all nodes.
pub const CONTROL_PLANE: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
/// The machine's own address at that bridge.
pub const MACHINE: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 254);
pub const SERVICES: &str = "10.96.0.0/16";
pub const NODES: [&str; 2] = ["n1", "n2"];

/// A node's `InternalIP`.
pub fn address(node: &str) -> Ipv4Addr {
    Ipv4Addr::new(10, 99, 0, 10 + number(node))
}

/// The range of a node's pods.
pub fn pods(node: &str) -> String {
    format!("10.244.{}.0/24", number(node))
}

fn number(node: &str) -> u8 {
    NODES.iter().zip(1..).find_map(|(known, number)| (*known == node).then_some(number)).unwrap_or_default()
}

/// Paths below `${XDG_CACHE_HOME:-$HOME/.cache}/longwire`.
#[derive(Clone, Debug)]
pub struct Layout {
    cache: PathBuf,
}

impl Layout {
    pub fn new() -> Result<Self> {
        let cache = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
        let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
        let cache = cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?;
        Ok(Self { cache: cache.join("longwire") })
    }

    /// Files that live as long as the cluster.
    pub fn run(&self) -> PathBuf {
        self.cache.join("cluster/run")
    }

    /// Logs of all daemons; kept until the next cluster starts.
    pub fn logs(&self) -> PathBuf {
        self.cache.join("cluster/logs")
    }

    /// The API server's audit log: one JSON object a line.
    pub fn audit_log(&self) -> PathBuf {
        self.logs().join("audit.jsonl")
    }

    pub fn certificates(&self) -> PathBuf {
        self.run().join("certificates")
    }

    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.run().join(format!("{user}.kubeconfig"))
    }

    /// A node's directory of files that are mounted at their usual places.
    pub fn node(&self, node: &str) -> PathBuf {
        self.run().join(node)
    }

    /// Output of `e2e/cluster/build` for the running cluster.
    pub fn built(&self) -> PathBuf {
        self.run().join("built")
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.built().join("bin").join(name)
    }

    /// Exists while a detached cluster is up.
    pub fn ready(&self) -> PathBuf {
        self.run().join("ready")
    }

    /// A program of Prometheus, unpacked by .ci/deps.
    pub fn prometheus(&self, name: &str) -> PathBuf {
        self.cache.join("tools/prometheus/usr/bin").join(name)
    }

    /// CNI plugins, unpacked by .ci/deps.
    pub fn cni(&self) -> PathBuf {
        self.cache.join("tools/containernetworking-plugins/usr/lib/cni")
    }

    /// A PATH with containerd and runc, unpacked by .ci/deps.
    pub fn search_path(&self) -> String {
        let tools = self.cache.join("tools");
        let [containerd, runc] = ["containerd/usr/bin", "runc/usr/sbin"].map(|path| tools.join(path));
        let inherited = env::var("PATH").unwrap_or_default();
        format!("{}:{}:{inherited}:/usr/sbin:/sbin", containerd.display(), runc.display())
    }
}

/// Scripts of this folder in the checkout of the test executable.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster").join(name)
}

/// A path as an argument of a program.
pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is no UTF-8", path.display()))
}
