//! Renders docs/expressions.md: attributes, operators, functions and recipes. Every value on the page is computed.

mod connection;
mod prose;
mod recipes;
mod syntax;
#[cfg(test)]
mod tests;

use super::{code, table};
use crate::expression::{Attribute, End, Expression, Facts, Property, ServicePart};
use connection::{CONNECTIONS, Connection, INSIDE};
use recipes::RECIPES;
use syntax::{FUNCTIONS, OPERATORS, Row};

/// The whole page, as Markdown.
#[must_use]
pub fn render() -> String {
    let mut page = String::from(prose::OPENING);
    page.push_str(&attributes());
    page.push_str(prose::SYNTAX);
    page.push_str("\nOperators:\n\n");
    page.push_str(&rows(&OPERATORS));
    page.push_str("\nFunctions:\n\n");
    page.push_str(&rows(&FUNCTIONS));
    page.push_str(prose::MISSING);
    page.push_str(&recipes());
    page
}

fn attributes() -> String {
    let text = |attribute: Attribute| {
        let example = INSIDE.text(attribute).into_owned();
        [
            attribute.name().to_owned(),
            "string".to_owned(),
            attribute.help().to_owned(),
            example,
            absent(attribute).to_owned(),
        ]
    };
    let port = |end: End| {
        let help = "port of the end, as the reporting socket sees it: the destination's is the requested Service's port at the client, and the pod's at the server";
        [format!("{end}.port"), "int".to_owned(), help.to_owned(), INSIDE.port(end).to_string(), "never".to_owned()]
    };
    let labels = |end: End| {
        let example = INSIDE.label(end, "team").unwrap_or_default();
        [
            format!("{end}.labels[\"team\"]"),
            "string".to_owned(),
            "value of a label of the pod".to_owned(),
            example.to_owned(),
            "the pod has no such label, or is not known: then the expression has no value".to_owned(),
        ]
    };
    let others = End::ALL.into_iter().flat_map(|end| [port(end), labels(end)]);
    let rows = Attribute::ALL.into_iter().map(text).chain(others);
    let rows = rows.map(|[name, kind, help, example, absent]| [code(&name), kind, help, code(&example), absent]);
    table(["attribute", "type", "meaning", "example", "`unknown` when"], rows)
}

/// When the attribute is `unknown`.
fn absent(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Of(_, Property::Address) | Attribute::Reporter | Attribute::IpFamily => "never",
        Attribute::Of(_, Property::CanonicalRevision) => "never: `latest` if the workload is not known",
        Attribute::Of(_, Property::Workload | Property::Namespace | Property::CanonicalService) => {
            "the workload is not known: a client from outside the cluster, a server outside it, an ambiguous address"
        }
        Attribute::Of(_, Property::Cluster) => "neither the workload nor the Service is known",
        Attribute::Of(_, Property::Pod | Property::ServiceAccount | Property::Node) => "the pod is not known",
        Attribute::Of(_, Property::Zone | Property::Region) => "the pod is not known, or its node has no such label",
        Attribute::Service(ServicePart::Namespace) => "neither the Service nor the pod is known",
        Attribute::Service(ServicePart::Name) => {
            "no Service selects the pod's port; `PassthroughCluster` if the server is outside the cluster"
        }
        Attribute::Service(ServicePart::Host) => {
            "no Service selects the pod's port, or the server is outside the cluster"
        }
        Attribute::Requested(_) => {
            "the client connected to a pod's address; or the server's end reports, and the client is on another node"
        }
    }
}

fn rows(rows: &[Row]) -> String {
    let row = |Row { form, types, meaning, example }: &Row| {
        [code(form), (*types).to_owned(), (*meaning).to_owned(), code(example), code(&value(example, &INSIDE))]
    };
    table(["syntax", "types", "meaning", "example", "result"], rows.iter().map(row))
}

fn recipes() -> String {
    let mut text = String::from(prose::RECIPES);
    for recipe in RECIPES {
        text.push_str(&format!("\n### {}\n\n{}\n\n```\n{}\n```\n\n", recipe.title, recipe.why, recipe.expression));
        let row =
            |(name, connection): &(&str, Connection)| [(*name).to_owned(), code(&value(recipe.expression, connection))];
        text.push_str(&table(["connection", "value"], CONNECTIONS.iter().map(row)));
    }
    text
}

/// As a tag's value: `unknown` if there is none or if it is empty.
fn value(expression: &str, connection: &Connection) -> String {
    match Expression::parse(expression) {
        Ok(expression) => match expression.evaluate(connection) {
            Ok(value) if !value.is_empty() => value.into_owned(),
            Ok(_) | Err(_) => "unknown".to_owned(),
        },
        Err(error) => format!("refused: {error}"),
    }
}
