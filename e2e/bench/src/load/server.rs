//! Serves until killed.

use super::{DISCARD, ECHO, MESSAGE, enter, listen, pin};
use anyhow::Result;
use clap::Args;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
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
        let listen = |port| listen((Ipv4Addr::UNSPECIFIED, port + offset).into(), BACKLOG);
        let (echo, discard) = (listen(ECHO)?, listen(DISCARD)?);
        threads.push(thread::spawn(move || serve(&echo, (!loose).then_some(cpu), answer)));
        threads.push(thread::spawn(move || serve(&discard, (!loose).then_some(cpu), swallow)));
    }
    println!("ready");
    for thread in threads {
        thread.join().expect("a serving thread")?;
    }
    Ok(())
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
