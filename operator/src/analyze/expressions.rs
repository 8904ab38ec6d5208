//! Expressions that read labels which no pod has, and tags with a value for each pod or address.

use super::catalogue::Code;
use super::cluster::Cluster;
use super::collect::Findings;
use super::read::Known;
use super::suggest;
use crate::source::object::Object;
use crate::source::object::policy::{ExtraStatTags, TelemetryPolicy};
use longwire_model::expression::{Attribute, Condition, End, Expression, LabelOf, Property, Shown};
use std::collections::BTreeSet;

pub(super) fn check(cluster: &Cluster<'_>, findings: &mut Findings) {
    let labels = cluster.pods().flat_map(|pod| pod.labels.keys()).map(String::as_str).collect();
    for (key, known) in cluster.accepted() {
        let of = Of { known, labels: &labels, has_pods: !cluster.selected(key).is_empty() };
        match &known.object {
            Object::ExtraStatTags(tags) => of.tags(tags, findings),
            Object::TelemetryPolicy(policy) => of.overrides(policy, findings),
            _ => {}
        }
    }
}

/// An object, and what is known of pods beside it.
struct Of<'a> {
    known: &'a Known,
    /// Names of labels that some pod has, of any namespace: each may be the other end of a connection.
    labels: &'a BTreeSet<&'a str>,
    /// It selects some.
    has_pods: bool,
}

impl Of<'_> {
    fn tags(&self, tags: &ExtraStatTags, findings: &mut Findings) {
        let Ok(spec) = &tags.spec else { return };
        for (at, tag) in spec.tags.iter().enumerate() {
            let field = format!("spec.tags[{at}].value");
            self.labels(&field, &tag.value, findings);
            if !self.known.value["spec"]["tags"][at]["maxValues"].is_number() {
                let bound = format!("after {} of them it is overflow", tag.max_values);
                self.values(&field, &tag.value, &bound, findings);
            }
        }
    }

    fn overrides(&self, policy: &TelemetryPolicy, findings: &mut Findings) {
        let Ok(spec) = &policy.spec else { return };
        let mut seen = BTreeSet::new();
        for (name, overrides) in &spec.tags {
            for (_, change) in overrides.iter() {
                let Some(value) = change.value.as_ref().filter(|_| seen.insert((change.at, name))) else { continue };
                let field = format!("{}.tagOverrides.{name}.value", change.at);
                self.labels(&field, value, findings);
                self.values(&field, value, "and nothing bounds their number", findings);
            }
        }
        if let Some(filter) = &spec.access_logs.filter {
            self.filter("spec.accessLogs.filter", filter, findings);
        }
    }

    fn labels(&self, field: &str, expression: &Expression, findings: &mut Findings) {
        if !self.has_pods {
            return;
        }
        let required = expression.required_labels();
        if let Some(missing) = required.iter().find(|label| self.is_missing(**label)) {
            let text = format!("the value is always unknown, because {}", without(*missing));
            return self.add(Code::AlwaysUnknown, field, &text, missing.1, findings);
        }
        if let Some(missing) = expression.labels_of_ends().into_iter().find(|label| self.is_missing(*label)) {
            self.add(Code::LabelOfNoPod, field, &without(missing), missing.1, findings);
        }
    }

    fn filter(&self, field: &str, filter: &Condition, findings: &mut Findings) {
        let missing = filter.required_labels().into_iter().find(|label| self.has_pods && self.is_missing(*label));
        if let Some(missing) = missing {
            let text = format!("the filter never holds, because {}", without(missing));
            self.add(Code::AlwaysUnknown, field, &text, missing.1, findings);
        }
    }

    fn is_missing(&self, (_, name): LabelOf<'_>) -> bool {
        !self.labels.contains(name)
    }

    fn add(&self, code: Code, field: &str, text: &str, label: &str, findings: &mut Findings) {
        let remedy = suggest::remedy(label, self.labels.iter().copied());
        findings.suggest(code, self.known, field, text, remedy);
    }

    fn values(&self, field: &str, expression: &Expression, bound: &str, findings: &mut Findings) {
        let unbounded: Vec<&str> = expression.shown().into_iter().filter(is_unbounded).map(Shown::name).collect();
        if !unbounded.is_empty() {
            let text = format!("has another value for each {}, {bound}", unbounded.join(" and "));
            findings.add(Code::UnboundedValues, self.known, field, &text);
        }
    }
}

/// As many as there are pods, addresses or connections. Nodes, workloads and Services are few, and server ports too.
fn is_unbounded(shown: &Shown) -> bool {
    matches!(shown, Shown::Attribute(Attribute::Of(_, Property::Address | Property::Pod)) | Shown::Port(End::Source))
}

fn without((end, name): LabelOf<'_>) -> String {
    format!("it reads {end}.labels[{name:?}], and no pod that was read has this label")
}
