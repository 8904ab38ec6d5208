//! The answers of the validating webhook to an API server.

use super::{LONG, NAME, Secured, TIMEOUT};
use crate::api_server::ApiServer;
use longwire_crds::WEBHOOK;
use longwire_operator::serve::webhook;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// Sends an AdmissionReview like kube-apiserver: HTTP/1.1 over TLS, with the CA bundle of the webhook's configuration.
async fn admit(address: SocketAddr, ca_bundle: &str, review: &Value) -> Value {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_bundle.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(NAME).unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let body = review.to_string();
    let head = format!(
        "POST /review?timeout=2s HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that closes without `close_notify` has sent everything too.
    let _ = tokio::time::timeout(TIMEOUT, stream.read_to_end(&mut answer)).await.expect("an answer");
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn review(spec: &Value) -> Value {
    let object = json!({
        "apiVersion": "telemetry.longwire.io/v1alpha1", "kind": "TelemetryPolicy",
        "metadata": {"name": "p", "namespace": "shop", "uid": "u"}, "spec": spec,
    });
    let kind = json!({"group": "telemetry.longwire.io", "version": "v1alpha1", "kind": "TelemetryPolicy"});
    let request = json!({"uid": "7", "kind": kind, "operation": "CREATE", "object": object, "oldObject": null});
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
}

#[tokio::test]
async fn a_policy_that_would_not_be_accepted_is_refused_and_another_one_allowed() {
    let (api, client) = ApiServer::start().await;
    let flags = [&LONG[..], &["--webhook-listen", "127.0.0.1:0"]].concat();
    let operator = Secured::beside(api, &client, &flags).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(webhook::serve(listener, operator.guard.certificate.clone(), "watch".to_owned()));
    let ca_bundle = operator.api.bundle(|_| true).await;

    let configuration = operator.api.webhook().await;
    assert_eq!(configuration["webhooks"][0]["name"], WEBHOOK.1);
    // In base64 it is longer.
    assert!(configuration["webhooks"][0]["clientConfig"]["caBundle"].as_str().unwrap().len() > ca_bundle.len());

    let wrong = json!({"overrides": [{"tagOverrides": {"team": {"value": "source.wrkload"}}}]});
    let refused = admit(address, &ca_bundle, &review(&wrong)).await;
    assert_eq!((&refused["response"]["uid"], &refused["response"]["allowed"]), (&json!("7"), &json!(false)));
    let message = refused["response"]["status"]["message"].as_str().unwrap();
    assert!(message.contains("spec.overrides[0].tagOverrides.team.value"), "{message}");
    assert_eq!((&refused["apiVersion"], &refused["kind"]), (&json!("admission.k8s.io/v1"), &json!("AdmissionReview")));

    let allowed = admit(address, &ca_bundle, &review(&json!({"seriesSets": ["istio"]}))).await;
    assert_eq!(allowed["response"], json!({"uid": "7", "allowed": true}));
}
