//! Which pods of its namespace an object selects.

use super::refusal::{Refusal, at_most};
use super::size::Weigh;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use longwire_crds::limits::{MAX_LABEL_NAME, MAX_LABEL_PREFIX, MAX_REQUIREMENTS};
use longwire_model::canonical::Labels;

/// All of it must hold for a pod's labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    label: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    In(Vec<String>),
    /// A pod without the label has none of the values either.
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Like the API server's rules: an empty selector is refused, because in Kubernetes it selects everything.
    pub(super) fn read(selector: Option<LabelSelector>) -> Result<Option<Self>, Refusal> {
        const LABELS: &str = "spec.selector.matchLabels";
        const EXPRESSIONS: &str = "spec.selector.matchExpressions";
        let Some(LabelSelector { match_labels, match_expressions }) = selector else { return Ok(None) };
        if match_labels.is_none() && match_expressions.is_none() {
            return Err(Refusal::invalid(
                "spec.selector: must have matchLabels or matchExpressions; leave the selector out to mean every pod of \
                 the namespace",
            ));
        }
        let mut requirements = Vec::new();
        if let Some(labels) = match_labels {
            some_but_not_many(LABELS, "labels", labels.len())?;
            for (label, value) in labels {
                check_label(&format!("{LABELS}.{label}"), &label)?;
                check_value(&format!("{LABELS}.{label}"), &value)?;
                requirements.push(Requirement { label, operator: Operator::In(vec![value]) });
            }
        }
        if let Some(expressions) = match_expressions {
            some_but_not_many(EXPRESSIONS, "requirements", expressions.len())?;
            for (at, expression) in expressions.into_iter().enumerate() {
                requirements.push(Requirement::read(&format!("{EXPRESSIONS}[{at}]"), expression)?);
            }
        }
        Ok(Some(Self(requirements)))
    }

    #[must_use]
    pub(crate) fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Weigh for Selector {
    fn bytes(&self) -> usize {
        let requirement = |Requirement { label, operator }: &Requirement| {
            let values = match operator {
                Operator::In(values) | Operator::NotIn(values) => values.as_slice(),
                Operator::Exists | Operator::DoesNotExist => &[],
            };
            let values = values.iter().map(|value| size_of_val(value) + value.len()).sum::<usize>();
            size_of::<Requirement>() + label.len() + values
        };
        self.0.iter().map(requirement).sum()
    }
}

impl Requirement {
    fn read(field: &str, requirement: LabelSelectorRequirement) -> Result<Self, Refusal> {
        let LabelSelectorRequirement { key, operator, values } = requirement;
        check_label(&format!("{field}.key"), &key)?;
        let values = values.unwrap_or_default();
        let listed = format!("{field}.values");
        at_most(&listed, "values", values.len(), MAX_REQUIREMENTS)?;
        values.iter().try_for_each(|value| check_value(&listed, value))?;
        let operator = match (operator.as_str(), values.is_empty()) {
            ("In", false) => Operator::In(values),
            ("NotIn", false) => Operator::NotIn(values),
            ("In" | "NotIn", true) => {
                return Err(Refusal::invalid(format!(
                    "{listed}: must have at least one value when operator is In or NotIn"
                )));
            }
            ("Exists", true) => Operator::Exists,
            ("DoesNotExist", true) => Operator::DoesNotExist,
            ("Exists" | "DoesNotExist", false) => {
                return Err(Refusal::invalid(format!(
                    "{listed}: must be empty when operator is Exists or DoesNotExist"
                )));
            }
            (other, _) => {
                return Err(Refusal::invalid(format!(
                    "{field}.operator: unknown operator {other:?}: known are In, NotIn, Exists, DoesNotExist"
                )));
            }
        };
        Ok(Self { label: key, operator })
    }

    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label);
        match &self.operator {
            Operator::In(values) => value.is_some_and(|value| values.contains(value)),
            Operator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

fn some_but_not_many(field: &str, what: &str, found: usize) -> Result<(), Refusal> {
    if found == 0 {
        return Err(Refusal::invalid(format!("{field}: is empty: leave it out")));
    }
    at_most(field, what, found, MAX_REQUIREMENTS)
}

fn check_label(field: &str, label: &str) -> Result<(), Refusal> {
    let (prefix, name) = label.rsplit_once('/').map_or((None, label), |(prefix, name)| (Some(prefix), name));
    let in_prefix = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let prefixed = prefix.is_none_or(|prefix| is_bounded(prefix, MAX_LABEL_PREFIX) && prefix.bytes().all(in_prefix));
    if prefixed && is_bounded(name, MAX_LABEL_NAME) && name.bytes().all(in_name) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("{field}: {label:?} is no label's name, as app or app.kubernetes.io/name")))
}

fn check_value(field: &str, value: &str) -> Result<(), Refusal> {
    if value.is_empty() || is_bounded(value, MAX_LABEL_NAME) && value.bytes().all(in_name) {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "{field}: {value:?} is no label's value: at most {MAX_LABEL_NAME} letters, digits, -, _ and ., the first and the \
         last a letter or digit"
    )))
}

fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// Not empty, not too long, and with a letter or digit at both ends.
fn is_bounded(text: &str, longest: usize) -> bool {
    let ends = [text.bytes().next(), text.bytes().last()];
    text.len() <= longest && ends.into_iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}
