//! Field selectors: `a=b,c!=d`. A backslash makes the next comma, equals sign or backslash an ordinary letter.

use super::Selectable;
use longwire_live::LiveResource;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    label: String,
    value: String,
    /// Whether it has to be this value, or any other.
    equal: bool,
}

pub(super) fn read(text: &str, resource: &LiveResource) -> Result<Vec<Field>, String> {
    terms(text).into_iter().filter(|term| !term.is_empty()).map(|term| Field::read(term, resource)).collect()
}

/// Parted by commas that no backslash stands before.
fn terms(text: &str) -> Vec<&str> {
    let (mut start, mut escaped, mut found) = (0, false, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

impl Field {
    fn read(term: &str, resource: &LiveResource) -> Result<Self, String> {
        let at = term.find(['=', '!']).ok_or_else(|| format!("{term:?} is not of the form field=value"))?;
        let (label, rest) = term.split_at(at);
        let operators = [("!=", false), ("==", true), ("=", true)];
        let read = operators.iter().find_map(|(operator, equal)| Some((rest.strip_prefix(operator)?, *equal)));
        let (value, equal) = read.ok_or_else(|| format!("{term:?} is not of the form field=value"))?;
        if !resource.fields.contains(&label) {
            let (plural, known) = (resource.plural, resource.fields.join(", "));
            return Err(format!("field label {label:?} is not supported for {plural}: use one of {known}"));
        }
        Ok(Self { label: label.to_owned(), value: unescape(value)?, equal })
    }

    pub(super) fn of_name(name: &str) -> Self {
        Self { label: "metadata.name".to_owned(), value: name.to_owned(), equal: true }
    }

    pub(super) fn name(&self) -> Option<&str> {
        (self.equal && self.label == "metadata.name").then_some(self.value.as_str())
    }

    pub(super) fn is(&self, label: &str, value: &str) -> bool {
        self.equal && self.label == label && self.value == value
    }

    pub(super) fn matches(&self, object: &impl Selectable) -> bool {
        object.has(&self.label, &self.value) == self.equal
    }
}

fn unescape(text: &str) -> Result<String, String> {
    let (mut plain, mut letters) = (String::with_capacity(text.len()), text.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(next @ ('\\' | ',' | '=')) => plain.push(next),
                _ => return Err(format!("{text:?} has a backslash before another letter than a comma, = or \\")),
            },
            '=' => return Err(format!("{text:?} has an = without a backslash before it")),
            other => plain.push(other),
        }
    }
    Ok(plain)
}
