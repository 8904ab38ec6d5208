//! A thousand bogus calls a second, and the probes meanwhile.

use super::{AUDIENCE, NAME, PROBE, Secured, TIMEOUT, good, node_at, probe_pod};
use crate::api_server::{token, token_by};
use longwire_operator::source::event::Event;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tonic::Code;

/// Its signature is unknown, and its claims name pod `pod`.
fn bogus(pod: &str, number: u64) -> String {
    let good = token(PROBE, pod, AUDIENCE, 600 + i64::try_from(number % 1_000).unwrap());
    let (body, _) = good.rsplit_once('.').unwrap();
    format!("{body}.{number:08}")
}

fn address_of(node: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 1, node).into()
}

async fn connect(from: IpAddr, to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).ok()?;
    socket.connect(to).await.ok()
}

/// Connections at a steady rate, held open until the peer ends them: half are silent, half send half a hello.
struct Attack {
    stop: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    tasks: JoinSet<()>,
}

impl Attack {
    /// From these sources in turn, `rate` a second in all.
    fn start(to: SocketAddr, sources: Vec<IpAddr>, rate: u32) -> Self {
        let (stop, made) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (mut tasks, ended, count) = (JoinSet::new(), Arc::clone(&stop), Arc::clone(&made));
        tasks.spawn(async move {
            let mut held = JoinSet::new();
            let mut tick = tokio::time::interval(Duration::from_millis(10));
            for source in sources.into_iter().cycle() {
                if ended.load(Relaxed) {
                    return;
                }
                let number = count.fetch_add(1, Relaxed);
                if number % u64::from(rate / 100) == 0 {
                    tick.tick().await;
                }
                held.spawn(async move {
                    let Some(mut stream) = connect(source, to).await else { return };
                    if number % 2 == 0 {
                        // The beginning of a hello that does not continue.
                        let _ = stream.try_write(&[22, 3, 1, 2, 0, 1, 0]);
                    }
                    let _ = stream.read(&mut [0; 64]).await;
                });
            }
        });
        Self { stop, made, tasks }
    }

    async fn end(self) -> u64 {
        self.stop.store(true, Relaxed);
        self.tasks.join_all().await;
        self.made.load(Relaxed)
    }
}

/// How long a probe waits for its first update, with the retries that it makes.
struct Admission {
    took: Duration,
    attempts: u64,
}

/// How long half of them take at most: a machine that stalls delays one or two, and an attack that works all.
fn typical(admissions: &[Admission]) -> Duration {
    let mut times: Vec<_> = admissions.iter().map(|admission| admission.took).collect();
    times.sort();
    times[times.len() / 2]
}

