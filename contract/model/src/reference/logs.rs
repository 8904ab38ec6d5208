//! Renders the section on access logs of docs/logs-and-exports.md: fields of a line, operators of a format string, what a filter may
//! read. The rest of the page is written by hand, but for sections that `node-probe/export/tests/reference.rs` makes.

mod prose;

use super::{code, table};
use crate::access_log::{Field, Kind, PLAIN, WITH_ARGUMENT};
use crate::expression::{Quantity, Word};

/// The whole section, as Markdown.
#[must_use]
pub fn render() -> String {
    let mut page = String::from(prose::OPENING);
    page.push_str(&fields());
    page.push_str(prose::TEXT);
    page.push_str(&operators());
    page.push_str(prose::PRESETS);
    page.push_str(prose::FILTER);
    page.push_str(&happened());
    page.push_str(prose::CLOSING);
    page
}

fn fields() -> String {
    let kind = |field: Field| match field.kind() {
        Kind::String => "string",
        Kind::Integer => "integer",
    };
    let row = |field: Field| [code(field.name()), kind(field).to_owned(), field.help().to_owned()];
    table(["field", "type", "meaning"], Field::ALL.into_iter().map(row))
}

fn operators() -> String {
    let with_argument = WITH_ARGUMENT.iter().map(|(written, help)| {
        let written: Vec<String> = written.split(", ").map(|one| code(&format!("%{one}%"))).collect();
        [written.join(", "), (*help).to_owned()]
    });
    let plain = PLAIN.iter().map(|(name, _, help)| [code(&format!("%{name}%")), (*help).to_owned()]);
    table(["operator", "writes"], with_argument.chain(plain))
}

fn happened() -> String {
    let quantities =
        Quantity::ALL.map(|quantity| [code(quantity.name()), "int".to_owned(), quantity.help().to_owned()]);
    let words = Word::ALL.map(|word| [code(word.name()), "string".to_owned(), word.help().to_owned()]);
    table(["attribute", "type", "meaning"], quantities.into_iter().chain(words))
}
