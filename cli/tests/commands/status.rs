//! `kubectl longwire status` against an API server of the test.

use crate::api_server::{ApiServer, list};
use crate::online::kubeconfig;
use crate::said;
use rstest::rstest;
use serde_json::{Value, json};
use std::process::Command;

const PROBES: &str = "/apis/live.telemetry.longwire.io/v1alpha1/probes";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/longwire-system/deployments/longwire-operator";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/longwire-system/leases/longwire-operator";

fn probe(node: &str, connected: bool) -> Value {
    let mut probe = json!({
        "metadata": {"name": node}, "spec": {"node": node},
        "status": {"connected": connected, "ready": true, "release": "0.1.0", "revision": {"applied": 7, "wanted": 7}},
    });
    if connected {
        probe["status"]["facts"] = json!({
            "kernel": "6.1.0-amd64", "architecture": "x86_64", "uptimeSeconds": 90,
            "budgets": [{"name": "series", "used": 120, "limit": 1_000}, {"name": "connections", "used": 1, "limit": 99}],
            "lag": {"passMilliseconds": 812, "passIntervalMilliseconds": 5_000},
        });
    }
    probe
}

/// With these lost connections.
fn losing(node: &str, count: u64) -> Value {
    let mut probe = probe(node, true);
    probe["status"]["facts"]["losses"] =
        json!([{"metric": "longwire_probe_kernel_losses_total", "reason": "connections_full", "count": count}]);
    probe
}

/// Two probes; the second is connected or not.
fn cluster(second: bool) -> ApiServer {
    let server = ApiServer::start();
    server.serve(PROBES, list(&[probe("n1", true), probe("n2", second)]));
    server.serve(
        DEPLOYMENT,
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "longwire-operator"},
            "spec": {
                "replicas": 2, "selector": {},
                "template": {"spec": {"containers": [{"name": "operator"}]}},
            },
            "status": {"readyReplicas": 2},
        }),
    );
    server.serve(
        LEASE,
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "longwire-operator"},
            // No test is as late as this.
            "spec": {"holderIdentity": "op-a", "leaseDurationSeconds": 7, "renewTime": "2200-01-01T00:00:00.000000Z"},
        }),
    );
    server
}

fn status(server: &ApiServer, words: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let config = kubeconfig(home.path(), "config", server.url());
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-longwire"));
    command.env_clear().env("KUBECONFIG", config).env("HOME", home.path()).arg("status").args(words);
    said(command.output().unwrap())
}

#[test]
fn all_is_well() {
    let expected = "\
Operator: 2 of 2 replicas ready, the Lease is held by op-a
Probes:   2 of 2 connected

NAME   CONNECTED   READY   RELEASE   PROGRAMMED   KERNEL        BUDGET   LOSSES   LAG
n1     True        True    0.1.0     7/7          6.1.0-amd64   12%      0        0.8s
n2     True        True    0.1.0     7/7          6.1.0-amd64   12%      0        0.8s

All is well.
";
    assert_eq!(status(&cluster(true), &[]), (Some(0), expected.to_owned(), String::new()));
}

#[test]
fn a_missing_probe_is_named_with_a_remedy() {
    let expected = "\
Operator: 2 of 2 replicas ready, the Lease is held by op-a
Probes:   1 of 2 connected

NAME   CONNECTED   READY   RELEASE   PROGRAMMED   KERNEL        BUDGET   LOSSES   LAG      REFUSAL   NOTICES
n1     True        True    0.1.0     7/7          6.1.0-amd64   12%      0        0.8s     <none>    0
n2     False       True    0.1.0     7/7          <none>        <none>   <none>   <none>   <none>    0

node n2: the probe is not connected to the leading operator
    `kubectl get pods -n longwire-system -l app.kubernetes.io/component=probe --field-selector spec.nodeName=n2` names its pod, whose log \
says why; a NetworkPolicy must let it reach port 15010.

1 problem.
";
    assert_eq!(status(&cluster(false), &["-o", "wide"]), (Some(2), expected.to_owned(), String::new()));
}