async fn admission(operator: &Secured, node: u8) -> Admission {
    let (began, name, mut attempts) = (Instant::now(), format!("m{node}"), 0);
    let token = token(PROBE, &format!("q{node}"), AUDIENCE, 600);
    loop {
        attempts += 1;
        let attempt = operator.stream_of(&name, Some(address_of(node)), Some(&token)).await;
        if let Ok(mut stream) = attempt
            && stream.next().await.is_ok()
        {
            return Admission { took: began.elapsed(), attempts };
        }
        assert!(began.elapsed() < TIMEOUT, "the probe of node {name} is not admitted");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Nodes `m1` to `m{count}`, each with a probe's pod.
async fn with_nodes(count: u8) -> Secured {
    let operator = Secured::start().await;
    let nodes = (1..=count).flat_map(|node| {
        let name = format!("m{node}");
        [node_at(&name, address_of(node)), probe_pod(&format!("q{node}"), &name)]
    });
    operator.send_events(nodes.collect::<Vec<Event>>()).await;
    let mut pods = operator.guard.gate.pods();
    pods.wait_for(|pods| pods.addresses.len() == usize::from(count)).await.unwrap();
    // The keys are known by then.
    operator.admitted(&good()).await;
    operator
}

/// The typical admission of ten probes, one after the other, while the sources connect a thousand times a second.
async fn typical_admission(sources: Vec<IpAddr>) -> (Duration, u64, Secured) {
    let operator = with_nodes(10).await;
    let attack = Attack::start(operator.address, sources, 1_000);
    let made = |at_least| {
        let attack = &attack;
        async move {
            while attack.made.load(Relaxed) < at_least {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    };
    let mut admissions = Vec::new();
    for node in 1..=10_u8 {
        // The first second fills every place there is.
        made(1_000 + 200 * u64::from(node)).await;
        admissions.push(admission(&operator, node).await);
    }
    (typical(&admissions), attack.end().await, operator)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_are_admitted_within_five_seconds_while_other_clients_hold_handshakes_open() {
    let sources = (0..=255).map(|last| Ipv4Addr::new(127, 0, 2, last).into()).collect();
    let (typical, made, operator) = typical_admission(sources).await;
    println!("typical admission {typical:?} beside {made} connections: {:?}", operator.counters.handshake_refusals());
    assert!(typical < Duration::from_secs(5), "{typical:?}");
    assert!(operator.counters.connections_now()["handshake"] <= 256 + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_are_admitted_within_five_seconds_while_pods_behind_their_nodes_address_hold_handshakes_open() {
    let (typical, made, operator) = typical_admission(vec![address_of(1), address_of(2)]).await;
    println!("typical admission {typical:?} beside {made} connections: {:?}", operator.counters.handshake_refusals());
    assert!(typical < Duration::from_secs(5), "{typical:?}");
}

/// Bogus tokens from many sources at once, for as long as the probes take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bogus_tokens_cost_the_api_server_nothing_and_keep_no_probe_out() {
    let operator = Arc::new(with_nodes(5).await);
    let (before, stop) = (operator.api.reviews(), Arc::<AtomicBool>::default());
    let mut bogus_ones = JoinSet::new();
    for caller in 0..20_u8 {
        let (operator, stop) = (Arc::clone(&operator), Arc::clone(&stop));
        bogus_ones.spawn(async move {
            let mut calls = 0_u64;
            while !stop.load(Relaxed) {
                let token = bogus("q1", u64::from(caller) << 16 | calls);
                let source = Ipv4Addr::new(127, 0, 3, caller).into();
                let refused = operator.stream_of("m1", Some(source), Some(&token)).await.err();
                assert!(refused.is_some(), "a bogus token is let in");
                calls += 1;
            }
            calls
        });
    }
    let mut admissions = Vec::new();
    for node in 1..=5 {
        admissions.push(admission(&operator, node).await);
    }
    stop.store(true, Relaxed);
    let calls: u64 = bogus_ones.join_all().await.into_iter().sum();
    let typical = typical(&admissions);
    println!("typical admission {typical:?} beside {calls} bogus tokens: {:?}", operator.counters.refusals());
    assert!(typical < Duration::from_secs(5), "{typical:?}");
    // Each probe's token alone.
    let (reviews, attempts) = (operator.api.reviews() - before, admissions.iter().map(|one| one.attempts).sum());
    assert!((5..=attempts).contains(&reviews), "{reviews} reviews of {attempts} attempts");
}

#[tokio::test]
async fn the_same_bogus_token_is_refused_without_a_second_look() {
    let operator = Secured::start().await;
    operator.admitted(&good()).await;
    let revoked = token(PROBE, "p1", AUDIENCE, 500);
    operator.api.revoke(&revoked);
    for _ in 0..3 {
        assert_eq!(operator.refusal(Some(&revoked)).await.0, Code::Unauthenticated);
    }
    assert_eq!((operator.api.reviews(), operator.counters.refusals().get("rejected")), (2, Some(&3)));
}

#[tokio::test]
async fn a_connection_without_a_stream_is_closed() {
    let operator = Secured::start().await;
    // Its handshake is over, and it sends nothing.
    let _idle = operator.channel(&operator.api.bundle(|_| true).await, NAME).await.unwrap();
    let closed = async {
        while !operator.counters.handshake_refusals().contains_key("no_stream") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, closed).await.expect("it is closed");
    assert_eq!(operator.counters.connections_now()["pending"], 0);
}

/// The probe sends a newer token once: the operator looks at it again when it can.
#[tokio::test]
async fn a_token_that_expires_while_it_cannot_be_verified_is_renewed_later() {
    let operator = Secured::start().await;
    let mut stream = operator.admitted(&token(PROBE, "p1", AUDIENCE, 10)).await;
    operator.api.set_away(true);
    // Only the API server can verify this one.
    stream.authenticate(token_by("two", PROBE, "p1", AUDIENCE, 600)).await;
    let unverified = async {
        while !operator.counters.refusals().contains_key("unverifiable") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, unverified).await.expect("it could not be verified");
    operator.api.set_away(false);
    // Past the expiry of the first one.
    tokio::time::sleep(Duration::from_secs(11)).await;
    operator.send_events(vec![probe_pod("p3", "n1")]).await;
    assert_eq!(stream.next().await.unwrap().pods.len(), 1);
}
