//! The chart's admission policies: refusals, warnings, and roles of authors of policies.

use crate::rendered::{has_argument, named, of_kind, pod, render, template};
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::helm::Helm;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn names(objects: &[Value], kind: &str) -> BTreeSet<String> {
    let names = of_kind(objects, kind).into_iter().filter_map(|object| object["metadata"]["name"].as_str());
    names.map(str::to_owned).collect()
}

#[test]
fn policies_of_admission_are_bound_and_fail_open() -> Result<()> {
    let objects = template(Helm::Three, &[])?;
    let policies = of_kind(&objects, "ValidatingAdmissionPolicy");
    assert_eq!(names(&objects, "ValidatingAdmissionPolicy"), names(&objects, "ValidatingAdmissionPolicyBinding"));
    ensure!(policies.len() >= 6, "{} policies", policies.len());
    for policy in policies {
        assert_eq!(policy["spec"]["failurePolicy"], "Ignore");
        for validation in policy["spec"]["validations"].as_array().context("no validations")? {
            ensure!(validation["message"].as_str().is_some_and(|message| message.len() > 20), "{validation}");
        }
    }
    let refusing = of_kind(&objects, "ValidatingAdmissionPolicyBinding");
    let refusing = refusing.iter().filter(|binding| binding["spec"]["validationActions"] == json!(["Deny"]));
    let refusing: Vec<_> = refusing.map(|binding| &binding["metadata"]["name"]).collect();
    assert_eq!(refusing, ["longwire-root-namespace"]);
    Ok(())
}

#[test]
fn the_namespace_that_counts_for_the_cluster_is_the_releases_own() -> Result<()> {
    let text = render(Helm::Three, &["--namespace=watch", "--kube-version=1.30.0"])?;
    let objects: Vec<Value> = serde_saphyr::from_multiple::<Value>(&text)?;
    for name in ["longwire-root-namespace", "longwire-selectors"] {
        let policy = named(&objects, "ValidatingAdmissionPolicy", name)?;
        let expression = policy["spec"]["validations"][0]["expression"].as_str().context("no expression")?;
        ensure!(expression.contains("\"watch\""), "{expression}");
    }
    Ok(())
}

#[test]
fn each_cluster_wide_field_is_refused_elsewhere() -> Result<()> {
    let objects = template(Helm::Three, &[])?;
    let policy = named(&objects, "ValidatingAdmissionPolicy", "longwire-root-namespace")?;
    let rule = &policy["spec"]["validations"][0];
    for field in ["reportingInterval", "budgets", "limits", "exporters"] {
        let [is_checked, is_named] =
            [("expression", format!("has(object.spec.{field})")), ("message", format!("spec.{field}"))]
                .map(|(part, words)| rule[part].as_str().is_some_and(|text| text.contains(&words)));
        ensure!(is_checked && is_named, "{field}: {rule}");
    }
    Ok(())
}

#[test]
fn admission_policies_are_created_only_where_supported_and_enabled() -> Result<()> {
    for words in [&["--kube-version=1.29.3"][..], &["--kube-version=1.37.1", "--set=admission.policies=false"]] {
        for helm in Helm::BOTH {
            let text = render(helm, &[&["--namespace=longwire-system"], words].concat())?;
            ensure!(!text.contains("ValidatingAdmissionPolicy"), "{words:?}");
            ensure!(text.contains("longwire-operator"), "{words:?} make nothing at all");
        }
    }
    Ok(())
}

#[test]
fn viewers_of_a_namespace_read_policies_and_editors_and_admins_write_them() -> Result<()> {
    let objects = template(Helm::Three, &[])?;
    let kinds = json!(["telemetrypolicies", "statsmatchers", "extrastattags"]);
    let mut verbs = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    for role in of_kind(&objects, "ClusterRole") {
        for (to, verbs) in ["view", "edit", "admin"].into_iter().zip(&mut verbs) {
            let label = format!("rbac.authorization.k8s.io/aggregate-to-{to}");
            if role["metadata"]["labels"][&label] == "true" {
                let rules = role["rules"].as_array().context("no rules")?.iter();
                // Those of the live API have a test of their own.
                for rule in rules.filter(|rule| rule["apiGroups"] != json!([longwire_live::GROUP])) {
                    assert_eq!((&rule["apiGroups"], &rule["resources"]), (&json!(["telemetry.longwire.io"]), &kinds));
                    verbs.extend(
                        rule["verbs"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
                    );
                }
            }
        }
    }
    let set = |verbs: &[&str]| verbs.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let writes = set(&["create", "update", "patch", "delete", "deletecollection"]);
    assert_eq!(verbs, [set(&["get", "list", "watch"]), writes.clone(), writes]);
    Ok(())
}

#[test]
fn the_webhook_is_there_as_a_whole_or_not_at_all_and_fails_open() -> Result<()> {
    for (set, is_on) in [(&[][..], false), (&["admission.webhook=true"], true)] {
        let objects = template(Helm::Three, set)?;
        let operator = pod(&objects, "Deployment")?;
        assert_eq!(has_argument(operator, "--webhook-listen=0.0.0.0:15013"), is_on);
        let service = of_kind(&objects, "Service").first().copied().context("no Service")?;
        for ports in [&service["spec"]["ports"], &operator["containers"][0]["ports"]] {
            assert_eq!(ports.to_string().contains("15013"), is_on, "{ports}");
        }
        let rules = named(&objects, "ClusterRole", "longwire-operator")?["rules"].to_string();
        assert_eq!(rules.contains(r#""resourceNames":["longwire-policies"]"#), is_on);
        let webhooks = of_kind(&objects, "ValidatingWebhookConfiguration");
        assert_eq!(webhooks.len(), usize::from(is_on));
        for webhook in webhooks {
            let hook = &webhook["webhooks"][0];
            assert_eq!(webhook["metadata"]["name"], "longwire-policies");
            assert_eq!(hook["name"], "policies.telemetry.longwire.io");
            assert_eq!((&hook["failurePolicy"], &hook["timeoutSeconds"]), (&json!("Ignore"), &json!(2)));
        }
    }
    Ok(())
}
