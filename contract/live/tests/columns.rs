//! Tables, discovery and the types of objects.

use longwire_live::connection::{ConnectionStatus, Phase, Side};
use longwire_live::effective_telemetry::EffectiveTelemetryStatus;
use longwire_live::end::{Directions, End, EndReport};
use longwire_live::probe::{BudgetUse, Lag, Loss, ProbeFacts, ProbeSpec, ProbeStatus, Revisions};
use longwire_live::resources::{Scope, resource};
use longwire_live::{API_SERVICE, API_VERSION, GROUP, Probe, RESOURCES, discovery};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn cells(object: &Value) -> Value {
    resource("probes").unwrap().columns.iter().map(|column| (column.cell)(object)).collect()
}

#[test]
fn a_probe_in_its_columns() {
    let mut probe = Probe::new("n1", ProbeSpec { node: "n1".to_owned() });
    probe.status = Some(ProbeStatus {
        connected: true,
        ready: Some(false),
        release: Some("0.1.0".to_owned()),
        revision: Revisions { applied: Some(3), wanted: 4 },
        refusal: Some("too large".to_owned()),
        notices: vec!["a".to_owned(), "b".to_owned()],
        facts: Some(facts()),
    });
    let object = serde_json::to_value(&probe).unwrap();
    assert_eq!((&object["apiVersion"], &object["kind"]), (&json!(API_VERSION), &json!("Probe")));
    assert_eq!(
        cells(&object),
        json!(["n1", "True", "False", "0.1.0", "3/4", "6.1.0-50-amd64", "91%", "7", "1.2s", "too large", 2])
    );
    probe.status = Some(ProbeStatus { revision: Revisions { applied: None, wanted: 4 }, ..ProbeStatus::default() });
    let object = serde_json::to_value(&probe).unwrap();
    assert_eq!(object["status"], json!({"connected": false, "revision": {"wanted": 4}}));
    let none = "<none>";
    assert_eq!(cells(&object), json!(["n1", "False", none, none, "-/4", none, none, none, none, none, 0]));
    // A probe that has just started, and one whose pass is late.
    for (milliseconds, expected) in [(None, none), (Some(59_999), "59.9s"), (Some(3_600_000), "3600s")] {
        let lag = Lag { pass_milliseconds: milliseconds, ..Lag::default() };
        probe.status =
            Some(ProbeStatus { facts: Some(ProbeFacts { lag, ..ProbeFacts::default() }), ..ProbeStatus::default() });
        let cells = cells(&serde_json::to_value(&probe).unwrap());
        assert_eq!((&cells[6], &cells[7], &cells[8]), (&json!(none), &json!("0"), &json!(expected)));
    }
}

fn budget(used: u64, limit: u64) -> BudgetUse {
    BudgetUse { name: "series".to_owned(), used, limit }
}

fn facts() -> ProbeFacts {
    let loss = |count| Loss { metric: "longwire_probe_closes_lost_total".to_owned(), reason: None, count };
    ProbeFacts {
        kernel: "6.1.0-50-amd64".to_owned(),
        budgets: vec![budget(5, 100), budget(919, 1_000), budget(0, 0)],
        losses: vec![loss(3), loss(4)],
        lag: Lag { pass_milliseconds: Some(1_290), ..Lag::default() },
        ..ProbeFacts::default()
    }
}

#[test]
fn a_budget_is_a_part_of_its_limit() {
    let percents = [(0, 0), (1, 0), (999, 1_000), (1_000, 1_000), (u64::MAX, u64::MAX), (30, 10)];
    let percents = percents.map(|(used, limit)| budget(used, limit).percent());
    assert_eq!(percents, [0, 100, 99, 100, 100, 300]);
    assert_eq!(facts().fullest(), Some(&budget(919, 1_000)));
    assert_eq!(ProbeFacts::default().fullest(), None);
}

#[test]
fn what_a_probe_has_not_said_is_left_out() {
    let expected = json!({
        "kernel": "", "architecture": "", "uptimeSeconds": 0, "budgets": [], "lag": {"passMilliseconds": 1_290},
    });
    let lag = Lag { pass_milliseconds: Some(1_290), ..Lag::default() };
    let facts = ProbeFacts { lag, ..ProbeFacts::default() };
    assert_eq!(serde_json::to_value(&facts).unwrap(), expected);
    assert_eq!(serde_json::from_value::<ProbeFacts>(expected).unwrap(), facts);
    // Of a release that says less, or more.
    assert_eq!(serde_json::from_value::<ProbeFacts>(json!({"newer": 1})).unwrap(), ProbeFacts::default());
}

