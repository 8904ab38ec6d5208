//! Who gets a stream, and for how long.

use super::{AUDIENCE, PROBE, Secured, end_of, good, probe_pod};
use crate::api_server::token;
use tonic::Code;

/// Seconds after which a token expires, and for which the machine may stall before it is admitted.
const SOON: i64 = 7;

#[tokio::test]
async fn a_probe_with_its_token_is_sent_its_configuration() {
    let operator = Secured::start().await;
    operator.admitted(&good()).await;
    assert_eq!(operator.counters.reviews().get("api_server"), Some(&1));
}

#[tokio::test]
async fn any_caller_but_the_nodes_probe_is_refused_with_a_reason() {
    let operator = Secured::start().await;
    let cases = [
        (None, Code::Unauthenticated, "no token: send `authorization: Bearer`", "no_token"),
        (Some("nonsense".to_owned()), Code::Unauthenticated, "the token is invalid: it is not three parts", "invalid"),
        (
            Some(token(PROBE, "p1", "other", 600)),
            Code::Unauthenticated,
            "the token is invalid: it is not for audience longwire-operator",
            "invalid",
        ),
        (
            Some(token(PROBE, "p1", AUDIENCE, -1)),
            Code::Unauthenticated,
            "the API server does not accept the token: [invalid bearer token, service account token has expired]",
            "rejected",
        ),
        (
            Some(token("web", "p1", AUDIENCE, 600)),
            Code::PermissionDenied,
            "the token is of system:serviceaccount:watch:web, and only system:serviceaccount:watch:longwire-probe may connect",
            "other_account",
        ),
        (
            Some(token(PROBE, "p9", AUDIENCE, 600)),
            Code::PermissionDenied,
            "pod p9 is not known to be alive",
            "pod_gone",
        ),
        (
            Some(token(PROBE, "p2", AUDIENCE, 600)),
            Code::PermissionDenied,
            "the token is of a pod of node n2, and hello says node n1",
            "other_node",
        ),
        (
            Some("x".repeat(8_193)),
            Code::Unauthenticated,
            "the token is invalid: it is longer than 8192 bytes",
            "invalid",
        ),
    ];
    let mut counted = std::collections::BTreeMap::new();
    for (token, code, text, reason) in cases {
        let (found, message) = operator.refusal(token.as_deref()).await;
        assert_eq!(found, code, "{message}");
        assert!(message.starts_with(text), "{message}");
        assert!(token.is_none_or(|token| !message.contains(&token)), "the message has the token: {message}");
        *counted.entry(reason).or_insert(0_u64) += 1;
    }
    assert_eq!(operator.counters.refusals(), counted);
    // The rest was seen without it.
    assert_eq!(operator.api.reviews(), 2);
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let operator = Secured::start().await;
    let status = operator.admitted(&token(PROBE, "p1", AUDIENCE, SOON)).await.last_status().await;
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "token expired"));
    assert_eq!(operator.counters.refusals().get("expired"), Some(&1));
}

#[tokio::test]
async fn a_newer_token_of_its_pod_lets_a_stream_live_on() {
    let operator = Secured::start().await;
    let mut renewed = operator.admitted(&token(PROBE, "p1", AUDIENCE, SOON)).await;
    renewed.authenticate(good()).await;
    let mut other = operator.admitted(&token(PROBE, "p1", AUDIENCE, SOON + 1)).await;
    assert_eq!(other.last_status().await.message(), "token expired");
    // It was older than the other, and still receives updates.
    operator.send_events(vec![probe_pod("p3", "n1")]).await;
    assert_eq!(renewed.next().await.unwrap().pods.len(), 1);
    // A token of another pod ends it.
    renewed.authenticate(token(PROBE, "p2", AUDIENCE, 600)).await;
    let status = renewed.last_status().await;
    let text = "the new token is that of another pod than the stream's";
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, text));
}

#[tokio::test]
async fn a_stream_ends_with_its_pod() {
    let operator = Secured::start().await;
    let mut stream = operator.admitted(&good()).await;
    operator.send_events(vec![end_of("p1")]).await;
    let status = stream.last_status().await;
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "pod p1 is not known to be alive"));
}

#[tokio::test]
async fn without_the_api_server_its_keys_and_the_living_pods_decide() {
    let operator = Secured::start().await;
    // Its keys are known by then.
    operator.admitted(&good()).await;
    operator.api.set_away(true);
    let fresh = token(PROBE, "p1", AUDIENCE, 500);
    operator.admitted(&fresh).await;
    assert_eq!(operator.counters.reviews().get("keys"), Some(&1));
    for (token, text) in [
        (token(PROBE, "p1", "other", 600), "the token is invalid: it is not for audience longwire-operator"),
        (token(PROBE, "p1", AUDIENCE, -1), "the API server does not accept the token: ExpiredSignature"),
        (token(PROBE, "p9", AUDIENCE, 600), "pod p9 is not known to be alive"),
        (token("web", "p1", AUDIENCE, 600), "the token is of system:serviceaccount:watch:web, and only"),
    ] {
        let (_, message) = operator.refusal(Some(&token)).await;
        assert!(message.starts_with(text), "{message}");
    }
    // What is revoked is found out when it is back.
    operator.api.revoke(&fresh);
    operator.api.set_away(false);
    let (code, message) = operator.refusal(Some(&fresh)).await;
    assert_eq!(code, Code::Unauthenticated, "{message}");
}

#[tokio::test]
async fn a_probe_that_reconnects_asks_the_api_server_nothing() {
    let operator = Secured::start().await;
    let token = good();
    for _ in 0..3 {
        operator.admitted(&token).await;
    }
    assert_eq!(operator.api.reviews(), 1);
}
