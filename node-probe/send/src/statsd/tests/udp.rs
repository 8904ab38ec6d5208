use super::*;
use rstest::rstest;
use std::net::UdpSocket;
use tokio::time::advance;

/// The resolver refuses it without asking anybody: a label has 63 bytes at most.
pub(super) fn nowhere() -> StatsdAddress {
    StatsdAddress::parse(&format!("udp://{}.invalid:8125", "a".repeat(64))).unwrap()
}

fn receiver(address: &str) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn received(socket: &UdpSocket) -> Vec<u8> {
    let mut packet = [0; 1024];
    let bytes = socket.recv(&mut packet).unwrap();
    packet[..bytes].to_vec()
}

#[rstest]
#[case::v4("127.0.0.1:0")]
#[case::v6("[::1]:0")]
#[tokio::test(start_paused = true)]
async fn each_packet_is_a_datagram_as_it_is(#[case] address: &str) {
    let (socket, address) = receiver(address);
    let mut transport = Transport::new(&udp(address));
    assert!(!transport.wants_newlines());
    transport.send(b"a:1|c\nb:2|c").await.unwrap();
    transport.send(b"c:3|c").await.unwrap();
    assert_eq!([received(&socket), received(&socket)], [b"a:1|c\nb:2|c".to_vec(), b"c:3|c".to_vec()]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_gone_fails_packets_until_it_is_back() {
    // No other test binds there, so the port stays free.
    let (socket, address) = receiver("127.0.0.2:0");
    let mut transport = Transport::new(&udp(address));
    transport.send(b"a:1|c").await.unwrap();
    drop(socket);
    transport.send(b"lost:1|c").await.unwrap();
    let mut outcome = Ok(());
    let enough = Instant::now() + Duration::from_secs(30);
    // The answer to the first lost packet may need a moment.
    while outcome.is_ok() && Instant::now() < enough {
        thread::sleep(Duration::from_millis(1));
        outcome = transport.send(b"failed:1|c").await;
    }
    assert!(matches!(failure(outcome), Failure::Gone));
    assert_eq!(transport.refused(), 1);
    assert!(matches!(failure(transport.send(b"failed:1|c").await), Failure::Paused { .. }));
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    advance(LONG).await;
    transport.send(b"b:1|c").await.unwrap();
    assert_eq!(received(&socket), b"b:1|c");
    assert_eq!(transport.refused(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_name_is_looked_up_again_after_a_minute() {
    let [(first, old), (second, new)] = [receiver("127.0.0.1:0"), receiver("[::1]:0")];
    let mut transport = Transport::new(&udp(old));
    transport.send(b"a:1|c").await.unwrap();
    // Another answer of the name service.
    transport.address = udp(new);
    advance(Duration::from_secs(59)).await;
    transport.send(b"b:1|c").await.unwrap();
    advance(Duration::from_secs(1)).await;
    transport.send(b"c:1|c").await.unwrap();
    assert_eq!([received(&first), received(&first)], [b"a:1|c", b"b:1|c"]);
    assert_eq!(received(&second), b"c:1|c");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_keeps_its_name_or_whose_name_is_unknown_for_now_keeps_its_socket() {
    let (socket, address) = receiver("127.0.0.1:0");
    let mut transport = Transport::new(&udp(address));
    let mut senders = Vec::new();
    // The first packet opens the socket, the others find that it is time for a look-up.
    for answer in [udp(address), udp(address), nowhere()] {
        transport.address = answer;
        transport.send(b"a:1|c").await.unwrap();
        senders.push(socket.recv_from(&mut [0; 16]).unwrap().1);
        advance(Duration::from_secs(60)).await;
    }
    assert_eq!(senders, [senders[0]; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_host_may_be_a_name() {
    let (_socket, address) = receiver("127.0.0.1:0");
    let mut transport = Transport::new(&StatsdAddress::Udp { host: "localhost".to_owned(), port: address.port() });
    transport.send(b"a:1|c").await.unwrap();
    let Some(Link::Udp(udp)) = &transport.link else { panic!("{transport:?}") };
    let peer = udp.socket().peer_addr().unwrap();
    assert!(peer.ip().is_loopback() && peer.port() == address.port(), "{peer}");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_nobody_knows_fails_and_is_not_asked_for_each_packet() {
    let mut transport = Transport::new(&nowhere());
    let error = transport.send(b"a:1|c").await.unwrap_err();
    let said = error.to_string();
    assert!(matches!(error.failure, Failure::Name(_)), "{error:?}");
    assert!(said.starts_with("udp://aaa") && said.contains(".invalid:8125: the name has no address ("), "{said}");
    assert!(matches!(failure(transport.send(b"b:1|c").await), Failure::Paused { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_is_too_long_fails_alone_and_names_the_limit() {
    let (socket, address) = receiver("127.0.0.1:0");
    let mut transport = Transport::new(&udp(address));
    let error = transport.send(&vec![b'a'; 70_000]).await.unwrap_err();
    let expected =
        format!("udp://{address}: a packet of 70000 bytes is longer than the socket takes: lower maxPacketBytes");
    assert_eq!(error.to_string(), expected);
    transport.send(b"a:1|c").await.unwrap();
    assert_eq!(received(&socket), b"a:1|c");
}
