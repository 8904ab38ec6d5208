use super::super::{MAX_TOKEN, ReaderLimits, Readers, is_token, restrict};
use super::{Scripted, allowed, away, forbidden};
use crate::limits::Limits;
use crate::serve::{Endpoint, serve};
use axum::{Router, routing};
use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A restricted page, and health, which is open to all.
async fn start() -> (SocketAddr, Arc<Endpoint>) {
    let scripted = Scripted::new(100);
    scripted.decides("good", allowed(600));
    scripted.decides("other", forbidden());
    scripted.decides("unlucky", away());
    let (readers, endpoint) = (Readers::new(scripted, ReaderLimits::PAGE), Endpoint::new(Limits::METRICS));
    let page = Router::new().route("/metrics", routing::get(async || "page\n"));
    let router = restrict(page, readers, Arc::clone(&endpoint))
        .merge(Router::new().route("/healthz", routing::get(async || "healthy\n")));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, Arc::clone(&endpoint), pending()));
    (address, endpoint)
}

/// Status code, the headers that matter, body.
async fn get(address: SocketAddr, path: &str, headers: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let matter = |line: &&str| line.starts_with("www-authenticate") || line.starts_with("retry-after");
    let headers: Vec<_> = head.lines().filter(matter).collect();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), headers.join(", "), body.to_owned())
}

#[tokio::test]
async fn a_page_is_served_to_readers_and_others_get_the_reason() {
    let (address, endpoint) = start().await;
    let no_token = "no token: send `Authorization: Bearer` and the token of a ServiceAccount that may get the non-resource \
                    URL /metrics\n";
    let malformed =
        "malformed Authorization: send it once, as `Bearer` and a token of at most 8192 bytes of base64url\n";
    let long = format!("Authorization: Bearer {}\r\n", "x".repeat(MAX_TOKEN + 1));
    let challenge = "www-authenticate: Bearer";
    let cases = [
        ("", 401, challenge, no_token),
        ("Authorization: Basic dTpw\r\n", 401, challenge, malformed),
        ("Authorization: Bearer\r\n", 401, challenge, malformed),
        ("Authorization: Bearer a b\r\n", 401, challenge, malformed),
        ("Authorization: Bearer good\r\nAuthorization: Bearer good\r\n", 401, challenge, malformed),
        (&long, 401, challenge, malformed),
        (
            "Authorization: Bearer bogus\r\n",
            401,
            "www-authenticate: Bearer error=\"invalid_token\"",
            "the token is refused: unknown\n",
        ),
        ("Authorization: Bearer other\r\n", 403, "", "u may not\n"),
        (
            "Authorization: Bearer unlucky\r\n",
            503,
            "retry-after: 5",
            "the token cannot be authorized now: no operator\n",
        ),
        ("authorization: bearer good\r\n", 200, "", "page\n"),
    ];
    for (headers, code, matter, body) in cases {
        let found = get(address, "/metrics", headers).await;
        assert_eq!(found, (code, matter.to_owned(), body.to_owned()), "{headers}");
    }
    assert_eq!(get(address, "/healthz", "").await.0, 200);
    assert_eq!(get(address, "/nowhere", "").await.0, 404);
    let counted: BTreeMap<_, _> = endpoint.counts().readers().into();
    let due = [
        ("admitted", 1),
        ("busy", 0),
        ("forbidden", 1),
        ("kept", 0),
        ("malformed", 5),
        ("no_token", 1),
        ("unauthenticated", 1),
        ("unavailable", 1),
    ];
    assert_eq!(counted, due.into());
}

#[test]
fn a_token_has_the_shape_of_a_bearer_token() {
    let longest = "x".repeat(MAX_TOKEN);
    for good in ["a", "a.b-c_d~e+f/g==", &longest] {
        assert!(is_token(good), "{good}");
    }
    for bad in ["", "=", "a=b", "a b", "a\n", "a\"", "ä", &format!("{longest}x")] {
        assert!(!is_token(bad), "{bad}");
    }
}