#[test]
fn what_a_probe_loses_is_looked_at_twice() {
    let server = cluster(true);
    server.serve(PROBES, list(&[losing("n1", 3)]));
    let (code, text, _) = std::thread::scope(|scope| {
        let asked = scope.spawn(|| status(&server, &[]));
        server.await_asked(PROBES, 1);
        server.serve(PROBES, list(&[losing("n1", 15)]));
        asked.join().unwrap()
    });
    let (table, growth) = text.split_once("12 more in the last ").unwrap_or_else(|| panic!("{text}"));
    let expected = "\
NAME   CONNECTED   READY   RELEASE   PROGRAMMED   KERNEL        BUDGET   LOSSES   LAG
n1     True        True    0.1.0     7/7          6.1.0-amd64   12%      15       0.8s

node n1: it has lost 15 connections or their ends, because maps in the kernel were full: longwire_probe_kernel_losses_total, \
connections_full 15; ";
    assert_eq!((code, table.ends_with(expected)), (Some(2), true), "{text}");
    let rest = " s (the probe runs for 1m30s)\n    docs/runbooks/LongwireEventsLost.md has the remedy for each reason.\n\n1 problem.\n";
    assert!(growth.ends_with(rest), "{text}");
}

#[test]
fn programs_read_the_same_as_json_and_yaml() {
    let server = cluster(false);
    let (code, text, _) = status(&server, &["-o", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, Some(2));
    assert_eq!((&json["healthy"], &json["operator"]), (&json!(false), &json!({"replicas": 2, "ready": 2})));
    assert_eq!((&json["leader"]["holder"], &json["findings"][0]["about"]), (&json!("op-a"), &json!("node n2")));
    assert_eq!((&json["probes"][1]["kind"], &json["probes"][1]["metadata"]["name"]), (&json!("Probe"), &json!("n2")));
    let yaml: Value = serde_saphyr::from_str(&status(&server, &["-o", "yaml"]).1).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn who_may_only_list_probes_is_told_what_is_not_known() {
    let server = cluster(true);
    server.refuse(DEPLOYMENT, 403, "Forbidden");
    server.refuse(LEASE, 403, "Forbidden");
    let (code, text, error) = status(&server, &[]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert!(text.starts_with("Operator: you may not read its Deployment\nProbes:   2 of 2 connected\n"), "{text}");
}

#[test]
fn an_api_that_nobody_answers_is_wrong() {
    let server = cluster(true);
    server.refuse(PROBES, 503, "ServiceUnavailable");
    let (code, text, _) = status(&server, &[]);
    assert_eq!(code, Some(2));
    assert!(text.contains("live API: nobody answers it, so nothing is known of the probes: "), "{text}");
    assert!(text.contains("`kubectl get apiservice v1alpha1.live.telemetry.longwire.io -o yaml` says why."), "{text}");
    assert_eq!(server.asked().iter().filter(|asked| asked.path == PROBES).count(), 1);
}

#[rstest]
#[case::not_installed(
    404,
    "NotFound",
    "switch it on with `helm upgrade longwire charts/longwire --namespace longwire-system \
--reuse-values --set live.enabled=true`"
)]
#[case::no_right(403, "Forbidden", "you may not list probes.live.telemetry.longwire.io: ")]
#[case::unknown_user(401, "Unauthorized", "the cluster does not answer: ")]
fn what_cannot_be_asked_is_said_on_standard_error(#[case] code: u16, #[case] reason: &str, #[case] expected: &str) {
    let server = cluster(true);
    server.refuse(PROBES, code, reason);
    let (code, text, error) = status(&server, &[]);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(error.contains(expected), "{error}");
}

#[test]
fn probes_are_read_page_by_page() {
    let server = cluster(true);
    server.set_page(1);
    let (code, text, _) = status(&server, &[]);
    assert_eq!((code, text.contains("2 of 2 connected")), (Some(0), true), "{text}");
}

#[test]
fn names_cannot_move_the_cursor() {
    let server = cluster(true);
    let mut evil = probe("n1", true);
    evil["status"]["refusal"] = "\u{1b}[2Jgone".into();
    server.serve(PROBES, list(&[evil]));
    let (code, text, _) = status(&server, &["-o", "wide"]);
    assert_eq!((code, text.contains('\u{1b}'), text.matches("\u{fffd}[2Jgone").count()), (Some(2), false, 2), "{text}");
}

#[test]
fn help_reads_well() {
    let (code, text, _) = status(&ApiServer::start(), &["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kubectl longwire status [OPTIONS]"), "{text}");
    assert!(text.contains("Exit code: 0 if all is well, 2 if something is wrong, 1 if"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 150), "{text}");
}
