use super::*;
use rstest::rstest;
use std::fs;
use std::io::{self, Read};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use tempfile::TempDir;
use tokio::task::yield_now;
use tokio::time::{advance, timeout};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Datagrams,
    Stream,
}

enum Receiver {
    Datagrams(UnixDatagram),
    Stream(UnixListener, Option<UnixStream>),
}

impl Receiver {
    /// In place of an earlier one, whose socket file may still lie there.
    fn start(kind: Kind, path: &Path) -> Self {
        drop(fs::remove_file(path));
        match kind {
            Kind::Datagrams => {
                let socket = UnixDatagram::bind(path).unwrap();
                socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                Self::Datagrams(socket)
            }
            Kind::Stream => Self::Stream(UnixListener::bind(path).unwrap(), None),
        }
    }

    fn receives(&mut self, expected: &[u8]) {
        let mut text = vec![0; 1024];
        match self {
            Self::Datagrams(socket) => {
                let bytes = socket.recv(&mut text).unwrap();
                assert_eq!(text[..bytes], *expected.strip_suffix(b"\n").unwrap());
            }
            Self::Stream(listener, connection) => {
                let connection = connection.get_or_insert_with(|| listener.accept().unwrap().0);
                connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                connection.read_exact(&mut text[..expected.len()]).unwrap();
                assert_eq!(text[..expected.len()], *expected);
            }
        }
    }
}

fn transport_in(directory: &TempDir) -> (Transport, std::path::PathBuf) {
    let path = directory.path().join("statsd.sock");
    let transport = Transport::new(&StatsdAddress::parse(&format!("unix://{}", path.display())).unwrap());
    (transport, path)
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_receiver_of_either_kind_may_be_restarted_as_either(
    #[values(Kind::Datagrams, Kind::Stream)] first: Kind,
    #[values(Kind::Datagrams, Kind::Stream)] second: Kind,
) {
    let directory = tempfile::tempdir().unwrap();
    let (mut transport, path) = transport_in(&directory);
    assert!(transport.wants_newlines());
    let mut receiver = Receiver::start(first, &path);
    for packet in [&b"a:1|c\nb:2|c\n"[..], b"c:3|c\n"] {
        transport.send(packet).await.unwrap();
        receiver.receives(packet);
    }
    advance(Duration::from_secs(10)).await;
    drop(receiver);
    let mut receiver = Receiver::start(second, &path);
    transport.send(b"d:4|c\n").await.unwrap();
    receiver.receives(b"d:4|c\n");
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_gone_fails_packets_until_it_is_back(
    #[values(Kind::Datagrams, Kind::Stream)] kind: Kind,
    #[values(true, false)] leaves_its_file: bool,
) {
    let directory = tempfile::tempdir().unwrap();
    let (mut transport, path) = transport_in(&directory);
    let receiver = Receiver::start(kind, &path);
    transport.send(b"a:1|c\n").await.unwrap();
    advance(Duration::from_secs(10)).await;
    drop(receiver);
    if !leaves_its_file {
        fs::remove_file(&path).unwrap();
    }
    let expected = if leaves_its_file { io::ErrorKind::ConnectionRefused } else { io::ErrorKind::NotFound };
    match failure(transport.send(b"b:1|c\n").await) {
        Failure::Connect(error) => assert_eq!(error.kind(), expected),
        other => panic!("{other:?}"),
    }
    let mut receiver = Receiver::start(kind, &path);
    assert!(matches!(failure(transport.send(b"b:1|c\n").await), Failure::Paused { .. }));
    advance(LONG).await;
    transport.send(b"c:1|c\n").await.unwrap();
    receiver.receives(b"c:1|c\n");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_of_datagrams_that_never_reads_is_waited_for_only_once_in_a_while() {
    let directory = tempfile::tempdir().unwrap();
    let (mut transport, path) = transport_in(&directory);
    let mut receiver = Receiver::start(Kind::Datagrams, &path);
    let began = tokio::time::Instant::now();
    let mut sent = 0_u32;
    let outcome = loop {
        match transport.send(format!("a:{sent}|c\n").as_bytes()).await {
            Ok(()) => sent += 1,
            Err(error) => break error.failure,
        }
        assert!(sent < 1_000_000, "nothing holds it up");
    };
    assert!(matches!(outcome, Failure::Full(limit) if limit == Duration::from_secs(1)), "{outcome:?}");
    assert_eq!(began.elapsed().as_secs(), 1);
    assert!(matches!(failure(transport.send(b"b:1|c\n").await), Failure::Paused { .. }));
    // It reads again, through the same socket.
    (0..sent).for_each(|number| receiver.receives(format!("a:{number}|c\n").as_bytes()));
    advance(LONG).await;
    transport.send(b"c:1|c\n").await.unwrap();
    receiver.receives(b"c:1|c\n");
}

#[tokio::test(start_paused = true)]
async fn a_packet_waits_for_room_in_the_receivers_queue() {
    let directory = tempfile::tempdir().unwrap();
    let (mut transport, path) = transport_in(&directory);
    let mut receiver = Receiver::start(Kind::Datagrams, &path);
    // Fills it without the limit's end.
    while timeout(Duration::from_millis(1), transport.send(b"a:1|c\n")).await.is_ok() {}
    let reading = async {
        yield_now().await;
        receiver.receives(b"a:1|c\n");
    };
    let (outcome, ()) = tokio::join!(transport.send(b"b:1|c\n"), reading);
    outcome.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_is_too_long_fails_alone_and_names_the_limit() {
    let directory = tempfile::tempdir().unwrap();
    let (mut transport, path) = transport_in(&directory);
    let mut receiver = Receiver::start(Kind::Datagrams, &path);
    let error = transport.send(&vec![b'a'; 16 << 20]).await.unwrap_err();
    assert!(matches!(error.failure, Failure::TooLong { bytes } if bytes == 16 << 20), "{error:?}");
    assert!(error.to_string().ends_with("lower maxPacketBytes"), "{error}");
    transport.send(b"a:1|c\n").await.unwrap();
    receiver.receives(b"a:1|c\n");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_of_a_stream_that_never_reads_loses_its_connection() {
    let directory = tempfile::tempdir().unwrap();
    let (mut transport, path) = transport_in(&directory);
    let _receiver = Receiver::start(Kind::Stream, &path);
    let outcome = failure(transport.send(&vec![b'a'; 64 << 20]).await);
    assert!(matches!(outcome, Failure::Full(limit) if limit == Duration::from_secs(5)), "{outcome:?}");
    assert!(transport.link.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_socket_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let (mut transport, path) = transport_in(&directory);
    fs::write(&path, b"").unwrap();
    let said = transport.send(b"a:1|c\n").await.unwrap_err().to_string();
    assert_eq!(
        said,
        format!(
            "unix://{}: no connection (Connection refused (os error 111)): check that the receiver runs and that the probe may reach it",
            path.display()
        )
    );
}
