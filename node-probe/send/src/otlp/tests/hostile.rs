use super::receiver::{Receiver, frames, grpc, http, status};
use super::*;
use crate::otlp::body::{framed, gzip};
use hyper::body::Frame;
use longwire_export::otlp::MAX_RESPONSE;
use rstest::rstest;
use std::io::ErrorKind;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const TOO_LONG: &str = "the answer has more than 65536 bytes";

fn bomb() -> Vec<u8> {
    let mut bomb = Vec::new();
    gzip(&vec![0; 32 << 20], &mut bomb).unwrap();
    assert!(bomb.len() < MAX_RESPONSE * 4);
    bomb.truncate(MAX_RESPONSE);
    bomb
}

#[rstest]
#[case::long(&[PROTOBUF], vec![0; MAX_RESPONSE + 1], TOO_LONG)]
#[case::bomb(&[PROTOBUF, GZIP], bomb(), TOO_LONG)]
#[case::no_gzip(&[PROTOBUF, GZIP], b"\x0a\x00".to_vec(), "the answer is no gzip")]
#[case::nonsense(&[PROTOBUF], vec![0xff; MAX_RESPONSE], "the answer is no message of OTLP")]
#[tokio::test]
async fn what_cannot_be_read_changes_nothing_of_a_status(
    #[case] headers: &'static [(&str, &str)],
    #[case] body: Vec<u8>,
    #[case] expected: &str,
    #[values(200, 400)] status: u16,
) {
    let body = Bytes::from(body);
    let receiver = Receiver::start(Protocol::HttpProtobuf, move |_| http(status, headers, body.clone())).await;
    let sent = sender(&to(receiver.address, Protocol::HttpProtobuf)).send(Bytes::new(), patiently()).await;
    match (&sent, status) {
        (Sent::Partly { rejected: 0, message }, 200) => {
            assert!(message.contains(&format!("accepted, but {expected}")), "{message}");
        }
        (Sent::Refused { message }, 400) => {
            assert!(message.contains(&format!("400 Bad Request: {expected}")), "{message}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let mut body = Vec::new();
    gzip(b"\x0a\x02\x08\x03", &mut body).unwrap();
    let body = Bytes::from(body);
    let receiver = Receiver::start(Protocol::HttpProtobuf, move |_| http(200, &[PROTOBUF, GZIP], body.clone())).await;
    let sent = sender(&to(receiver.address, Protocol::HttpProtobuf)).send(Bytes::new(), patiently()).await;
    assert!(matches!(sent, Sent::Partly { rejected: 3, .. }), "{sent:?}");
}

fn framed_gzip(message: &[u8]) -> Vec<u8> {
    framed(message, true).to_vec()
}

#[rstest]
#[case::long(vec![0; 5 + MAX_RESPONSE + 1], TOO_LONG)]
#[case::long_by_its_frame(b"\0\xff\xff\xff\xff".to_vec(), "its length is not as its frame says")]
#[case::bomb(framed_gzip(&bomb()), TOO_LONG)]
#[case::no_gzip(framed_gzip(b"x"), "the answer is no gzip")]
#[case::unknown_flags(b"\x02\0\0\0\x01x".to_vec(), "it is compressed in a way that was not asked for")]
#[case::nonsense(b"\0\0\0\0\x01\xff".to_vec(), "the answer is no message of OTLP")]
#[tokio::test]
async fn what_cannot_be_read_over_grpc_is_not_sent_again(#[case] body: Vec<u8>, #[case] expected: &str) {
    let (sent, requests) = answered_over_grpc(body).await;
    let Sent::Partly { rejected: 0, message } = &sent else { panic!("{sent:?}") };
    assert!(message.contains("accepted, but ") && message.contains(expected), "{message}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn a_compressed_answer_over_grpc_is_read() {
    let mut message = Vec::new();
    gzip(b"\x0a\x02\x08\x03", &mut message).unwrap();
    let (sent, requests) = answered_over_grpc(framed_gzip(&message)).await;
    assert!(matches!(sent, Sent::Partly { rejected: 3, .. }), "{sent:?}");
    assert_eq!(requests, 1);
}

/// With this body and success. How many requests there were.
async fn answered_over_grpc(body: Vec<u8>) -> (Sent, usize) {
    let body = Bytes::from(body);
    let receiver = Receiver::start(Protocol::Grpc, move |_| {
        let mut answer = grpc(b"", &[])?;
        let trailers = [("grpc-status".parse().unwrap(), "0".parse().unwrap())].into_iter().collect();
        *answer.body_mut() = frames([Frame::data(body.clone()), Frame::trailers(trailers)]);
        answer.headers_mut().insert("grpc-encoding", "gzip".parse().unwrap());
        Some(answer)
    });
    let receiver = receiver.await;
    let sent = sender(&to(receiver.address, Protocol::Grpc)).send(Bytes::new(), patiently()).await;
    (sent, receiver.requests().len())
}

#[tokio::test]
async fn an_answer_without_a_status_and_details_of_nonsense_are_no_end() {
    let receiver = Receiver::start(Protocol::Grpc, |number| match number {
        0 => grpc(b"", &[]),
        1 => status(&[("grpc-status", "14"), ("grpc-status-details-bin", "%%% no base64")]),
        _ => grpc(b"", &[("grpc-status", "sixteen"), ("grpc-message", "%0Aevil%1B%FF")]),
    });
    let receiver = receiver.await;
    let sent = sender(&to(receiver.address, Protocol::Grpc)).send(Bytes::new(), patiently()).await;
    let expected = format!("http://{}: answered UNKNOWN:  evil \u{fffd}", receiver.address);
    assert_eq!(sent, Sent::Refused { message: expected });
    assert_eq!(receiver.requests().len(), 3);
}

/// Says the same to everybody, again and again or once, whatever they send.
async fn rude(said: &'static [u8], is_endless: bool) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            loop {
                match stream.write_all(said).await {
                    Err(error) if [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].contains(&error.kind()) => break,
                    written => written.unwrap(),
                }
                if !is_endless {
                    break;
                }
            }
        }
    });
    (address, task)
}

#[rstest]
#[case::nothing(b"", false)]
#[case::garbage(b"\0\xff garbage\r\n\r\n", false)]
#[case::endless_garbage(b"\0\xff garbage", true)]
#[case::another_protocol(b"SSH-2.0-OpenSSH_9.2\r\n", false)]
#[case::endless_head(b"HTTP/1.1 200 OK\r\nx-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", true)]
#[case::cut_head(b"HTTP/1.1 200 OK\r\ncontent-le", false)]
#[case::hints_only(b"HTTP/1.1 100 Continue\r\n\r\n", true)]
#[case::frame_of_another_length(b"\0\0\x06\x04\0\0\0\0\0\0\0\0\0\0\0", false)]
#[tokio::test]
async fn who_does_not_speak_the_protocol_is_given_up(#[case] said: &'static [u8], #[case] is_endless: bool) {
    for protocol in BOTH {
        let (address, task) = rude(said, is_endless).await;
        let sender = sender(&Otlp { timeout: Some(Duration::from_millis(500)), ..to(address, protocol) });
        let sent = sender.send(Bytes::from_static(b"x"), Instant::now() + Duration::from_millis(800)).await;
        let Sent::GaveUp { message } = &sent else { panic!("{sent:?}") };
        assert!(message.starts_with(&format!("http://{address}")) && message.len() > 60, "{message}");
        task.abort();
    }
}
