//! Unauthorized clients of the control port: incomplete handshakes and bogus tokens.

use super::{Control, PATIENCE, address_of, milliseconds, node_name, probe_pod};
use anyhow::{Result, ensure};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

const NODES: u8 = 8;
/// Incomplete connections a second.
const RATE: u64 = 1_000;
/// Within this probes are admitted, unless the machine stalls.
const SOON: Duration = Duration::from_secs(5);
/// Clients with bogus tokens, each with its own address.
const CALLERS: u8 = 12;
/// Bogus tokens between the admissions of two probes.
const BETWEEN: u64 = 150;
/// TokenReviews for unknown tokens: burst, and rate a second.
const STRANGE_BURST: u64 = 40;
const STRANGE_RATE: u64 = 20;

/// Interval between groups of connections.
const TICK: Duration = Duration::from_millis(10);

/// Connections at a steady rate, held open until the peer ends them: half send nothing, half send half a ClientHello.
struct HalfOpen {
    stop: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    tasks: JoinSet<()>,
}

impl HalfOpen {
    /// Connects from these sources in turn, `rate` times a second in total.
    fn start(to: SocketAddr, sources: Vec<IpAddr>, rate: u64) -> Self {
        let (stop, made) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (mut tasks, ended, count) = (JoinSet::new(), Arc::clone(&stop), Arc::clone(&made));
        tasks.spawn(async move {
            let (mut held, mut tick) = (JoinSet::new(), interval(TICK));
            for source in sources.into_iter().cycle() {
                if ended.load(Relaxed) {
                    return;
                }
                let number = count.fetch_add(1, Relaxed);
                if number % (rate / 100) == 0 {
                    tick.tick().await;
                    while held.try_join_next().is_some() {}
                }
                held.spawn(hold(source, to, number % 2 == 0));
            }
        });
        Self { stop, made, tasks }
    }

    /// Number of connections made.
    fn made(&self) -> u64 {
        self.made.load(Relaxed)
    }

    /// The same at the end.
    async fn end(self) -> u64 {
        self.stop.store(true, Relaxed);
        self.tasks.join_all().await;
        self.made.load(Relaxed)
    }
}

/// Errors are ignored, because the operator may refuse at any point.
async fn hold(from: IpAddr, to: SocketAddr, speaks: bool) {
    let Ok(mut stream) = connect(from, to).await else { return };
    if speaks {
        // The beginning of a ClientHello that does not continue.
        let _ = stream.try_write(&[22, 3, 1, 2, 0, 1, 0]);
    }
    let _ = stream.read(&mut [0; 64]).await;
}

async fn connect(from: IpAddr, to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    Ok(socket.connect(to).await?)
}

fn beside(attack: &'static str, sources: Vec<IpAddr>) -> Result<()> {
    let control = Control::start(attack, NODES)?;
    let (admissions, edit, made) = control.block_on(async {
        let half_open = HalfOpen::start(control.address(), sources, RATE);
        // Within a second all places are taken.
        let is_due = |node: u8| half_open.made() >= RATE + 200 * u64::from(node);
        let (mut streams, admissions) = control.admissions(NODES, is_due).await?;
        // Admitted streams are served.
        let edit = control.edit(&mut streams[0], 1, "late").await?;
        Ok((admissions, edit, half_open.end().await))
    })?;
    let (typical, attempts, reviews) = (admissions.typical(), admissions.attempts(), control.api.reviews());
    ensure!(typical < SOON, "probes were admitted after {typical:?} only");
    ensure!((u64::from(NODES)..=attempts).contains(&reviews), "{reviews} TokenReviews of {attempts} attempts");
    control.end(&[
        ("admission_ms", milliseconds(admissions.longest())),
        ("edit_ms", milliseconds(edit)),
        ("connections", made as f64),
    ])
}

#[test]
fn probes_are_admitted_beside_one_source_that_holds_handshakes_open() -> Result<()> {
    beside("half_open_source", vec![Ipv4Addr::new(127, 0, 2, 1).into()])
}

#[test]
fn probes_are_admitted_beside_many_sources_that_hold_handshakes_open() -> Result<()> {
    beside("half_open_sources", (0..=255).map(|last| Ipv4Addr::new(127, 0, 2, last).into()).collect())
}

/// A pod whose packets are masqueraded has its node's address.
#[test]
fn probes_are_admitted_beside_their_own_nodes_addresses_that_hold_handshakes_open() -> Result<()> {
    beside("half_open_nodes", vec![address_of(1), address_of(2)])
}

/// Repeats until `stop`, with tokens of which every second one leads to a TokenReview.
async fn call(control: &Control, caller: u8, stop: &AtomicBool, calls: &AtomicU64) -> Result<()> {
    let from = Ipv4Addr::new(127, 0, 3, caller).into();
    let good = control.api.token(&probe_pod(1))?;
    let forged = good.rsplit_once('.').map_or_else(String::new, |(body, _)| format!("{body}.{caller:043}"));
    while !stop.load(Relaxed) {
        let strange = control.api.strange_token(&probe_pod(1), calls.load(Relaxed) << 8 | u64::from(caller))?;
        for token in [&forged, &strange] {
            let admitted = match control.stream(&node_name(1), from, token).await {
                Ok(mut stream) => stream.next().await.is_ok(),
                Err(_) => false,
            };
            ensure!(!admitted, "a bogus token is let in");
            calls.fetch_add(1, Relaxed);
        }
    }
    Ok(())
}

#[test]
fn bogus_tokens_keep_no_probe_out_and_cost_the_api_server_little() -> Result<()> {
    let control = Control::start("bogus_tokens", NODES)?;
    let (stop, calls, begun) = (AtomicBool::new(false), AtomicU64::new(0), Instant::now());
    let admissions = control.block_on(async {
        let bogus = futures::future::try_join_all((0..CALLERS).map(|caller| call(&control, caller, &stop, &calls)));
        let probes = async {
            let is_due = |node: u8| calls.load(Relaxed) >= BETWEEN * u64::from(node);
            let admitted = control.admissions(NODES, is_due).await?;
            stop.store(true, Relaxed);
            Ok(admitted)
        };
        let ((_, admissions), _) = timeout(2 * PATIENCE, futures::future::try_join(probes, bogus)).await??;
        Ok(admissions)
    })?;
    let typical = admissions.typical();
    ensure!(typical < SOON, "probes were admitted after {typical:?} only");
    let (reviews, calls) = (control.api.reviews(), calls.load(Relaxed));
    let most = admissions.attempts() + STRANGE_BURST + STRANGE_RATE * (begun.elapsed().as_secs() + 1);
    ensure!(reviews <= most, "{reviews} TokenReviews for {calls} bogus tokens, where {most} are the most");
    control.end(&[
        ("admission_ms", milliseconds(admissions.longest())),
        ("bogus_tokens", calls as f64),
        ("token_reviews", reviews as f64),
    ])
}
