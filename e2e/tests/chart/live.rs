//! The effect of `live.enabled`, which is on by default; nothing of it exists without it.

use crate::rendered::{has_argument, named, of_kind, pod, template};
use anyhow::{Context, Result, ensure};
use longwire_crds::names::OPERATOR;
use longwire_kubernetes::helm::Helm;
use longwire_live::{API_SERVICE, GROUP, RESOURCES, VERSION};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OFF: &[&str] = &["live.enabled=false"];

fn has_rule(role: &Value, resource: &str, verbs: &Value) -> bool {
    let mut rules = role["rules"].as_array().into_iter().flatten();
    rules.any(|rule| rule["resources"] == json!([resource]) && rule["verbs"] == *verbs)
}

#[test]
fn the_live_api_is_there_as_a_whole_or_not_at_all() -> Result<()> {
    for (set, is_on) in [(&[][..], true), (OFF, false)] {
        let objects = template(Helm::Three, set)?;
        let operator = pod(&objects, "Deployment")?;
        assert_eq!(has_argument(operator, "--live-listen=0.0.0.0:15014"), is_on);
        let service = of_kind(&objects, "Service").first().copied().context("no Service")?;
        for ports in [&service["spec"]["ports"], &operator["containers"][0]["ports"]] {
            assert_eq!(ports.to_string().contains("15014"), is_on, "{ports}");
        }
        let role = named(&objects, "ClusterRole", OPERATOR)?;
        assert_eq!(has_rule(role, "subjectaccessreviews", &json!(["create"])), is_on);
        assert_eq!(has_rule(role, "apiservices", &json!(["patch", "delete"])), is_on);
        assert_eq!(named(&objects, "NetworkPolicy", OPERATOR)?.to_string().contains(r#""port":"live""#), is_on);
        assert_eq!(of_kind(&objects, "APIService").len(), usize::from(is_on));
        assert_eq!(of_kind(&objects, "ClusterRole").iter().any(|role| role.to_string().contains(GROUP)), is_on);
        let elsewhere = objects.iter().filter(|object| object["metadata"]["namespace"] == "kube-system");
        assert_eq!(elsewhere.count(), usize::from(is_on));
    }
    Ok(())
}

#[test]
fn the_api_service_leads_to_a_port_of_the_operator_by_its_name() -> Result<()> {
    let objects = template(Helm::Three, &[])?;
    let service = &named(&objects, "APIService", API_SERVICE)?["spec"];
    assert_eq!((&service["group"], &service["version"]), (&json!(GROUP), &json!(VERSION)));
    assert_eq!(service["service"], json!({"name": OPERATOR, "namespace": "longwire-system", "port": 15014}));
    // The operator writes its authority there, and an upgrade keeps it.
    assert_eq!(service["caBundle"], Value::Null);
    assert_eq!(service["insecureSkipTLSVerify"], Value::Null);
    // kube-apiserver looks for an endpoint of the port's name.
    let ports = named(&objects, "Service", OPERATOR)?["spec"]["ports"].as_array().context("no ports")?;
    let port = ports.iter().find(|port| port["port"] == 15014).context("no port")?;
    assert_eq!((&port["name"], &port["targetPort"]), (&json!("https-live"), &json!("live")));
    let rules = named(&objects, "ClusterRole", OPERATOR)?["rules"].as_array().context("no rules")?;
    let rule = rules.iter().find(|rule| rule["resources"] == json!(["apiservices"])).context("no rule")?;
    assert_eq!(rule["resourceNames"], json!([API_SERVICE]));
    Ok(())
}

/// `view` and its like include exactly what the operator serves.
#[test]
fn the_roles_name_every_resource_with_its_verbs() -> Result<()> {
    let objects = template(Helm::Three, &[])?;
    let mut found = BTreeSet::new();
    for role in of_kind(&objects, "ClusterRole") {
        for rule in role["rules"].as_array().into_iter().flatten().filter(|rule| rule["apiGroups"] == json!([GROUP])) {
            let labels = role["metadata"]["labels"].to_string();
            ensure!(labels.contains("rbac.authorization.k8s.io/aggregate-to-"), "{labels}");
            for resource in rule["resources"].as_array().into_iter().flatten() {
                let verbs: BTreeSet<_> = rule["verbs"].as_array().into_iter().flatten().map(Value::to_string).collect();
                found.insert((resource.as_str().unwrap_or_default().to_owned(), verbs));
            }
        }
    }
    let served = RESOURCES.iter().map(|resource| {
        let verbs = resource.verbs.iter().map(|verb| json!(verb.name()).to_string()).collect();
        (resource.plural.to_owned(), verbs)
    });
    assert_eq!(found, served.collect());
    Ok(())
}
