//! The programs of Bookinfo, reduced to their connections.

use super::bookinfo::Bookinfo;
use super::ledger::{Counter, Ledger, Pair, Server};
use super::stage::Stage;
use super::wire::{End, Message};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Counts, Crew, Pod, Truth};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

const HTTP: u16 = 9080;
const ADMIN: u16 = 9081;
const MONGO: u16 = 27017;
/// Connections that ratings keeps to its database.
const POOL: u32 = 4;

/// All running programs.
#[derive(Debug, Default)]
pub(super) struct Play {
    // Fields are dropped in order: servers end once no client is left.
    clients: Crew,
    servers: Crew,
}

pub(super) fn begin(stage: &Stage, bookinfo: &Bookinfo, ledger: &Arc<Ledger>) -> Result<Play> {
    let mut play = Play::default();
    let address = |service: &str, port: u16| Ok::<_, anyhow::Error>((bookinfo.service(service)?.address, port).into());
    let (reviews, ratings): (SocketAddr, SocketAddr) = (address("reviews", HTTP)?, address("ratings", HTTP)?);
    play.serve(stage.pod("mongodb-v1")?, MONGO, ledger, None)?;
    play.serve(stage.pod("ratings-v2")?, HTTP, ledger, None)?;
    // The first version of reviews shows no stars.
    for (workload, asks) in [("reviews-v1", None), ("reviews-v2", Some(ratings)), ("reviews-v3", Some(ratings))] {
        play.serve(stage.pod(workload)?, HTTP, ledger, asks)?;
    }
    let productpage = stage.pod("productpage-v1")?;
    play.act(productpage, ledger, Duration::from_millis(25), move |pod, ledger, turn| {
        call(pod, reviews, ledger, 180 + turn % 50, 6_000 + turn * 37 % 20_000).map(drop)
    });
    let admin = address("ratings", ADMIN)?;
    play.act(productpage, ledger, Duration::from_secs(3), move |pod, ledger, _| knock(pod, admin, ledger));
    for number in 0..POOL {
        let mongodb = address("mongodb", MONGO)?;
        play.keep(stage.pod("ratings-v2")?, mongodb, ledger, Duration::from_millis(u64::from(20 + 15 * number)));
    }
    Ok(play)
}

impl Play {
    /// Ends all clients, then all servers, so that both ends close all connections.
    pub(super) fn end(self) -> Result<()> {
        self.clients.end()?;
        self.servers.end()
    }

    /// A server that answers each message with as many bytes as it requests, after it has called another server if it
    /// has one.
    fn serve(&mut self, pod: &Pod, port: u16, ledger: &Arc<Ledger>, asks: Option<SocketAddr>) -> Result<()> {
        let listener = pod.listen_on((Ipv4Addr::UNSPECIFIED, port))?;
        // It does not block, so that the server sees the end.
        listener.set_nonblocking(true)?;
        let (pod, ledger) = (pod.clone(), Arc::clone(ledger));
        self.servers.work(move |over| {
            let mut conversations = Crew::default();
            while !over.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let (pod, ledger) = (pod.clone(), Arc::clone(&ledger));
                        conversations.work(move |_| converse(stream, &pod, &ledger, asks));
                        conversations.check()?;
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
                    Err(error) => return Err(error.into()),
                }
            }
            conversations.end()
        });
        Ok(())
    }

    /// Repeats an action with a pause.
    fn act(
        &mut self,
        pod: &Pod,
        ledger: &Arc<Ledger>,
        pause: Duration,
        turn: impl Fn(&Pod, &Ledger, u32) -> Result<()> + Send + 'static,
    ) {
        let (pod, ledger) = (pod.clone(), Arc::clone(ledger));
        self.clients.work(move |over| {
            for number in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                turn(&pod, &ledger, number)?;
                thread::sleep(pause);
            }
            Ok(())
        });
    }

    /// One connection that stays open until the end.
    fn keep(&mut self, pod: &Pod, address: SocketAddr, ledger: &Arc<Ledger>, pause: Duration) {
        let (pod, ledger) = (pod.clone(), Arc::clone(ledger));
        self.clients.work(move |over| {
            let mut end = End::new(pod.connect(address)?)?;
            let mut server = ask(&mut end, &pod, 120, 900)?;
            while !over.load(Ordering::Relaxed) {
                server = ask(&mut end, &pod, 120, 4_000)?;
                thread::sleep(pause);
            }
            close_client(end, &pod, &server, &ledger);
            Ok(())
        });
    }
}

/// Answers until the client closes.
fn converse(stream: TcpStream, pod: &Pod, ledger: &Ledger, asks: Option<SocketAddr>) -> Result<()> {
    let (mut end, mut client) = (End::new(stream)?, String::new());
    while let Some(message) = end.receive()? {
        if let Some(next) = asks {
            call(pod, next, ledger, 90, 700)?;
        }
        end.send(&Message { from: pod.workload.clone(), body: message.asks, asks: 0 })?;
        client = message.from;
    }
    let counted = Truth::whole(end.read, end.written);
    drop(end);
    let pair = Pair { client, server: Server::Workload(pod.workload.clone()) };
    ledger.add(&Counter { pair, is_client: false }, counted.into(), &[]);
    Ok(())
}

/// A short connection: one message, one answer. Returns the server's name.
fn call(pod: &Pod, address: SocketAddr, ledger: &Ledger, body: u32, answer: u32) -> Result<String> {
    let mut end = End::new(pod.connect(address)?)?;
    let server = ask(&mut end, pod, body, answer)?;
    close_client(end, pod, &server, ledger);
    Ok(server)
}

fn ask(end: &mut End, pod: &Pod, body: u32, asks: u32) -> Result<String> {
    end.send(&Message { from: pod.workload.clone(), body, asks })?;
    let answer = end.receive()?.with_context(|| format!("nobody answered {}", pod.workload))?;
    ensure!(answer.body == asks, "{} answered {} bytes instead of {asks}", answer.from, answer.body);
    Ok(answer.from)
}

fn close_client(end: End, pod: &Pod, server: &str, ledger: &Ledger) {
    let counted = Truth::whole(end.written, end.read);
    drop(end);
    let pair = Pair { client: pod.workload.clone(), server: Server::Workload(server.to_owned()) };
    ledger.add(&Counter { pair, is_client: true }, counted.into(), &[]);
}

/// Connects to a closed port; the client does not see which backend refused.
fn knock(pod: &Pod, address: SocketAddr, ledger: &Ledger) -> Result<()> {
    ensure!(pod.connect(address).is_err(), "somebody serves {address}");
    let pair = Pair { client: pod.workload.clone(), server: Server::Service("ratings".to_owned()) };
    ledger.add(&Counter { pair, is_client: true }, Counts { failed: 1, ..Counts::default() }, &[]);
    Ok(())
}
