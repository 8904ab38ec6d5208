//! `longwire-traffic`: one end of a connection in a process of its own, inside a pod's cgroup. Also the janitor.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use longwire_testkit::janitor;
use longwire_testkit::traffic;
use nix::errno::Errno;
use socket2::{Domain, Socket, Type};
use std::fs;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

#[derive(Parser)]
struct Arguments {
    /// Directory of the cgroup to enter before the first socket is made.
    #[arg(long)]
    cgroup: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Accept connections one after the other: read each to its end, then answer.
    Serve {
        address: SocketAddr,
        /// Bytes to answer with.
        #[arg(long, default_value_t = 0)]
        reply: u64,
    },
    /// Connect, send, shut down, read to the end.
    Send {
        address: SocketAddr,
        bytes: u64,
        /// How often, one after the other.
        #[arg(long, default_value_t = 1)]
        times: u32,
        /// The address to speak from, where the machine would choose another one.
        #[arg(long)]
        from: Option<IpAddr>,
    },
    /// The same again and again until killed; what fails is said, and tried again.
    Talk {
        address: SocketAddr,
        bytes: u64,
        /// Milliseconds between two connections.
        #[arg(long)]
        pace: u64,
    },
    /// Start to connect so often at once, wait for no answer, and hold it all until killed.
    Flood { address: SocketAddr, connections: u32 },
    /// Listen, connect to it so often, and hold both ends of it all until killed.
    Hold { address: SocketAddr, connections: u32 },
    /// Connect once to each of so many ports of which none listens.
    Knock { address: IpAddr, ports: u16 },
    /// Listen, connect to it once from a cgroup of each of so many pods below a directory, and hold it all until killed.
    Crowd { address: SocketAddr, directory: PathBuf, pods: u32 },
    /// Wait for the end of standard input, then remove what a process of tests has left.
    SweepAfter { process: u32 },
}

fn main() -> Result<()> {
    let Arguments { cgroup, command } = Arguments::parse();
    if let Some(cgroup) = cgroup {
        enter(&cgroup)?;
    }
    match command {
        Command::Serve { address, reply } => serve(address, reply),
        Command::Send { address, bytes, times, from } => (0..times).try_for_each(|_| send(address, bytes, from)),
        Command::Talk { address, bytes, pace } => loop {
            if let Err(error) = send(address, bytes, None) {
                eprintln!("{error:#}");
            }
            thread::sleep(Duration::from_millis(pace));
        },
        Command::Flood { address, connections } => flood(address, connections),
        Command::Hold { address, connections } => hold(address, connections),
        Command::Knock { address, ports } => knock(address, ports),
        Command::Crowd { address, directory, pods } => crowd(address, &directory, pods),
        Command::SweepAfter { process } => janitor::sweep_after(process),
    }
}

fn enter(cgroup: &Path) -> Result<()> {
    let path = cgroup.join("cgroup.procs");
    fs::write(&path, std::process::id().to_string()).with_context(|| format!("enter {}", path.display()))
}

fn serve(address: SocketAddr, reply: u64) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    println!("listening on {address}");
    for connection in listener.incoming() {
        let connection = connection?;
        let received = traffic::drain(&connection)?;
        traffic::send(&connection, reply)?;
        println!("received {received}, sent {reply}");
    }
    Ok(())
}

fn send(address: SocketAddr, bytes: u64, from: Option<IpAddr>) -> Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if let Some(from) = from {
        socket.bind(&SocketAddr::from((from, 0)).into())?;
    }
    socket.connect(&address.into())?;
    let connection = TcpStream::from(socket);
    traffic::send(&connection, bytes)?;
    connection.shutdown(Shutdown::Write)?;
    let received = traffic::drain(&connection)?;
    println!("sent {bytes}, received {received}");
    Ok(())
}

fn flood(address: SocketAddr, connections: u32) -> Result<()> {
    let connect = |_| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&address.into()) {
            Err(error) if error.raw_os_error() == Some(Errno::EINPROGRESS as i32) => Ok(socket),
            Err(error) => Err(error).with_context(|| format!("connect to {address}")),
            Ok(()) => bail!("{address} has answered"),
        }
    };
    let _held = (0..connections).map(connect).collect::<Result<Vec<_>>>()?;
    println!("flooding {address} with {connections}");
    wait_to_be_killed()
}

fn hold(address: SocketAddr, connections: u32) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    let pair = |_| anyhow::Ok((TcpStream::connect(address)?, listener.accept()?));
    let _held = (0..connections).map(pair).collect::<Result<Vec<_>>>()?;
    println!("holding {connections} to {address}");
    wait_to_be_killed()
}

fn knock(address: IpAddr, ports: u16) -> Result<()> {
    for port in 1..=ports {
        match TcpStream::connect((address, port)) {
            Err(error) if error.raw_os_error() == Some(Errno::ECONNREFUSED as i32) => {}
            Err(error) => return Err(error).with_context(|| format!("connect to {address}, port {port}")),
            Ok(_) => bail!("port {port} of {address} has answered"),
        }
    }
    println!("knocked at {ports}");
    Ok(())
}

fn crowd(address: SocketAddr, directory: &Path, pods: u32) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    let connect = |number: u32| {
        let pod = directory.join(format!("pod{number:08x}-0000-4000-8000-000000000000"));
        fs::create_dir_all(&pod).with_context(|| format!("make cgroup {}", pod.display()))?;
        enter(&pod)?;
        anyhow::Ok((TcpStream::connect(address)?, listener.accept()?))
    };
    let _held = (0..pods).map(connect).collect::<Result<Vec<_>>>()?;
    println!("a crowd of {pods}");
    wait_to_be_killed()
}

fn wait_to_be_killed() -> ! {
    loop {
        thread::park();
    }
}
