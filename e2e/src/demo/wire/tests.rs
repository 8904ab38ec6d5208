use super::{End, Message};
use std::net::{Shutdown, TcpListener, TcpStream};

#[test]
fn both_ends_count_the_same_bytes_and_know_their_peer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let closer = near.try_clone().unwrap();
    let mut client = End::new(near).unwrap();
    let mut server = End::new(listener.accept().unwrap().0).unwrap();
    let question = Message { from: "reviews-v2".to_owned(), body: 100, asks: 7 };
    client.send(&question).unwrap();
    assert_eq!(server.receive().unwrap(), Some(question));
    server.send(&Message { from: "ratings-v2".to_owned(), body: 7, asks: 0 }).unwrap();
    assert_eq!(client.receive().unwrap().unwrap().from, "ratings-v2");
    closer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(server.receive().unwrap(), None);
    assert_eq!((client.written, client.read), (server.read, server.written));
    assert_eq!((client.written, client.read), (132, 39));
}
