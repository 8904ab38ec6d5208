use super::*;
use socket2::{Domain, Socket, Type};
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use tokio::time::{Instant, advance};

/// Bound, so that nobody else gets the port, but it does not listen.
fn dead() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_packets_to_a_dead_receiver_fail_at_once() {
    let (_dead, address) = dead();
    let mut transport = Transport::new(&tcp(address));
    let began = Instant::now();
    let error = transport.send(b"a:1|c\n").await.unwrap_err();
    let first = error.failure.to_string();
    assert!(matches!(error.failure, Failure::Connect(_)));
    for _ in 0..999 {
        match failure(transport.send(b"a:1|c\n").await) {
            Failure::Paused { after, .. } => assert_eq!(after, first),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn pauses_double_to_half_a_minute() {
    let (_dead, address) = dead();
    let mut transport = Transport::new(&tcp(address));
    for at_least in [1, 2, 4, 8, 15, 15] {
        assert!(matches!(failure(transport.send(b"a:1|c\n").await), Failure::Connect(_)));
        let Failure::Paused { left, .. } = failure(transport.send(b"a:1|c\n").await) else { panic!("no pause") };
        let bounds = Duration::from_secs(at_least)..=Duration::from_secs(2 * at_least);
        assert!(bounds.contains(&left), "{left:?} is not within {bounds:?}");
        advance(left).await;
    }
}

/// As after many failures.
async fn make_pauses_long(transport: &mut Transport) {
    for _ in 0..6 {
        assert!(matches!(failure(transport.send(b"a:1|c\n").await), Failure::Connect(_) | Failure::Name(_)));
        advance(LONG).await;
    }
}

async fn check_that_the_pause_is_short(transport: &mut Transport) {
    let Failure::Paused { left, .. } = failure(transport.send(b"a:1|c\n").await) else { panic!("no pause") };
    assert!(left <= Duration::from_secs(2), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_lasted_makes_the_next_pause_short() {
    let (socket, address) = dead();
    let mut transport = Transport::new(&tcp(address));
    make_pauses_long(&mut transport).await;
    socket.listen(1).unwrap();
    transport.send(b"a:1|c\n").await.unwrap();
    drop((socket.accept().unwrap(), socket));
    advance(Duration::from_secs(10)).await;
    wait_for(|| has_closed_stream(&transport));
    assert!(matches!(failure(transport.send(b"a:1|c\n").await), Failure::Connect(_)));
    check_that_the_pause_is_short(&mut transport).await;
}

#[tokio::test(start_paused = true)]
async fn so_does_one_that_ends_while_a_packet_is_written() {
    let (socket, address) = dead();
    let mut transport = Transport::new(&tcp(address));
    make_pauses_long(&mut transport).await;
    socket.listen(1).unwrap();
    assert!(matches!(failure(transport.send(&vec![b'a'; 64 << 20]).await), Failure::Full(_)));
    check_that_the_pause_is_short(&mut transport).await;
}

#[tokio::test(start_paused = true)]
async fn so_does_a_datagram_that_a_unix_socket_has_taken() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("statsd.sock");
    let mut transport = Transport::new(&StatsdAddress::parse(&format!("unix://{}", path.display())).unwrap());
    make_pauses_long(&mut transport).await;
    let receiver = UnixDatagram::bind(&path).unwrap();
    transport.send(b"a:1|c\n").await.unwrap();
    drop(receiver);
    assert!(matches!(failure(transport.send(b"a:1|c\n").await), Failure::Connect(_)));
    check_that_the_pause_is_short(&mut transport).await;
}

#[tokio::test(start_paused = true)]
async fn so_does_a_minute_of_udp_without_a_failure() {
    let socket = UdpSocket::bind("127.0.0.4:0").unwrap();
    let mut transport = Transport::new(&udp::nowhere());
    make_pauses_long(&mut transport).await;
    transport.address = udp(socket.local_addr().unwrap());
    transport.send(b"a:1|c").await.unwrap();
    advance(Duration::from_secs(60)).await;
    drop(socket);
    let mut outcome = Ok(());
    let enough = std::time::Instant::now() + Duration::from_secs(30);
    while outcome.is_ok() && std::time::Instant::now() < enough {
        thread::sleep(Duration::from_millis(1));
        outcome = transport.send(b"a:1|c").await;
    }
    assert!(matches!(failure(outcome), Failure::Gone));
    check_that_the_pause_is_short(&mut transport).await;
}
