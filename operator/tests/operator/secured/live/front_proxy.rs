//! kube-apiserver's side: its certificates, and connections as it opens them.

use crate::secured::{NAME, TIMEOUT};
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// The authority of front proxies.
pub(super) struct FrontProxy {
    pub(super) authority: String,
    issuer: Issuer<'static, KeyPair>,
}

pub(super) struct Certificate {
    der: CertificateDer<'static>,
    key: Vec<u8>,
}

impl FrontProxy {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "front-proxy-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        Self { authority: params.self_signed(&key).unwrap().pem(), issuer: Issuer::new(params, key) }
    }

    pub(super) fn issue(&self, name: &str) -> Certificate {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        Certificate { der: params.signed_by(&key, &self.issuer).unwrap().der().clone(), key: key.serialize_der() }
    }
}

pub(super) enum Connection {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl Connection {
    /// `protocol`: as ALPN names it. That a certificate is refused may show with the first request only.
    pub(super) async fn open(
        address: SocketAddr,
        trust: &str,
        certificate: Option<&Certificate>,
        protocol: &str,
    ) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(trust.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = match certificate {
            Some(Certificate { der, key }) => {
                let key = PrivateKeyDer::try_from(key.clone()).unwrap();
                builder.with_client_auth_cert(vec![der.clone()], key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let stream = TcpStream::connect(address).await.map_err(text)?;
        let name = ServerName::try_from(NAME).unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(text)?;
        let stream = TokioIo::new(stream);
        if protocol == "h2" {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.map_err(text)?;
            tokio::spawn(connection);
            return Ok(Self::Http2(sender));
        }
        let (sender, connection) = http1::handshake(stream).await.map_err(text)?;
        tokio::spawn(connection);
        Ok(Self::Http1(sender))
    }

    /// In the clear.
    pub(super) async fn plain(address: SocketAddr) -> Self {
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (sender, connection) = http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Self::Http1(sender)
    }

    /// The same by HTTP/2.
    pub(super) async fn plain_http2(address: SocketAddr) -> Self {
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        Self::Http2(sender)
    }

    /// Code and body; a text is a JSON string.
    pub(super) async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Result<(u16, Value), String> {
        let (code, _, body) = self.send(path, headers).await?;
        let value = serde_json::from_str(&body).unwrap_or_else(|_| Value::from(body));
        Ok((code, value))
    }

    pub(super) async fn send(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<(u16, HeaderMap, String), String> {
        let uri = if matches!(self, Self::Http2(_)) { format!("https://{NAME}{path}") } else { path.to_owned() };
        let mut request = Request::get(uri).header("host", NAME);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.exchange(request.body(Body::empty()).unwrap()).await
    }

    pub(super) async fn post(&mut self, path: &str, user: &str, body: String) -> Result<(u16, Value), String> {
        let uri = if matches!(self, Self::Http2(_)) { format!("https://{NAME}{path}") } else { path.to_owned() };
        let request = Request::post(uri).header("host", NAME).header("x-remote-user", user);
        let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
        let (code, _, body) = self.exchange(request).await?;
        Ok((code, serde_json::from_str(&body).unwrap_or_else(|_| Value::from(body))))
    }

    async fn exchange(&mut self, request: Request<Body>) -> Result<(u16, HeaderMap, String), String> {
        let answer = async {
            let response = match self {
                Self::Http1(sender) => {
                    sender.ready().await.map_err(text)?;
                    sender.send_request(request).await
                }
                Self::Http2(sender) => {
                    sender.ready().await.map_err(text)?;
                    sender.send_request(request).await
                }
            };
            let (head, body) = response.map_err(text)?.into_parts();
            let body = body.collect().await.map_err(text)?.to_bytes();
            Ok((head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap()))
        };
        tokio::time::timeout(TIMEOUT, answer).await.map_err(text)?
    }

    /// A watch by this user, over HTTP/2, where one connection has many.
    pub(super) async fn follow(&self, path: &str, user: &str) -> Result<Follow, String> {
        let response = self.begin(path, &[("x-remote-user", user)]).await?;
        assert_eq!(response.status(), 200);
        Ok(Follow { body: response.into_body(), read: Vec::new() })
    }

    /// The same, whatever the answer is.
    pub(super) async fn begin(&self, path: &str, headers: &[(&str, &str)]) -> Result<Response<Incoming>, String> {
        let Self::Http2(sender) = self else { return Err("a watch keeps a connection of HTTP/1 busy".to_owned()) };
        let mut sender = sender.clone();
        let mut request = Request::get(format!("https://{NAME}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = async {
            sender.ready().await.map_err(text)?;
            sender.send_request(request).await.map_err(text)
        };
        tokio::time::timeout(TIMEOUT, answer).await.map_err(text)?
    }

    /// Returns when the other side has closed it.
    pub(super) async fn closed(&self) {
        eventually(async || {
            let is_closed = match self {
                Self::Http1(sender) => sender.is_closed(),
                Self::Http2(sender) => sender.is_closed(),
            };
            if is_closed { Ok(()) } else { Err("it is open".to_owned()) }
        })
        .await;
    }
}

/// The events of a watch.
pub(super) struct Follow {
    body: Incoming,
    read: Vec<u8>,
}

impl Follow {
    pub(super) async fn next(&mut self) -> Value {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return serde_json::from_slice(&line).unwrap();
            }
            let frame = tokio::time::timeout(TIMEOUT, self.body.frame()).await.expect("an event");
            let frame = frame.expect("the watch goes on").unwrap();
            self.read.extend(frame.into_data().unwrap_or_default());
        }
    }

    /// The next event of this type.
    pub(super) async fn find(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await;
            if event["type"] == kind {
                return event;
            }
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Tries again until it works.
pub(super) async fn eventually<T>(mut attempt: impl AsyncFnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(error) => assert!(start.elapsed() < TIMEOUT, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
