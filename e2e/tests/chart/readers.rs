//! The effect of `metrics.auth`; nothing of it exists without it.

use crate::rendered::{has_argument, named, of_kind, template};
use anyhow::{Context, Result};
use longwire_kubernetes::helm::Helm;
use serde_json::{Value, json};

fn has_flag(objects: &[Value], kind: &str) -> bool {
    let mut pods = of_kind(objects, kind).into_iter().map(|object| &object["spec"]["template"]["spec"]);
    pods.any(|pod| has_argument(pod, "--metrics-auth"))
}

fn may_review_access(objects: &[Value]) -> Result<bool> {
    let rules = named(objects, "ClusterRole", "longwire-operator")?["rules"].as_array().context("no rules")?;
    let [reviews, create] = [json!(["subjectaccessreviews"]), json!(["create"])];
    Ok(rules.iter().any(|rule| rule["resources"] == reviews && rule["verbs"] == create))
}

#[test]
fn readers_are_demanded_by_both_programs_or_by_none() -> Result<()> {
    // The live API reviews access too.
    for (set, is_on) in [(&["live.enabled=false"][..], false), (&["live.enabled=false", "metrics.auth=true"], true)] {
        let objects = template(Helm::Three, set)?;
        assert_eq!([has_flag(&objects, "Deployment"), has_flag(&objects, "DaemonSet")], [is_on; 2]);
        assert_eq!(may_review_access(&objects)?, is_on);
        let role = named(&objects, "ClusterRole", "longwire-metrics-reader").ok();
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
    let secret = named(&objects, "Secret", "longwire-metrics-reader")?;
    assert_eq!(secret["type"], "kubernetes.io/service-account-token");
    let account = &secret["metadata"]["annotations"]["kubernetes.io/service-account.name"];
    assert_eq!(account, "longwire-metrics-reader");
    let binding = named(&objects, "ClusterRoleBinding", "longwire-metrics-reader")?;
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
        let pod = &named(&objects, "Pod", "longwire-test")?["spec"];
        assert_eq!(has_argument(pod, "--probe-token=/var/run/secrets/longwire/token"), is_on);
        assert_eq!(pod["serviceAccountName"] == "longwire-test", is_on);
        assert_eq!(named(&objects, "ServiceAccount", "longwire-test").is_ok(), is_on);
    }
    Ok(())
}
