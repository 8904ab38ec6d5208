//! The kernel side, its ring and its faults, with a ledger of what truly happened.

use crate::world::{KernelOutput, Socket, World, octets};
use longwire_pipeline::record::{Counters, Folded, FoldedKey, flag, kind};
use std::collections::BTreeMap;

/// What may happen to a record or sample on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    Twice,
    /// After everything else of this pass.
    Late,
    Lost,
}

/// Who talks to whom. In the order of `ROUTES`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) source: &'static str,
    pub(crate) destination: &'static str,
    /// What the client's socket has for a remote end.
    original_destination: (&'static str, u16),
    /// What the server's socket has for one.
    seen: &'static str,
    pub(crate) service: &'static str,
    port: u16,
}

const fn route(
    source: &'static str,
    destination: &'static str,
    original_destination: (&'static str, u16),
    seen: &'static str,
    service: &'static str,
    port: u16,
) -> Route {
    Route { source, destination, original_destination, seen, service, port }
}

/// Straight, through the Service, masqueraded as well, a hairpin, and to and from pods elsewhere.
pub(crate) const ROUTES: [Route; 7] = [
    route("a", "b", ("10.0.0.2", 8080), "10.0.0.1", "web", 8080),
    route("a", "b", ("10.0.0.2", 81), "10.0.0.1", "unknown", 81),
    route("a", "b", ("10.96.0.1", 80), "10.0.0.1", "web", 8080),
    route("a", "b", ("10.96.0.1", 80), "10.0.0.254", "web", 8080),
    route("b", "b", ("10.96.0.1", 80), "10.0.0.254", "web", 8080),
    route("a", "r", ("10.96.0.1", 80), "10.0.0.1", "web", 8080),
    route("r", "b", ("10.0.0.2", 8080), "10.0.1.1", "web", 8080),
];

fn address(pod: &str) -> &'static str {
    match pod {
        "a" => "10.0.0.1",
        "b" => "10.0.0.2",
        _ => "10.0.1.1",
    }
}

/// One end, and what the world may learn of it.
#[derive(Clone)]
struct End {
    socket: Socket,
    announced: bool,
    baseline: Counters,
}

struct Connection {
    route: Route,
    /// Client's and server's, where they are on this node.
    ends: [Option<End>; 2],
}

