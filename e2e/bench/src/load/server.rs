//! Serves until killed.

use super::{DISCARD, ECHO, MESSAGE, enter, pin};
use anyhow::Result;
use clap::Args;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

/// Fits the connections of one second of the fastest client.
const BACKLOG: i32 = 4096;

#[derive(Args, Debug)]
pub struct ServerArguments {
    /// Directory of the cgroup to enter.
    #[arg(long)]
    cgroup: PathBuf,
    /// Threads, each on a CPU of its own.
    #[arg(long)]
    threads: usize,
    /// Leave the threads to the scheduler, and let each connection have one.
    #[arg(long)]
    loose: bool,
}

/// Prints `ready` when it listens.
pub fn server(arguments: &ServerArguments) -> Result<()> {
    enter(&arguments.cgroup)?;
    let loose = arguments.loose;
    let mut threads = Vec::new();
    for (cpu, offset) in (0..arguments.threads).zip(0..) {
        let (echo, discard) = (listen(ECHO + offset)?, listen(DISCARD + offset)?);
        threads.push(thread::spawn(move || serve(&echo, (!loose).then_some(cpu), answer)));
        threads.push(thread::spawn(move || serve(&discard, (!loose).then_some(cpu), swallow)));
    }
    println!("ready");
    for thread in threads {
        thread.join().expect("a serving thread")?;
    }
    Ok(())
}

fn listen(port: u16) -> Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// One connection after the other on a CPU, or each in its own thread.
fn serve(listener: &TcpListener, cpu: Option<usize>, each: fn(TcpStream)) -> Result<()> {
    if let Some(cpu) = cpu {
        pin(cpu)?;
    }
    for connection in listener.incoming() {
        match cpu {
            Some(_) => each(connection?),
            None => drop(thread::spawn({
                let connection = connection?;
                move || each(connection)
            })),
        }
    }
    Ok(())
}

fn answer(mut connection: TcpStream) {
    let mut message = [0; MESSAGE];
    let _ = connection.set_nodelay(true);
    // A client ends the connection when it is done, by FIN or RST.
    while connection.read_exact(&mut message).is_ok() && connection.write_all(&message).is_ok() {}
}

fn swallow(mut connection: TcpStream) {
    let mut buffer = vec![0; 256 << 10];
    while connection.read(&mut buffer).is_ok_and(|read| read > 0) {}
}
