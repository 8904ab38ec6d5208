//! A child process in a namespace, with its whole output recorded. It cannot outlive its parent.

use crate::netns::Netns;
use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parking_lot::Mutex;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Lines of the log in an error.
const SHOWN: usize = 60;

#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts `command` inside `netns`; it is killed when this process ends.
    pub fn start(netns: &Netns, name: &str, command: &[&str]) -> Result<Self> {
        let (reply, answer) = mpsc::channel();
        let mut line = vec!["--pdeathsig".to_owned(), "KILL".to_owned()];
        line.extend(command.iter().map(|&word| word.to_owned()));
        NURSERY.send(Birth { netns: netns.clone(), line, reply }).map_err(|_| anyhow!("the nursery is gone"))?;
        let mut child = answer.recv()?.with_context(|| format!("start {name}"))?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let readers = vec![keep(child.stdout.take(), &log), keep(child.stderr.take(), &log)];
        Ok(Self { name: name.to_owned(), child, log, readers })
    }

    /// All lines so far, of both outputs.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().clone()
    }

    /// The end of the log, for an error.
    pub fn last_words(&self) -> String {
        let log = self.log();
        let tail = &log[log.len().saturating_sub(SHOWN)..];
        format!("--- {} said ---\n{}", self.name, tail.join("\n"))
    }

    /// What each of its threads does: name, state, ticks of CPU time in user space and kernel, kernel stack.
    #[must_use]
    pub fn threads(&self) -> String {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id())).into_iter().flatten().flatten();
        let of = |task: fs::DirEntry| {
            let read = |file| fs::read_to_string(task.path().join(file)).unwrap_or_default();
            let stat = read("stat");
            let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let [state, user, kernel] = [0, 11, 12].map(|at| fields.get(at).copied().unwrap_or_default());
            format!("{} {state} {user} {kernel}\n{}", read("comm").trim(), read("stack"))
        };
        tasks.map(of).collect()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(self.child.id().try_into()?), signal)?)
    }

    /// Waits for a line that contains `text`.
    pub fn await_line(&self, text: &str, patience: Duration) -> Result<String> {
        crate::wait::eventually(patience, || {
            let found = self.log().into_iter().find(|line| line.contains(text));
            found.with_context(|| format!("no line contains {text:?}\n{}", self.last_words()))
        })
    }

    /// Waits until the process exits by itself, without an error.
    pub fn succeed(&mut self, patience: Duration) -> Result<()> {
        let status = self.await_exit(patience)?;
        confirm!(status.success(), "{status}\n{}", self.last_words())
    }

    /// Waits until the process exits by itself, with an error. Returns the end of its log.
    pub fn fail(&mut self, patience: Duration) -> Result<String> {
        let status = self.await_exit(patience)?;
        ensure!(!status.success(), "{status}\n{}", self.last_words());
        Ok(self.last_words())
    }

    /// Waits until the process exits by itself; its log is complete then.
    pub fn await_exit(&mut self, patience: Duration) -> Result<ExitStatus> {
        let ended = crate::wait::eventually(patience, || self.child.try_wait()?.context("still running"));
        let status = ended.with_context(|| self.last_words())?;
        for reader in self.readers.drain(..) {
            reader.join().map_err(|_| anyhow!("a reader of the log panicked"))?;
        }
        Ok(status)
    }

    /// Fails with its log if the process has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}\n{}", self.name, self.last_words()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails if the process is gone already, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Birth {
    netns: Netns,
    line: Vec<String>,
    reply: mpsc::Sender<Result<Child>>,
}

/// A thread that never ends, because the parent-death signal depends on the thread that forked.
static NURSERY: LazyLock<mpsc::Sender<Birth>> = LazyLock::new(|| {
    let (sender, births) = mpsc::channel::<Birth>();
    thread::spawn(move || {
        for Birth { netns, line, reply } in births {
            // The caller may have given up.
            let _ = reply.send(spawn(&netns, &line));
        }
    });
    sender
});

fn spawn(netns: &Netns, line: &[String]) -> Result<Child> {
    netns.enter()?;
    Ok(Command::new("setpriv")
        .args(line)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C reaches only the parent, which ends its children in order.
        .process_group(0)
        .spawn()?)
}

fn keep(pipe: Option<impl Read + Send + 'static>, log: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).lines()).map_while(Result::ok) {
            log.lock().push(line);
        }
    })
}

/// Resident memory of a process, bytes.
pub fn resident(id: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0)
}
