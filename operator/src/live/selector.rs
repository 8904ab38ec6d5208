//! Which objects a request selects, by labels and by fields.

mod fields;
mod labels;

use super::api::status::Failure;
use fields::Field;
use kube::core::{Selector, SelectorExt};
use longwire_live::LiveResource;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most bytes of one selector: no URL of kube-apiserver is longer.
const MAX: usize = 8 << 10;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Selection {
    labels: Selector,
    fields: Vec<Field>,
}

impl Selection {
    /// Checked: each field is one of the resource's.
    pub(super) fn read(resource: &LiveResource, labels: &str, fields: &str) -> Result<Self, Failure> {
        if labels.len().max(fields.len()) > MAX {
            return Err(Failure::bad_request(format!("a selector is longer than {MAX} bytes: shorten it")));
        }
        let wrong = |what: &str, text: &str, why: String| {
            Failure::bad_request(format!("unable to parse {what} selector {text:?}: {why}"))
        };
        Ok(Self {
            labels: labels::read(labels).map_err(|why| wrong("label", labels, why))?,
            fields: fields::read(fields, resource).map_err(|why| wrong("field", fields, why))?,
        })
    }

    pub(super) fn selects_all(&self) -> bool {
        self.labels.selects_all() && self.fields.is_empty()
    }

    /// The name that a field selector restricts the request to; authorization may be for this object alone.
    pub(super) fn name(&self) -> Option<&str> {
        self.fields.iter().find_map(Field::name)
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let is_selected = self.fields.iter().all(|field| field.matches(object));
        is_selected && (self.labels.selects_all() || self.labels.matches(&labels_of(object)))
    }
}

fn labels_of(object: &Value) -> BTreeMap<String, String> {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests;
