//! Which objects a request selects, by labels and by fields.

mod fields;
mod labels;
mod row;

use super::api::status::Failure;
use fields::Field;
use kube::core::{Selector, SelectorExt};
use longwire_live::LiveResource;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) use row::InView;

/// Most bytes of one selector: no URL of kube-apiserver is longer.
const MAX: usize = 8 << 10;

/// What a selector is held against.
pub(super) trait Selectable {
    /// Whether this field has this value, or one of its values is this one. What is not known is empty.
    fn has(&self, field: &str, value: &str) -> bool;

    /// Whether the labels are selected, or those of one of its parts are.
    fn is_labelled(&self, labels: &Selector) -> bool;
}

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

    /// The same, of the object of this name alone.
    pub(super) fn and_name(&self, name: &str) -> Self {
        let fields = self.fields.iter().cloned().chain([Field::of_name(name)]).collect();
        Self { labels: self.labels.clone(), fields }
    }

    /// This field has to have this value.
    pub(super) fn requires(&self, field: &str, value: &str) -> bool {
        self.fields.iter().any(|known| known.is(field, value))
    }

    pub(super) fn matches(&self, object: &impl Selectable) -> bool {
        let is_selected = self.fields.iter().all(|field| field.matches(object));
        is_selected && (self.labels.selects_all() || object.is_labelled(&self.labels))
    }
}

impl Selectable for Value {
    fn has(&self, field: &str, value: &str) -> bool {
        match self.pointer(&format!("/{}", field.replace('.', "/"))) {
            Some(Self::String(text)) => *text == value,
            None | Some(Self::Null) => value.is_empty(),
            Some(other) => serde_json::to_string(other).is_ok_and(|text| text == value),
        }
    }

    fn is_labelled(&self, labels: &Selector) -> bool {
        let own = self.pointer("/metadata/labels").and_then(Self::as_object).into_iter().flatten();
        let own: BTreeMap<_, _> =
            own.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        labels.matches(&own)
    }
}

#[cfg(test)]
mod tests;
