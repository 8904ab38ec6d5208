//! Connections between two pods, what was sent on each, and when it lived.

use anyhow::{Result, ensure};
use longwire_kubernetes::{NODES, Namespace, running::Running};
use longwire_live::Connection;
use longwire_live::connection::{ConnectionStatus, Phase};
use longwire_live::end::Directions;
use longwire_testkit::{confirm, traffic};
use std::collections::{BTreeMap, VecDeque};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// Where the server listens, and where nobody does.
pub(super) const PORT: u16 = 7_000;
pub(super) const REFUSES: u16 = 7_001;
pub(super) const COUNT: u64 = 40;
const PACE: Duration = Duration::from_millis(150);
/// So many are open at a time. Each lives three seconds then: one of less than two may be shown only when it is over.
const OPEN: usize = 20;

#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) bytes: Directions,
    pub(super) opened: SystemTime,
    pub(super) closed: SystemTime,
}

/// What each connection has carried, by the client's port.
pub(super) type Ledger = BTreeMap<u16, Carried>;

/// Two pods of two namespaces, on a node each.
pub(super) struct Ends {
    pub(super) client: Running,
    pub(super) server: Running,
    namespaces: [String; 2],
    listener: TcpListener,
}

impl Ends {
    pub(super) fn start(near: &Namespace<'_>, far: &Namespace<'_>) -> Result<Self> {
        let client = Running::start(near, "live-client", NODES[0])?;
        let server = Running::start(far, "live-server", NODES[1])?;
        let listener = server.listen(PORT)?;
        Ok(Self { client, server, namespaces: [near.name.clone(), far.name.clone()], listener })
    }

    pub(super) fn connect(&self) -> Result<(TcpStream, TcpStream)> {
        self.client.connect_to((self.server.address, PORT), &self.listener)
    }

    /// Nobody listens there.
    pub(super) fn fail(&self) -> Result<()> {
        let connected = self.client.connect((self.server.address, REFUSES));
        confirm!(connected.is_err(), "somebody listens at port {REFUSES}")
    }

    /// A connection between the two has the right names at both ends.
    pub(super) fn are_named(&self, seen: &Connection) -> Result<()> {
        let spec = &seen.spec;
        let ends = [(&spec.source, &self.client), (&spec.destination, &self.server)];
        for ((end, pod), namespace) in ends.into_iter().zip(&self.namespaces) {
            let said = [&end.pod, &end.namespace, &end.node, &end.address].map(Option::as_deref);
            let address = pod.address.to_string();
            let right = [&*pod.name, namespace, &*pod.node, &*address];
            ensure!(said == right.map(Some), "{seen:?}");
        }
        confirm!(spec.destination.port == Some(PORT), "{seen:?}")
    }

    pub(super) fn talk(&self) -> Result<Ledger> {
        self.talk_while(|opened| opened < COUNT)
    }

    /// One after the other is opened for as long as `goes_on` says so of their number, and the oldest closed. Bytes pass both ways when it
    /// opens and before it closes.
    pub(super) fn talk_while(&self, goes_on: impl Fn(u64) -> bool) -> Result<Ledger> {
        let (mut ledger, mut open, mut number) = (Ledger::new(), VecDeque::new(), 0);
        while goes_on(number) {
            number += 1;
            open.push_back(Open::new(self, number)?);
            sleep(PACE);
            if open.len() > OPEN {
                open.pop_front().map(|oldest| oldest.close(&mut ledger, number)).transpose()?;
            }
        }
        for oldest in open {
            sleep(PACE);
            oldest.close(&mut ledger, number)?;
        }
        Ok(ledger)
    }
}

struct Open {
    near: TcpStream,
    far: TcpStream,
    bytes: Directions,
    opened: SystemTime,
}

impl Open {
    fn new(ends: &Ends, number: u64) -> Result<Self> {
        let opened = SystemTime::now();
        let (near, far) = ends.connect()?;
        let mut open = Self { near, far, bytes: Directions::default(), opened };
        open.pass(number)?;
        Ok(open)
    }

    fn pass(&mut self, number: u64) -> Result<()> {
        let (up, down) = (1_000 + number % 1_000, 3_000 + number % 1_000);
        traffic::pass_both(&self.near, &self.far, up, down)?;
        let Directions { from_source, from_destination } = &mut self.bytes;
        *from_source += up;
        *from_destination += down;
        Ok(())
    }

    fn close(mut self, ledger: &mut Ledger, number: u64) -> Result<()> {
        self.pass(number)?;
        let Self { near, far, bytes, opened } = self;
        let port = near.local_addr()?.port();
        traffic::close(&near, &far)?;
        let before = ledger.insert(port, Carried { bytes, opened, closed: SystemTime::now() });
        confirm!(before.is_none(), "port {port} was used twice")
    }
}

/// Of one connection: bytes never go back, and one that has ended does not open again.
pub(super) fn goes_on(before: &ConnectionStatus, now: &ConnectionStatus) -> Result<()> {
    let has_grown = before.bytes.from_source <= now.bytes.from_source
        && before.bytes.from_destination <= now.bytes.from_destination;
    confirm!(has_grown && !(before.phase != Phase::Open && now.phase == Phase::Open), "{before:?}, then {now:?}")
}

/// The last that is said of a connection is all of it, as both ends have counted it.
pub(super) fn is_whole(port: u16, carried: &Carried, last: &ConnectionStatus) -> Result<()> {
    let is_whole = last.phase == Phase::Closed && last.bytes == carried.bytes;
    ensure!(is_whole, "port {port} carried {carried:?}, and its end is {last:?}");
    confirm!(last.source.is_some() && last.destination.is_some(), "one end is missing: {last:?}")
}
