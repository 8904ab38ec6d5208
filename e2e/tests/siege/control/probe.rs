//! A probe's stream, and the time until it is admitted.

use super::{Control, NAMESPACE, PATIENCE, address_of, node_name, probe_pod};
use anyhow::{Context, Result, ensure};
use longwire_wire::message::{FromProbe, Hello};
use longwire_wire::proto;
use longwire_wire::proto::control_client::ControlClient;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Streaming};

/// First retry delay of a probe.
const AGAIN: Duration = Duration::from_millis(300);
const NAME: &str = "longwire-operator.watch.svc";

pub(super) struct Stream {
    messages: mpsc::Sender<proto::ProbeMessage>,
    updates: Streaming<proto::Update>,
}

impl Stream {
    pub(super) async fn next(&mut self) -> Result<proto::Update> {
        let update = timeout(PATIENCE, self.updates.message()).await.context("no update came")??;
        let update = update.context("the operator ended the stream")?;
        self.messages.send(FromProbe::Ack { version: update.version }.into()).await?;
        Ok(update)
    }
}

/// What it took until a probe was admitted.
pub(super) struct Admission {
    took: Duration,
    attempts: u64,
}

pub(super) struct Admissions(Vec<Admission>);

impl Admissions {
    /// How long half of them took at most: a machine that stalls delays one or two, and an attack that works all.
    pub(super) fn typical(&self) -> Duration {
        let mut times: Vec<_> = self.0.iter().map(|admission| admission.took).collect();
        times.sort();
        times[times.len() / 2]
    }

    pub(super) fn longest(&self) -> Duration {
        self.0.iter().map(|admission| admission.took).max().unwrap_or_default()
    }

    pub(super) fn attempts(&self) -> u64 {
        self.0.iter().map(|admission| admission.attempts).sum()
    }
}

impl Control {
    /// A connection like a probe's.
    pub(super) async fn channel(&self, from: IpAddr) -> Result<Channel> {
        let authority = Certificate::from_pem(self.api.bundle().await?);
        let tls = ClientTlsConfig::new().ca_certificate(authority).domain_name(NAME);
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address()))?.local_address(Some(from));
        Ok(endpoint.tls_config(tls)?.connect().await?)
    }

    /// One attempt.
    pub(super) async fn stream(&self, node: &str, from: IpAddr, token: &str) -> Result<Stream> {
        let mut client = ControlClient::new(self.channel(from).await?);
        let (messages, outbox) = mpsc::channel(16);
        let hello =
            Hello { node: node.to_owned(), probe_version: String::new(), pods: Vec::new(), addresses: Vec::new() };
        messages.send(FromProbe::Hello(hello).into()).await?;
        let mut request = Request::new(ReceiverStream::new(outbox));
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
        Ok(Stream { messages, updates: client.connect(request).await?.into_inner() })
    }

    /// The genuine probe of a node, until its first update, and what it took.
    pub(super) async fn admission(&self, node: u8) -> Result<(Stream, Admission)> {
        let (begun, token, mut attempts) = (Instant::now(), self.api.token(&probe_pod(node))?, 0);
        loop {
            attempts += 1;
            let failure = match self.stream(&node_name(node), address_of(node), &token).await {
                Ok(mut stream) => match stream.next().await {
                    Ok(_) => return Ok((stream, Admission { took: begun.elapsed(), attempts })),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            ensure!(begun.elapsed() < PATIENCE, "the probe of node {} is not admitted: {failure:#}", node_name(node));
            sleep(AGAIN).await;
        }
    }

    /// The probe of each node, once it is due.
    pub(super) async fn admissions(&self, nodes: u8, is_due: impl Fn(u8) -> bool) -> Result<(Vec<Stream>, Admissions)> {
        let (mut streams, mut admissions) = (Vec::new(), Vec::new());
        for node in 1..=nodes {
            while !is_due(node) {
                sleep(Duration::from_millis(10)).await;
            }
            let (stream, admission) = self.admission(node).await?;
            admissions.push(admission);
            streams.push(stream);
        }
        Ok((streams, Admissions(admissions)))
    }

    /// Adds a pod to a node and returns the time until the node's probe has it.
    pub(super) async fn edit(&self, stream: &mut Stream, node: u8, pod: &str) -> Result<Duration> {
        let begun = Instant::now();
        self.api.add_pod(NAMESPACE, pod, &node_name(node));
        loop {
            let update = stream.next().await?;
            if update.pods.iter().filter_map(|local| local.pod.as_ref()).any(|told| told.uid == pod) {
                return Ok(begun.elapsed());
            }
        }
    }
}