#[test]
fn every_table_begins_with_the_name_and_explains_its_columns() {
    for resource in RESOURCES {
        let definitions: Vec<_> = resource.columns.iter().map(|column| column.definition()).collect();
        assert_eq!((&definitions[0]["name"], &definitions[0]["format"]), (&json!("Name"), &json!("name")));
        for definition in &definitions {
            assert!(definition["description"].as_str().unwrap().ends_with('.'), "{definition}");
            assert!(["string", "integer"].contains(&definition["type"].as_str().unwrap()), "{definition}");
        }
        // What only `-o wide` shows stands last.
        let wide: Vec<_> = definitions.iter().map(|definition| definition["priority"].as_i64().unwrap()).collect();
        assert!(wide.is_sorted(), "{wide:?}");
        let names: BTreeSet<_> = resource.columns.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), resource.columns.len());
    }
}

#[test]
fn all_discovery_documents_name_the_same_resources() {
    let group = discovery::group();
    assert_eq!(
        (&group["kind"], &group["apiVersion"], &group["name"]),
        (&json!("APIGroup"), &json!("v1"), &json!(GROUP))
    );
    assert_eq!(group["preferredVersion"], json!({"groupVersion": API_VERSION, "version": "v1alpha1"}));
    assert_eq!(discovery::groups()["kind"], "APIGroupList");
    assert_eq!(discovery::groups()["groups"][0]["versions"], group["versions"]);
    let resources = discovery::resources();
    assert_eq!((&resources["kind"], &resources["groupVersion"]), (&json!("APIResourceList"), &json!(API_VERSION)));
    let aggregated = discovery::aggregated();
    assert_eq!(
        (&aggregated["kind"], &aggregated["apiVersion"]),
        (&json!("APIGroupDiscoveryList"), &json!("apidiscovery.k8s.io/v2"))
    );
    let version = &aggregated["items"][0]["versions"][0];
    assert_eq!((&version["version"], &version["freshness"]), (&json!("v1alpha1"), &json!("Current")));
    for (at, resource) in RESOURCES.iter().enumerate() {
        let (plain, rich) = (&resources["resources"][at], &version["resources"][at]);
        assert_eq!((&plain["name"], &plain["kind"]), (&json!(resource.plural), &json!(resource.kind)));
        assert_eq!(plain["namespaced"], json!(resource.scope == Scope::Namespaced));
        assert_eq!((&rich["resource"], &rich["responseKind"]["kind"]), (&plain["name"], &plain["kind"]));
        assert_eq!((&rich["verbs"], &rich["singularResource"]), (&plain["verbs"], &plain["singularName"]));
    }
    assert_eq!(API_SERVICE, "v1alpha1.live.telemetry.longwire.io");
}

/// The garbage collector, quotas and the deletion of namespaces take what can be deleted or created.
#[test]
fn no_resource_has_verbs_that_bring_controllers() {
    for resource in RESOURCES {
        let verbs: Vec<_> = resource.verbs.iter().map(|verb| verb.name()).collect();
        if verbs == ["create"] {
            // As a SubjectAccessReview: controllers look for what can be listed and deleted, too.
            continue;
        }
        assert!(verbs.contains(&"list"), "{verbs:?}");
        assert!(verbs.iter().all(|verb| ["get", "list", "watch"].contains(verb)), "{verbs:?}");
    }
}

#[test]
fn what_is_not_known_of_a_connection_is_left_out() {
    let time = |text: &str| {
        k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime(text.parse::<jiff::Timestamp>().unwrap())
    };
    let status = ConnectionStatus {
        phase: Phase::Closed,
        closed_by: Some(Side::Source),
        start_time: Some(time("2026-12-01T10:00:00.000001Z")),
        bytes: Directions { from_source: 7, from_destination: 9 },
        source: Some(EndReport { rtt_microseconds: Some(80), ..EndReport::default() }),
        ..ConnectionStatus::default()
    };
    let expected = json!({
        "phase": "Closed", "closedBy": "source", "startTime": "2026-12-01T10:00:00.000001Z",
        "bytes": {"fromSource": 7, "fromDestination": 9}, "bytesPerSecond": {"fromSource": 0, "fromDestination": 0},
        "source": {"rttMicroseconds": 80},
    });
    assert_eq!(serde_json::to_value(&status).unwrap(), expected);
    assert_eq!(serde_json::from_value::<ConnectionStatus>(expected).unwrap(), status);
    assert_eq!(serde_json::to_value(End { port: Some(80), ..End::default() }).unwrap(), json!({"port": 80}));
}

