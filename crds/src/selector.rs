//! A label selector with bounds and rules: Kubernetes checks its own selectors in code that no schema carries.

use crate::limits::{MAX_LABEL_KEY, MAX_LABEL_NAME, MAX_REQUIREMENTS};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

const KEY: &str = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$";
const VALUE: &str = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";

/// The schema of a metav1.LabelSelector that is not empty.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "matchLabels": match_labels(),
            "matchExpressions": {
                "description": "What must hold for a pod's labels, at most 32 requirements. All of them must hold.",
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_REQUIREMENTS,
                "items": requirement(),
                "x-kubernetes-list-type": "atomic",
            },
        },
        "x-kubernetes-map-type": "atomic",
        "x-kubernetes-validations": [{
            "rule": "has(self.matchLabels) || has(self.matchExpressions)",
            "message": "must have matchLabels or matchExpressions; leave the selector out to mean every pod of the namespace",
        }],
    })
}

fn match_labels() -> Value {
    json!({
        "description": "Labels that a pod must have with exactly these values, at most 32. All of them must match.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": MAX_REQUIREMENTS,
        "additionalProperties": { "type": "string", "maxLength": MAX_LABEL_NAME, "pattern": VALUE },
        "x-kubernetes-validations": [{
            "rule": format!("self.all(key, key.size() <= {MAX_LABEL_KEY} && key.matches('{KEY}'))"),
            "message": "a key must be a label's name, such as app or app.kubernetes.io/name",
        }],
    })
}

fn requirement() -> Value {
    json!({
        "description": "One requirement on a pod's labels.",
        "type": "object",
        "required": ["key", "operator"],
        "properties": {
            "key": {
                "description": "The label's name, such as app or app.kubernetes.io/name.",
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_LABEL_KEY,
                "pattern": KEY,
            },
            "operator": {
                "description": "In: the label has one of the values. NotIn: it has none of them, or the pod lacks the label. Exists: the pod has the label. DoesNotExist: it has not.",
                "type": "string",
                "enum": ["In", "NotIn", "Exists", "DoesNotExist"],
            },
            "values": {
                "description": "The values of In and NotIn, 1 to 32; none for Exists and DoesNotExist.",
                "type": "array",
                "maxItems": MAX_REQUIREMENTS,
                "items": { "type": "string", "maxLength": MAX_LABEL_NAME, "pattern": VALUE },
                "x-kubernetes-list-type": "atomic",
            },
        },
        "x-kubernetes-validations": [
            {
                "rule": "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
                "message": "values must have at least one value when operator is In or NotIn",
            },
            {
                "rule": "self.operator in ['In', 'NotIn'] || !has(self.values) || size(self.values) == 0",
                "message": "values must be empty when operator is Exists or DoesNotExist",
            },
        ],
    })
}
