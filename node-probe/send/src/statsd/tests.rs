use super::*;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

mod pauses;
mod tcp;
mod udp;
mod unix;

/// Longer than any pause. The clock of these tests stands still but for this, and for limits that nothing else is left to wait for.
const LONG: Duration = Duration::from_secs(31);

fn udp(address: SocketAddr) -> StatsdAddress {
    StatsdAddress::parse(&format!("udp://{address}")).unwrap()
}

fn tcp(address: SocketAddr) -> StatsdAddress {
    StatsdAddress::parse(&format!("tcp://{address}")).unwrap()
}

fn failure(outcome: Result<(), TransportError>) -> Failure {
    outcome.unwrap_err().failure
}

/// In real time: the kernel may be late.
fn wait_for(mut condition: impl FnMut() -> bool) {
    let enough = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < enough, "it has not come");
        thread::sleep(Duration::from_millis(1));
    }
}

fn has_closed_stream(transport: &Transport) -> bool {
    matches!(&transport.link, Some(Link::Stream(stream)) if stream.is_closed())
}
