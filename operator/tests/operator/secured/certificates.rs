//! Handshakes, and certificates that change meanwhile.

use super::{NAME, Secured, TIMEOUT, end_of, good};
use crate::api_server::ApiServer;
use futures::FutureExt;
use longwire_operator::cluster::owner_reference::OwnerReferences;
use longwire_operator::cluster::tls::{CertificateReconciler, Lifetimes, Material, Serving, names};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Why a connection could not be made, all of it.
fn reasons(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

async fn counted(operator: &Secured, reason: &str) {
    let counted = async {
        while operator.counters.handshake_refusals().get(reason) != Some(&1) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIMEOUT, counted).await.expect(reason);
}

#[tokio::test]
async fn a_probe_that_trusts_another_authority_does_not_connect() {
    let operator = Secured::start().await;
    let lifetimes = Lifetimes { leaf: 3_600, authority: 86_400, spread: 60 };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let other = Material::create(&names("watch"), lifetimes, now).unwrap().bundle();
    let error = operator.channel(&other, NAME).await.unwrap_err();
    assert!(reasons(&error).contains("UnknownIssuer"), "{}", reasons(&error));
    counted(&operator, "refused_by_peer").await;
}

#[tokio::test]
async fn the_certificate_is_for_the_operators_names_alone() {
    let operator = Secured::start().await;
    let trust = operator.api.bundle(|_| true).await;
    let error = operator.channel(&trust, "longwire-operator.other.svc").await.unwrap_err();
    assert!(reasons(&error).contains("not valid for name"), "{}", reasons(&error));
    operator.channel(&trust, "longwire-operator.watch").await.unwrap();
}

#[tokio::test]
async fn plain_text_is_refused_and_counted() {
    let operator = Secured::start().await;
    let mut plain = TcpStream::connect(operator.address).await.unwrap();
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // An alert and the end; a reset is an end too.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(answer.len() < 16, "{answer:?}");
    counted(&operator, "plaintext").await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let operator = Secured::start().await;
    let mut silent = TcpStream::connect(operator.address).await.unwrap();
    let ended = tokio::time::timeout(TIMEOUT, silent.read(&mut [0; 1])).await.unwrap();
    assert!(ended.is_ok_and(|read| read == 0));
    counted(&operator, "timeout").await;
}

#[tokio::test]
async fn replicas_that_start_at_once_serve_one_certificate() {
    let (api, client) = ApiServer::start().await;
    let (one, two) = tokio::join!(
        Secured::beside(api.clone(), &client, &super::LONG),
        Secured::beside(api.clone(), &client, &super::LONG),
    );
    for operator in [&one, &two] {
        operator.admitted(&good()).await;
    }
}

#[tokio::test]
async fn a_damaged_secret_is_replaced() {
    let operator = Secured::start().await;
    let before = operator.api.bundle(|_| true).await;
    operator.api.spoil("tls.key");
    let after = operator.api.bundle(|bundle| bundle != before).await;
    assert!(!after.contains(&before));
    operator.admitted(&good()).await;
}

/// One replica's clock is an hour ahead when there is no certificate yet; the other one's is right.
#[tokio::test]
async fn a_certificate_from_the_future_is_reissued_once_by_a_replica_with_the_right_clock() {
    const HOUR: u64 = 3_600;
    let (api, client) = ApiServer::start().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let lifetimes = Lifetimes { leaf: 10 * HOUR, authority: 1_000 * HOUR, spread: 60 };
    let keep = |clock: u64| {
        let unowned = OwnerReferences::new(client.clone(), "watch", None);
        let (reconciler, serving) =
            CertificateReconciler::new(client.clone(), "watch", names("watch"), lifetimes, unowned);
        tokio::spawn(reconciler.run(move || clock));
        serving
    };
    let until = async |serving: &mut watch::Receiver<Option<Serving>>, expires: u64| {
        let is_so = |serving: &Option<Serving>| serving.as_ref().is_some_and(|serving| serving.leaf_expires == expires);
        tokio::time::timeout(TIMEOUT, serving.wait_for(is_so)).await.expect("the leaf").map(drop).unwrap();
    };
    let mut ahead = keep(now + HOUR);
    until(&mut ahead, now + HOUR + lifetimes.leaf).await;
    let authorities = api.bundle(|_| true).await;
    let mut right = keep(now);
    until(&mut right, now + lifetimes.leaf).await;
    // The first one takes what the other made, and is content with it.
    until(&mut ahead, now + lifetimes.leaf).await;
    let mut third = keep(now + 60);
    until(&mut third, now + lifetimes.leaf).await;
    assert_eq!(api.bundle(|_| true).await, authorities);
    for serving in [&ahead, &right] {
        assert_eq!(serving.borrow().as_ref().map(|serving| serving.leaf_expires), Some(now + lifetimes.leaf));
    }
}

/// A stall of this thread after which a certificate may have expired before it was renewed.
const STALL: Duration = Duration::from_secs(1);

/// Runs it again if it failed while the machine stalled this thread, which says nothing.
async fn undisturbed(scenario: impl AsyncFn()) {
    for _ in 0..5 {
        let mut longest = Duration::ZERO;
        let mut running = pin!(AssertUnwindSafe(scenario()).catch_unwind());
        let outcome = loop {
            let began = Instant::now();
            let outcome = tokio::time::timeout(STALL / 10, &mut running).await;
            longest = longest.max(began.elapsed());
            if let Ok(outcome) = outcome {
                break outcome;
            }
        };
        match outcome {
            Ok(()) => return,
            Err(panic) if longest < STALL => resume_unwind(panic),
            Err(_) => println!("stalled for {longest:?}: it says nothing"),
        }
    }
    panic!("the machine stalled in every attempt");
}

#[tokio::test]
async fn a_rotation_of_everything_ends_no_stream_and_refuses_no_probe() {
    undisturbed(rotate_everything).await;
}

async fn rotate_everything() {
    let (api, client) = ApiServer::start().await;
    // The certificate is renewed every two seconds, the authority after ten, and forgotten five later.
    let seconds = ["--certificate-lifetime", "4s", "--authority-lifetime", "16s", "--authority-spread", "1s"];
    let one = Secured::beside(api.clone(), &client, &seconds).await;
    let two = Secured::beside(api.clone(), &client, &seconds).await;
    let first = api.bundle(|_| true).await;
    let mut stream = one.admitted(&good()).await;
    // Probes come to either replica after every change, with what is published at the moment.
    let rotated = async {
        let mut certificate = one.guard.certificate.clone();
        while api.bundle(|_| true).await.contains(first.trim()) {
            for operator in [&one, &two] {
                operator.admitted(&good()).await;
            }
            certificate.changed().await.unwrap();
        }
    };
    tokio::time::timeout(TIMEOUT, rotated).await.expect("the first authority is forgotten");
    // The stream of before knows nothing of it.
    one.send_events(vec![end_of("p2"), super::probe_pod("p3", "n1")]).await;
    assert_eq!(stream.next().await.unwrap().pods.len(), 1);
}
