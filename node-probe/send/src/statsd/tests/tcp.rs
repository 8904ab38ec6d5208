use super::*;
use rstest::rstest;
use socket2::{Domain, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use tokio::time::{advance, timeout};

fn receiver(address: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn accepted(listener: &TcpListener) -> TcpStream {
    let (connection, _) = listener.accept().unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection
}

fn received(connection: &mut TcpStream, expected: &[u8]) {
    let mut text = vec![0; expected.len()];
    connection.read_exact(&mut text).unwrap();
    assert_eq!(String::from_utf8_lossy(&text), String::from_utf8_lossy(expected));
}

#[rstest]
#[case::v4("127.0.0.1:0")]
#[case::v6("[::1]:0")]
#[tokio::test(start_paused = true)]
async fn packets_follow_each_other_in_one_connection(#[case] address: &str) {
    let (listener, address) = receiver(address);
    let mut transport = Transport::new(&tcp(address));
    assert!(transport.wants_newlines());
    transport.send(b"a:1|c\nb:2|c\n").await.unwrap();
    advance(Duration::from_secs(3600)).await;
    transport.send(b"c:3|c\n").await.unwrap();
    received(&mut accepted(&listener), b"a:1|c\nb:2|c\nc:3|c\n");
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[tokio::test(start_paused = true)]
async fn a_packet_is_not_written_into_a_connection_that_the_receiver_has_closed() {
    let (listener, address) = receiver("127.0.0.1:0");
    let mut transport = Transport::new(&tcp(address));
    transport.send(b"a:1|c\n").await.unwrap();
    received(&mut accepted(&listener), b"a:1|c\n");
    advance(Duration::from_secs(10)).await;
    // The connection is closed by now, the listener is still there.
    wait_for(|| has_closed_stream(&transport));
    transport.send(b"b:1|c\n").await.unwrap();
    received(&mut accepted(&listener), b"b:1|c\n");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_killed_fails_packets_until_it_is_back() {
    // No other test binds there, so the port stays free.
    let (listener, address) = receiver("127.0.0.3:0");
    let mut transport = Transport::new(&tcp(address));
    transport.send(b"a:1|c\n").await.unwrap();
    let connection = accepted(&listener);
    // Unread bytes: the kernel resets the connection.
    drop((connection, listener));
    advance(Duration::from_secs(10)).await;
    wait_for(|| has_closed_stream(&transport));
    assert!(matches!(failure(transport.send(b"b:1|c\n").await), Failure::Connect(_)));
    let listener = TcpListener::bind(address).unwrap();
    assert!(matches!(failure(transport.send(b"b:1|c\n").await), Failure::Paused { .. }));
    advance(LONG).await;
    transport.send(b"c:1|c\n").await.unwrap();
    received(&mut accepted(&listener), b"c:1|c\n");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_closes_each_connection_at_once_is_left_alone() {
    let (listener, address) = receiver("127.0.0.1:0");
    let mut transport = Transport::new(&tcp(address));
    transport.send(b"a:1|c\n").await.unwrap();
    drop(accepted(&listener));
    wait_for(|| has_closed_stream(&transport));
    assert!(matches!(failure(transport.send(b"b:1|c\n").await), Failure::Closes));
    assert!(matches!(failure(transport.send(b"b:1|c\n").await), Failure::Paused { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_reads_fails_packets_and_loses_its_connection() {
    let (listener, address) = receiver("127.0.0.1:0");
    let mut transport = Transport::new(&tcp(address));
    let packet = [vec![b'a'; 65_535], vec![b'\n']].concat();
    let began = tokio::time::Instant::now();
    let mut sent = 0;
    let outcome = loop {
        match transport.send(&packet).await {
            Ok(()) => sent += 1,
            Err(error) => break error.failure,
        }
        assert!(sent < 10_000, "nothing holds it up");
    };
    assert!(matches!(outcome, Failure::Full(limit) if limit == Duration::from_secs(5)), "{outcome:?}");
    assert_eq!(began.elapsed().as_secs(), 5);
    assert!(matches!(failure(transport.send(&packet).await), Failure::Paused { .. }));
    // All that was sent is there, with at most a part of the packet that was not.
    let mut text = Vec::new();
    accepted(&listener).read_to_end(&mut text).unwrap();
    let rest = text.len().checked_sub(sent * packet.len()).unwrap();
    assert!(rest < packet.len(), "{rest}");
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_cancelled_leaves_no_half_line_for_the_next_to_follow() {
    let (_listener, address) = receiver("127.0.0.1:0");
    let mut transport = Transport::new(&tcp(address));
    let packet = vec![b'a'; 64 << 20];
    timeout(Duration::from_secs(1), transport.send(&packet)).await.unwrap_err();
    assert!(transport.link.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_the_receiver_says_is_thrown_away() {
    let (listener, address) = receiver("127.0.0.1:0");
    let mut transport = Transport::new(&tcp(address));
    transport.send(b"a:1|c\n").await.unwrap();
    let mut connection = accepted(&listener);
    connection.set_nonblocking(true).unwrap();
    let hostile: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let flood = || (&connection).write(&hostile).unwrap_or(0);
    let mut before = 0;
    while let 1.. = flood() {
        before += 1;
    }
    assert!(before > 0);
    let mut after = 0;
    // Each packet makes room for more, and for so much only.
    for _ in 0..200 {
        transport.send(b"b:1|c\n").await.unwrap();
        after += flood();
    }
    assert!(after > 0, "nothing is read");
    connection.set_nonblocking(false).unwrap();
    received(&mut connection, &[&b"a:1|c\n"[..], &b"b:1|c\n".repeat(200)].concat());
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_answers_nothing_is_given_up_after_five_seconds() {
    // Its queue of connections has room for one, and the kernel ignores who comes then.
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let _first = TcpStream::connect(address).unwrap();
    let mut transport = Transport::new(&tcp(address));
    let began = tokio::time::Instant::now();
    match failure(transport.send(b"a:1|c\n").await) {
        Failure::Connect(error) => assert_eq!(error.kind(), io::ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
    assert_eq!(began.elapsed().as_secs(), 5);
}