/// Label set to opened, closed, sent and received, in Istio's view.
pub(crate) type Ledger = BTreeMap<[&'static str; 4], [u64; 4]>;

#[derive(Default)]
pub(crate) struct Kernel {
    live: Vec<Connection>,
    next: u64,
    late: Vec<Vec<u8>>,
    /// What truly happened to connections that are closed.
    past: Ledger,
    pub(crate) lost: u64,
}

impl Kernel {
    /// Says which it is.
    pub(crate) fn open(&mut self, world: &mut World, route: Route, adopted: bool) -> usize {
        self.next += 1;
        let number = u32::try_from(self.next).unwrap();
        let port = 1000 + u16::try_from(self.next).unwrap();
        let socket = |role: u32, pod: &'static str, local_port, remote, remote_port| Socket {
            id: self.next << 1 | u64::from(role == flag::PASSIVE),
            flags: role | if adopted { flag::ADOPTED } else { 0 },
            cgroup: if pod == "a" { 1 } else { 2 },
            netns: if pod == "a" { 7 } else { 8 },
            sequence: (number, number),
            syn_time: if adopted { 0 } else { world.now },
            established: if adopted { 0 } else { world.now },
            local: address(pod),
            local_port,
            remote,
            remote_port,
            counters: Counters::default(),
        };
        let here =
            |pod: &str, socket| (pod != "r").then_some(End { socket, announced: false, baseline: Counters::default() });
        let client =
            socket(flag::ACTIVE, route.source, port, route.original_destination.0, route.original_destination.1);
        let server = socket(flag::PASSIVE, route.destination, route.port, route.seen, port);
        let pair = |address: &str, port: u16| format!("{address}:{port}").parse().unwrap();
        world.conntrack.insert(
            (pair(client.local, port), pair(route.original_destination.0, route.original_destination.1)),
            pair(address(route.destination), route.port),
        );
        let ends = [here(route.source, client), here(route.destination, server)];
        self.live.push(Connection { route, ends });
        let which = self.live.len() - 1;
        self.transfer(which, 1, 1);
        which
    }

    /// Moves bytes up from the client and down to it.
    pub(crate) fn transfer(&mut self, which: usize, up: u64, down: u64) {
        let count = self.live.len();
        let Some(connection) = self.live.get_mut(which % count.max(1)) else { return };
        let [client, server] = &mut connection.ends;
        for (end, sent, received) in [(client, up, down), (server, down, up)] {
            if let Some(end) = end {
                end.socket.counters.sent += sent;
                end.socket.counters.received += received;
            }
        }
    }

    /// Both ends close, each with a fate of its own.
    pub(crate) fn close(&mut self, world: &mut World, which: usize, fates: [Fate; 2]) {
        if self.live.is_empty() {
            return;
        }
        let connection = self.live.swap_remove(which % self.live.len());
        enter(&mut self.past, &connection, true);
        for (end, fate) in connection.ends.iter().flatten().zip(fates) {
            let record = end.socket.record(kind::CLOSE, world.now);
            self.send(world, record, fate);
        }
    }

    /// The ring is full: so many connections come and go, and each end is folded with its like.
    pub(crate) fn fold(&mut self, world: &mut World, route: Route, count: u64) {
        let (first, last) = (world.now, world.now + 1);
        let sums = |sent, received| Folded { first, last, connections: count, sent, received, ..Folded::default() };
        let key = |role, pod: &str, remote, port| FoldedKey {
            cgroup: if pod == "a" { 1 } else { 2 },
            epoch: 1,
            netns: if pod == "a" { 7 } else { 8 },
            kind: kind::CLOSE,
            flags: role,
            error: 0,
            port,
            pad: 0,
            local: octets(address(pod)),
            remote: octets(remote),
        };
        let Route { source, destination, original_destination, seen, service, port } = route;
        let (up, down) = (3 * count, 5 * count);
        let line = [count, count, down, up];
        if source != "r" {
            let known = if original_destination.0.starts_with("10.96.") { "unknown" } else { destination };
            add(&mut self.past, ["source", source, known, service], line);
            world.emit(KernelOutput::Folded(
                key(flag::ACTIVE, source, original_destination.0, original_destination.1),
                sums(up, down),
            ));
        }
        if destination != "r" {
            let known = if seen == "10.0.0.254" { "unknown" } else { source };
            add(&mut self.past, ["destination", known, destination, service], line);
            world.emit(KernelOutput::Folded(key(flag::PASSIVE, destination, seen, port), sums(down, up)));
        }
    }

    /// Looks at every live socket: announces it, or samples it.
    pub(crate) fn pass(&mut self, world: &mut World, complete: bool, mut fate: impl FnMut() -> Fate) {
        world.pipeline.begin_pass(world.now);
        let lost_before = self.lost;
        let mut records = Vec::new();
        for end in self.live.iter_mut().flat_map(|connection| &mut connection.ends).flatten() {
            let fate = fate();
            if !end.announced {
                end.announced = true;
                end.baseline = end.socket.counters;
                records.push((end.socket.record(kind::ANNOUNCE, world.now), fate));
            } else if fate == Fate::Lost {
                self.lost += 1;
            } else {
                for _ in 0..=u8::from(fate == Fate::Twice) {
                    world.pipeline.samples(&[end.socket.sample()], world.now);
                }
            }
        }
        // A sample that does not fit is left out, and the kernel side says so.
        let complete = complete && self.lost == lost_before;
        for (record, fate) in records {
            self.send(world, record, fate);
        }
        self.flush(world);
        world.pipeline.end_pass(complete, world.now);
    }

    pub(crate) fn flush(&mut self, world: &mut World) {
        for record in self.late.drain(..) {
            world.ingest(&record);
        }
    }

    /// Everything that happened so far.
    pub(crate) fn truth(&self) -> Ledger {
        let mut ledger = self.past.clone();
        for connection in &self.live {
            enter(&mut ledger, connection, false);
        }
        ledger
    }

    fn send(&mut self, world: &mut World, record: Vec<u8>, fate: Fate) {
        match fate {
            Fate::Arrives => world.ingest(&record),
            Fate::Twice => {
                world.ingest(&record);
                world.ingest(&record);
            }
            Fate::Late => self.late.push(record),
            Fate::Lost => self.lost += 1,
        }
    }
}

/// An adopted connection was never opened, counts from its announce on, and does not count at all without one.
fn enter(ledger: &mut Ledger, connection: &Connection, closed: bool) {
    let Route { source, destination, service, .. } = connection.route;
    for (end, reporter) in connection.ends.iter().zip(["source", "destination"]) {
        let Some(End { socket, announced, baseline }) = end else { continue };
        let adopted = socket.flags & flag::ADOPTED != 0;
        if adopted && !announced {
            continue;
        }
        let base = if adopted { *baseline } else { Counters::default() };
        let (own, other) = (socket.counters.sent - base.sent, socket.counters.received - base.received);
        let (sent, received) = if reporter == "source" { (other, own) } else { (own, other) };
        let line = [u64::from(!adopted), u64::from(closed), sent, received];
        add(ledger, [reporter, source, destination, service], line);
    }
}

fn add(ledger: &mut Ledger, labels: [&'static str; 4], line: [u64; 4]) {
    let sums = ledger.entry(labels).or_default();
    for (sum, value) in sums.iter_mut().zip(line) {
        *sum += value;
    }
}
