//! Connections between two pods, and what was sent on each.

use anyhow::Result;
use longwire_kubernetes::{NODES, Namespace, running::Running};
use longwire_live::end::Directions;
use longwire_testkit::{confirm, traffic};
use std::collections::{BTreeMap, VecDeque};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

/// Where the server listens, and where nobody does.
pub(super) const PORT: u16 = 7_000;
pub(super) const REFUSES: u16 = 7_001;
pub(super) const COUNT: u64 = 40;
const PACE: Duration = Duration::from_millis(150);
/// So many are open at a time. Each lives three seconds then: one of less than two may be shown only when it is over.
const OPEN: usize = 20;

/// What each connection has carried, by the client's port.
pub(super) type Ledger = BTreeMap<u16, Directions>;

/// Two pods of two namespaces, on a node each.
pub(super) struct Ends {
    pub(super) client: Running,
    pub(super) server: Running,
    listener: TcpListener,
}

impl Ends {
    pub(super) fn start(near: &Namespace<'_>, far: &Namespace<'_>) -> Result<Self> {
        let client = Running::start(near, "live-client", NODES[0])?;
        let server = Running::start(far, "live-server", NODES[1])?;
        let listener = server.listen(PORT)?;
        Ok(Self { client, server, listener })
    }

    pub(super) fn connect(&self) -> Result<(TcpStream, TcpStream)> {
        self.client.connect_to((self.server.address, PORT), &self.listener)
    }

    /// Nobody listens there.
    pub(super) fn fail(&self) -> Result<()> {
        let connected = self.client.connect((self.server.address, REFUSES));
        confirm!(connected.is_err(), "somebody listens at port {REFUSES}")
    }

    /// One after the other is opened, and the oldest closed. Bytes pass both ways when it opens and before it closes.
    pub(super) fn talk(&self) -> Result<Ledger> {
        let (mut ledger, mut open) = (Ledger::new(), VecDeque::new());
        for number in 1..=COUNT {
            let (near, far) = self.connect()?;
            pass(&mut ledger, &near, &far, number)?;
            open.push_back((near, far));
            sleep(PACE);
            if open.len() > OPEN {
                close(&mut ledger, open.pop_front(), number)?;
            }
        }
        while !open.is_empty() {
            sleep(PACE);
            close(&mut ledger, open.pop_front(), COUNT)?;
        }
        Ok(ledger)
    }
}

fn pass(ledger: &mut Ledger, near: &TcpStream, far: &TcpStream, number: u64) -> Result<()> {
    let (up, down) = (1_000 + number, 3_000 + number);
    traffic::pass_both(near, far, up, down)?;
    let carried = ledger.entry(near.local_addr()?.port()).or_default();
    *carried = Directions { from_source: carried.from_source + up, from_destination: carried.from_destination + down };
    Ok(())
}

fn close(ledger: &mut Ledger, ends: Option<(TcpStream, TcpStream)>, number: u64) -> Result<()> {
    let Some((near, far)) = ends else { return Ok(()) };
    pass(ledger, &near, &far, number)?;
    traffic::close(&near, &far)
}
