//! The effect of `metrics.auth`; nothing of it exists without it.

use crate::rendered::{of_kind, template};
use anyhow::{Context, Result};
use longwire_kubernetes::helm::Helm;
use serde_json::{Value, json};

fn named<'a>(objects: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    of_kind(objects, kind).into_iter().find(|object| object["metadata"]["name"] == name)
}

fn has_flag(objects: &[Value], kind: &str) -> bool {
    let arguments = of_kind(objects, kind).into_iter().flat_map(|object| {
        object["spec"]["template"]["spec"]["containers"][0]["args"].as_array().cloned().unwrap_or_default()
    });
    arguments.into_iter().any(|argument| argument == "--metrics-auth")
}

fn may_review_access(objects: &[Value]) -> Result<bool> {
    let role = named(objects, "ClusterRole", "longwire-operator").context("no ClusterRole")?;
    let rules = role["rules"].as_array().context("no rules")?;
    Ok(rules
        .iter()
        .any(|rule| rule["resources"] == json!(["subjectaccessreviews"]) && rule["verbs"] == json!(["create"])))
}

#[test]
fn readers_are_demanded_by_both_programs_or_by_none() -> Result<()> {
    for (set, is_on) in [(&[][..], false), (&["metrics.auth=true"], true)] {
        let objects = template(Helm::Three, set)?;
        assert_eq!([has_flag(&objects, "Deployment"), has_flag(&objects, "DaemonSet")], [is_on; 2]);
        assert_eq!(may_review_access(&objects)?, is_on);
        let role = named(&objects, "ClusterRole", "longwire-metrics-reader");
        let rules = is_on.then(|| json!([{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]));
        assert_eq!(role.map(|role| role["rules"].clone()), rules);
        // The installation lets only its test read, while that runs.
        let bindings = of_kind(&objects, "ClusterRoleBinding");
        let to_readers = bindings.into_iter().filter(|binding| binding["roleRef"]["name"] == "longwire-metrics-reader");
        let names: Vec<_> = to_readers.map(|binding| binding["metadata"]["name"].clone()).collect();
        assert_eq!(names, if is_on { vec![json!("longwire-test")] } else { vec![] });
    }
    Ok(())
}

#[test]
fn a_pod_monitor_has_a_token_that_is_good_for_nothing_else() -> Result<()> {
    let objects = template(Helm::Three, &["metrics.auth=true", "metrics.scrape=podMonitor"])?;
    for monitor in of_kind(&objects, "PodMonitor") {
        let authorization = &monitor["spec"]["podMetricsEndpoints"][0]["authorization"];
        let credentials = json!({"name": "longwire-metrics-reader", "key": "token"});
        assert_eq!(*authorization, json!({"type": "Bearer", "credentials": credentials}));
    }
    let secret = named(&objects, "Secret", "longwire-metrics-reader").context("no Secret")?;
    assert_eq!(secret["type"], "kubernetes.io/service-account-token");
    let account = &secret["metadata"]["annotations"]["kubernetes.io/service-account.name"];
    assert_eq!(account, "longwire-metrics-reader");
    let binding = named(&objects, "ClusterRoleBinding", "longwire-metrics-reader").context("no binding")?;
    assert_eq!(binding["subjects"][0]["name"], *account);
    let without = template(Helm::Three, &["metrics.scrape=podMonitor"])?;
    assert_eq!(of_kind(&without, "Secret").len(), 0);
    for monitor in of_kind(&without, "PodMonitor") {
        assert_eq!(monitor["spec"]["podMetricsEndpoints"][0]["authorization"], Value::Null);
    }
    Ok(())
}

#[test]
fn the_test_reads_as_a_reader() -> Result<()> {
    for (set, is_on) in [(&[][..], false), (&["metrics.auth=true"], true)] {
        let objects = template(Helm::Three, set)?;
        let pod = named(&objects, "Pod", "longwire-test").context("no test")?;
        let arguments = pod["spec"]["containers"][0]["args"].as_array().context("args")?;
        let flag = json!("--probe-token=/var/run/secrets/longwire/token");
        assert_eq!(arguments.contains(&flag), is_on);
        assert_eq!(pod["spec"]["serviceAccountName"] == "longwire-test", is_on);
        assert_eq!(named(&objects, "ServiceAccount", "longwire-test").is_some(), is_on);
    }
    Ok(())
}
