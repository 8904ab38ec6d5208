//! Generates one kind of traffic for a while and reports how much.

use super::latency::Latencies;
use super::{DISCARD, ECHO, MESSAGE, enter, pin};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Load {
    /// Connect, request, answer, close; a pair of threads a CPU.
    Crr,
    /// Requests and answers on one connection a CPU.
    Rr,
    /// One stream, from the first CPU to the last.
    Bulk,
    /// Requests and answers on four connections that the scheduler places.
    Tail,
}

#[derive(Args, Debug)]
pub struct ClientArguments {
    load: Load,
    server: IpAddr,
    /// Directory of the cgroup to enter.
    #[arg(long)]
    cgroup: PathBuf,
    #[arg(long)]
    seconds: f64,
    /// CPUs to use.
    #[arg(long)]
    threads: usize,
}

/// A client's report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Connections, requests or bytes.
    pub(crate) count: f64,
    /// Seconds that it took.
    pub(crate) seconds: f64,
    /// Processor time of the client's process.
    pub(crate) processor: f64,
    /// Of a request, microseconds; 0 where there are none.
    pub(crate) p999: f64,
}

impl Outcome {
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let said: Value = serde_json::from_str(line).with_context(|| format!("the client said {line:?}"))?;
        let field = |name: &str| said[name].as_f64().with_context(|| format!("no {name} in {line:?}"));
        let (count, seconds) = (field("count")?, field("seconds")?);
        Ok(Self { count, seconds, processor: field("processor")?, p999: field("p999")? })
    }
}

/// One thread's part.
struct Share {
    count: u64,
    latencies: Latencies,
}

/// Prints one line of JSON at the end.
pub fn client(arguments: &ClientArguments) -> Result<()> {
    enter(&arguments.cgroup)?;
    let ClientArguments { load, server, seconds, threads, .. } = *arguments;
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let shares = match load {
        Load::Crr => each_cpu(threads, |cpu, port| connect_request_close((server, ECHO + port).into(), cpu, end))?,
        Load::Rr => each_cpu(threads, |cpu, port| requests((server, ECHO + port).into(), Some(cpu), end))?,
        Load::Tail => each_cpu(4, |_, _| requests((server, ECHO).into(), None, end))?,
        Load::Bulk => {
            let last = u16::try_from(threads - 1)?;
            vec![stream((server, DISCARD + last).into(), end)?]
        }
    };
    let elapsed = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let processor = (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6;
    let mut latencies = Latencies::new();
    shares.iter().for_each(|share| latencies.add(&share.latencies));
    let count: u64 = shares.iter().map(|share| share.count).sum();
    let p999 = latencies.quantile(0.999) as f64 / 1e3;
    println!("{}", json!({ "count": count, "seconds": elapsed, "processor": processor, "p999": p999 }));
    Ok(())
}

fn each_cpu(threads: usize, job: impl Fn(usize, u16) -> Result<Share> + Sync) -> Result<Vec<Share>> {
    let job = &job;
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).zip(0..).map(|(cpu, port)| scope.spawn(move || job(cpu, port))).collect();
        running.into_iter().map(|thread| thread.join().expect("a client's thread")).collect()
    })
}

fn connect_request_close(server: SocketAddr, cpu: usize, end: Instant) -> Result<Share> {
    pin(cpu)?;
    let mut share = Share { count: 0, latencies: Latencies::new() };
    while Instant::now() < end {
        let mut connection = TcpStream::connect(server).with_context(|| format!("connection {}", share.count))?;
        exchange(&mut connection)?;
        share.count += 1;
    }
    Ok(share)
}

fn requests(server: SocketAddr, cpu: Option<usize>, end: Instant) -> Result<Share> {
    if let Some(cpu) = cpu {
        pin(cpu)?;
    }
    let mut connection = TcpStream::connect(server)?;
    connection.set_nodelay(true)?;
    let (mut share, mut before) = (Share { count: 0, latencies: Latencies::new() }, Instant::now());
    while before < end {
        exchange(&mut connection)?;
        let now = Instant::now();
        share.latencies.observe(u64::try_from((now - before).as_nanos())?);
        share.count += 1;
        before = now;
    }
    Ok(share)
}

fn exchange(connection: &mut TcpStream) -> Result<()> {
    let mut message = [1; MESSAGE];
    connection.write_all(&message)?;
    Ok(connection.read_exact(&mut message)?)
}

/// Counts bytes that the server has read to the end.
fn stream(server: SocketAddr, end: Instant) -> Result<Share> {
    pin(0)?;
    let mut connection = TcpStream::connect(server)?;
    let (chunk, mut count) = (vec![1; 128 << 10], 0);
    while Instant::now() < end {
        connection.write_all(&chunk)?;
        count += chunk.len() as u64;
    }
    connection.shutdown(Shutdown::Write)?;
    if connection.read(&mut [0])? != 0 {
        bail!("the server answered a stream");
    }
    Ok(Share { count, latencies: Latencies::new() })
}
