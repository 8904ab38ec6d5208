//! One GET or POST, on a namespace's loopback or anywhere. HTTP/1.0, so that the body ends with the connection.

use crate::netns::Netns;
use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    /// Names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// `headers` are whole lines, such as `Accept: text/plain`.
pub fn get(netns: &Netns, port: u16, path: &str, headers: &[&str]) -> Result<Response> {
    netns.run(|| ask((Ipv4Addr::LOCALHOST, port).into(), path, headers))
}

/// The same of any address that the caller reaches.
pub fn get_from(address: SocketAddr, path: &str) -> Result<Response> {
    ask(address, path, &[])
}

/// With this bearer token.
pub fn get_as(address: SocketAddr, path: &str, token: &str) -> Result<Response> {
    ask(address, path, &[&format!("Authorization: Bearer {token}")])
}

/// A POST of a body of this type.
pub fn post_to(address: SocketAddr, path: &str, kind: &str, body: &[u8]) -> Result<Response> {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    converse(address, &format!("POST {path} to {address}"), &[head.as_bytes(), body].concat())
}

fn ask(address: SocketAddr, path: &str, headers: &[&str]) -> Result<Response> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n");
    converse(address, &format!("GET {path} from {address}"), request.as_bytes())
}

fn converse(address: SocketAddr, what: &str, request: &[u8]) -> Result<Response> {
    let answer = exchange(address, request).with_context(|| what.to_owned())?;
    parse(&answer).with_context(|| format!("{what}: not an HTTP answer"))
}

fn exchange(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

fn parse(answer: &[u8]) -> Option<Response> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut lines = str::from_utf8(&answer[..end]).ok()?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .map(|line| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())))
        .collect::<Option<_>>()?;
    Some(Response { status, headers, body: answer[end + 4..].to_vec() })
}