#[test]
fn a_destination_is_its_pod_else_its_address_else_what_was_requested() {
    let columns = resource("connections").unwrap().columns;
    let column = columns.iter().find(|column| column.name == "Destination").unwrap();
    let shown = |destination: Value| {
        let spec = json!({"destination": destination, "requestedAddress": "10.96.0.1:443"});
        (column.cell)(&json!({"metadata": {"namespace": "shop"}, "spec": spec}))
    };
    let pod = json!({"pod": "web-0", "namespace": "shop", "address": "10.0.0.1", "port": 80});
    assert_eq!(shown(pod), json!("web-0:80"));
    assert_eq!(shown(json!({"pod": "db-0", "namespace": "data", "port": 5432})), json!("data/db-0:5432"));
    assert_eq!(shown(json!({"address": "192.0.2.1", "port": 443})), json!("192.0.2.1:443"));
    assert_eq!(shown(json!({})), json!("10.96.0.1:443"));
}

#[test]
fn an_edge_in_its_columns() {
    let columns = resource("edges").unwrap().columns;
    let shown = |object: &Value| -> Vec<Value> { columns.iter().map(|column| (column.cell)(object)).collect() };
    let full = json!({
        "metadata": {"name": "web.db.0", "namespace": "shop"},
        "spec": {"source": {"namespace": "shop", "workload": "web"}, "destination": {"namespace": "bank", "workload": "db"},
                 "service": {"name": "db", "namespace": "bank"}},
        "status": {"since": "2026-12-01T10:00:00.000000Z", "open": 3, "opened": 5, "closed": 4, "failed": {"refused": 2, "timeout": 1},
                   "bytes": {"fromSource": 1_500, "fromDestination": 7}, "bytesPerSecond": {"fromSource": 10, "fromDestination": 2_000},
                   "rttMicroseconds": {"p50": 90, "p95": 1_250, "p99": 2_000}, "retransmitRatio": 0.0125, "lostPackets": 6},
    });
    let expected = json!([
        "web.db.0",
        "web",
        "bank/db",
        "bank/db",
        3,
        5,
        3,
        "10",
        "2.0k",
        "90us",
        "1.25%",
        4,
        "1.5k/7",
        "1.2ms",
        "2.0ms",
        6,
        "refused=2,timeout=1",
        "2026-12-01T10:00:00.000000Z"
    ]);
    assert_eq!(Value::from(shown(&full)), expected);
    let none = "<none>";
    let expected = json!(["x", none, none, none, 0, 0, 0, "0", "0", none, none, 0, "0/0", none, none, 0, none, none]);
    assert_eq!(Value::from(shown(&json!({"metadata": {"name": "x"}}))), expected);
}

#[test]
fn effective_telemetry_in_its_columns() {
    let from = json!({"kind": "ExtraStatTags", "namespace": "shop", "name": "tags", "field": "spec.tags[0] team"});
    let mut lost = from.clone();
    lost["why"] = json!("another one is narrower");
    let object = json!({
        "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {"workload": "web", "node": "n1", "canonicalService": "shop-web", "canonicalRevision": "v1"},
        "status": {
            "seriesSets": [{"name": "istio", "on": true}, {"name": "kmesh-connection", "on": false}, {"name": "longwire", "on": true}],
            "overrides": [{"disabled": true, "metrics": {"noneOn": true}, "from": from}],
            "tags": [
                {"name": "source_app", "from": from},
                {"name": "team", "value": "'shop'", "from": from, "lost": [lost]},
                // Of other metrics.
                {"name": "team", "value": "'mesh'", "maxValues": 7, "metrics": {"source": ["a"]}, "moreLost": 2},
            ],
            "objects": [{"kind": "ExtraStatTags", "namespace": "shop", "name": "tags"}],
            "problems": [{"reason": "OverLimit", "message": "too many"}],
            "leftOut": 3,
        },
    });
    let columns = resource("effectivetelemetries").unwrap().columns;
    let cells: Vec<_> = columns.iter().map(|column| (column.cell)(&object)).collect();
    let expected = json!(["web-1", "web", "istio,longwire", "team", "n1", 1, "source_app", 1, 1, "shop-web"]);
    assert_eq!(json!(cells), expected);
    let none = json!({"metadata": {"name": "web-1"}, "status": {"seriesSets": []}});
    let cells: Vec<_> = columns.iter().map(|column| (column.cell)(&none)).collect();
    let unknown = "<none>";
    assert_eq!(json!(cells), json!(["web-1", unknown, unknown, unknown, unknown, 0, unknown, 0, 0, unknown]));
    // Read and written again it is the same: parts stand beside what they are from.
    let status: EffectiveTelemetryStatus = serde_json::from_value(object["status"].clone()).unwrap();
    assert_eq!(serde_json::to_value(status).unwrap(), object["status"]);
}
