use super::receiver::{Receiver, accepted};
use super::*;
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::time::timeout;

#[tokio::test]
async fn where_nobody_listens_the_sender_gives_up_in_the_end() {
    for protocol in BOTH {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let sent = sender(&to(address, protocol)).send(Bytes::new(), Instant::now() + Duration::from_millis(700)).await;
        let Sent::GaveUp { message } = &sent else { panic!("{sent:?}") };
        assert!(message.contains("Connection refused"), "{message}");
    }
}

#[tokio::test]
async fn who_never_answers_is_given_up() {
    for protocol in BOTH {
        let receiver = Receiver::start(protocol, |_| None).await;
        let sender = sender(&Otlp { timeout: Some(Duration::from_millis(300)), ..to(receiver.address, protocol) });
        let sent = sender.send(Bytes::new(), Instant::now() + Duration::from_millis(300)).await;
        let Sent::GaveUp { message } = &sent else { panic!("{sent:?}") };
        assert!(message.contains(": gave up after 1 attempts: no answer "), "{message}");
    }
}

#[tokio::test]
async fn after_a_timeout_another_connection_is_tried() {
    for protocol in BOTH {
        let receiver =
            Receiver::start(protocol, move |number| if number == 0 { None } else { accepted(protocol) }).await;
        let sender = sender(&Otlp { timeout: Some(Duration::from_secs(2)), ..to(receiver.address, protocol) });
        assert_eq!(sender.send(Bytes::new(), patiently()).await, Sent::Accepted);
        let requests = receiver.requests();
        assert_ne!(requests[0].peer, requests[1].peer);
        assert!(sender.counts().retries() >= 1);
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    for protocol in BOTH {
        let receiver = Receiver::start(protocol, move |_| accepted(protocol)).await;
        let sender = sender(&to(receiver.address, protocol));
        for _ in 0..3 {
            assert_eq!(sender.send(Bytes::new(), patiently()).await, Sent::Accepted);
        }
        let requests = receiver.requests();
        assert_eq!(requests.iter().filter(|seen| seen.peer == requests[0].peer).count(), 3);
    }
}

#[tokio::test]
async fn a_receiver_is_found_again_after_it_was_killed() {
    for protocol in BOTH {
        let receiver = Receiver::start(protocol, move |_| accepted(protocol)).await;
        let (address, sender) = (receiver.address, Arc::new(sender(&to(receiver.address, protocol))));
        assert_eq!(sender.send(Bytes::from_static(b"1"), patiently()).await, Sent::Accepted);
        receiver.kill().await;
        let waiting = tokio::spawn({
            let sender = Arc::clone(&sender);
            async move { sender.send(Bytes::from_static(b"2"), patiently()).await }
        });
        timeout(PATIENCE, async {
            while sender.counts().retries() == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap();
        let receiver = Receiver::start_at(address, protocol, None, move |_| accepted(protocol)).await;
        assert_eq!(waiting.await.unwrap(), Sent::Accepted);
        assert_eq!(sender.send(Bytes::from_static(b"3"), patiently()).await, Sent::Accepted);
        assert_eq!(receiver.requests().len(), 2);
    }
}

/// Bytes of the first connection until its end.
async fn read_all(listener: &TcpListener) -> usize {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap()
}

#[tokio::test]
async fn a_dropped_send_ends_its_connection() {
    for protocol in BOTH {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sender = sender(&to(listener.local_addr().unwrap(), protocol));
        let reading = tokio::spawn(async move { read_all(&listener).await });
        timeout(Duration::from_millis(300), sender.send(Bytes::from_static(b"x"), patiently())).await.unwrap_err();
        // That of gRPC is shared, and is the sender's.
        if protocol == Protocol::Grpc {
            drop(sender);
        }
        timeout(PATIENCE, reading).await.unwrap().unwrap();
    }
}
