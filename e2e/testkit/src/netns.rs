//! A network namespace that only this process holds: the kernel removes it however the process ends.

use anyhow::{Context, Result, anyhow};
use nix::sched::{CloneFlags, setns, unshare};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::thread;

/// Without a name in /run/netns, which would be left behind.
#[derive(Clone, Debug)]
pub struct Netns {
    handle: Arc<File>,
}

impl Netns {
    /// A new namespace with its loopback up.
    pub fn new() -> Result<Self> {
        // In a thread of its own, because unshare changes the calling thread for good.
        let opened = thread::spawn(|| -> Result<File> {
            unshare(CloneFlags::CLONE_NEWNET).context("create a network namespace: the end-to-end tests need root")?;
            Ok(File::open("/proc/thread-self/ns/net")?)
        });
        let handle = opened.join().map_err(|_| anyhow!("the thread that makes a namespace panicked"))??;
        let netns = Self { handle: Arc::new(handle) };
        netns.ip("link set lo up")?;
        Ok(netns)
    }

    /// The caller's namespace, mostly the machine's.
    pub fn of_this_thread() -> Result<Self> {
        Ok(Self { handle: Arc::new(File::open("/proc/thread-self/ns/net")?) })
    }

    pub fn of_process(process: u32) -> Result<Self> {
        let path = format!("/proc/{process}/ns/net");
        Ok(Self { handle: Arc::new(File::open(&path).with_context(|| path)?) })
    }

    /// Runs `job` inside the namespace, in a thread of its own. Sockets that it makes stay in the namespace.
    pub fn run<T: Send>(&self, job: impl FnOnce() -> T + Send) -> T {
        let inside = move || {
            setns(&self.handle, CloneFlags::CLONE_NEWNET).expect("enter a network namespace");
            job()
        };
        thread::scope(|scope| scope.spawn(inside).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// One or more lines of iproute2's batch language.
    pub fn ip(&self, script: &str) -> Result<()> {
        self.run(|| crate::command::feed("ip", &["-batch", "-"], script.as_bytes()))
            .with_context(|| format!("ip -batch:\n{script}"))
            .map(drop)
    }

    pub fn command(&self, program: &str, arguments: &[&str]) -> Result<String> {
        self.run(|| crate::command::run(program, arguments))
    }

    /// Disables offloads of a link, so that each packet is one segment.
    pub fn send_single_segments(&self, link: &str) -> Result<()> {
        self.command("ethtool", &["-K", link, "tso", "off", "gso", "off", "gro", "off"]).map(drop)
    }

    /// `net.*` of this namespace only, because /proc/sys/net depends on the thread that opens it.
    pub fn sysctl(&self, path: &str, value: &str) -> Result<()> {
        self.run(|| std::fs::write(format!("/proc/sys/net/{path}"), value))
            .with_context(|| format!("set net/{path} to {value}"))
    }

    /// A path by which other processes can open the namespace.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.handle.as_raw_fd())
    }

    pub fn inode(&self) -> Result<u64> {
        Ok(self.handle.metadata()?.ino())
    }

    pub(crate) fn enter(&self) -> Result<()> {
        Ok(setns(&self.handle, CloneFlags::CLONE_NEWNET)?)
    }
}
