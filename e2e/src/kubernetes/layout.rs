//! Where the cluster's files are, and who has which address.

use anyhow::{Context, Result};
use std::env;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// The control plane, and the bridge that every node is on.
pub const CONTROL_PLANE: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
/// The machine's own address on that bridge.
pub const MACHINE: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 254);
pub const SERVICES: &str = "10.96.0.0/16";
pub const NODES: [&str; 2] = ["n1", "n2"];

/// A node's `InternalIP`.
#[must_use]
pub fn address(node: &str) -> Ipv4Addr {
    Ipv4Addr::new(10, 99, 0, 10 + number(node))
}

/// The range of a node's pods.
#[must_use]
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

    /// What lives as long as the cluster.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.cache.join("cluster/run")
    }

    /// What every daemon said; stays until the next cluster starts.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.cache.join("cluster/logs")
    }

    /// The API server's audit log: one JSON object a line.
    #[must_use]
    pub fn audit_log(&self) -> PathBuf {
        self.logs().join("audit.jsonl")
    }

    #[must_use]
    pub fn certificates(&self) -> PathBuf {
        self.run().join("certificates")
    }

    #[must_use]
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.run().join(format!("{user}.kubeconfig"))
    }

    /// A directory of the node's own, for what is at usual places inside it.
    #[must_use]
    pub fn node(&self, node: &str) -> PathBuf {
        self.run().join(node)
    }

    /// What `e2e/cluster/build` made for the running cluster.
    #[must_use]
    pub fn built(&self) -> PathBuf {
        self.run().join("built")
    }

    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.built().join("bin").join(name)
    }

    /// Is there while a cluster that stays up by itself is up.
    #[must_use]
    pub fn ready(&self) -> PathBuf {
        self.run().join("ready")
    }

    /// A program of Prometheus, as .ci/deps unpacks them.
    #[must_use]
    pub fn prometheus(&self, name: &str) -> PathBuf {
        self.cache.join("tools/prometheus/usr/bin").join(name)
    }

    /// CNI plugins, as .ci/deps unpacks them.
    #[must_use]
    pub fn cni(&self) -> PathBuf {
        self.cache.join("tools/containernetworking-plugins/usr/lib/cni")
    }

    /// A search path with containerd and runc, as .ci/deps unpacks them.
    #[must_use]
    pub fn search_path(&self) -> String {
        let tools = self.cache.join("tools");
        let [containerd, runc] = ["containerd/usr/bin", "runc/usr/sbin"].map(|path| tools.join(path));
        let inherited = env::var("PATH").unwrap_or_default();
        format!("{}:{}:{inherited}:/usr/sbin:/sbin", containerd.display(), runc.display())
    }
}

/// Scripts of this folder of the checkout that the test executable was built from.
#[must_use]
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster").join(name)
}

/// A path as an argument of a program.
pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is no UTF-8", path.display()))
}
