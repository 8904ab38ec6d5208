use super::connection::CONNECTIONS;
use super::recipes::RECIPES;
use super::syntax::{FUNCTIONS, OPERATORS};
use super::{render, value};
use crate::expression::{Attribute, Expression};
use std::collections::BTreeSet;

#[test]
fn each_recipe_gives_for_each_connection_what_it_promises() {
    assert!(RECIPES.len() >= 10);
    for recipe in RECIPES {
        for ((name, connection), expected) in CONNECTIONS.iter().zip(recipe.gives) {
            assert_eq!(value(recipe.expression, connection), expected, "{}: {name}", recipe.title);
        }
    }
}

#[test]
fn no_recipe_lacks_a_value_for_any_connection() {
    for recipe in RECIPES {
        let expression = Expression::parse(recipe.expression).unwrap();
        for (name, connection) in &CONNECTIONS {
            assert!(expression.evaluate(connection).is_ok(), "{}: {name}", recipe.title);
        }
    }
}

#[test]
fn every_attribute_is_a_row() {
    let page = render();
    let others = ["source.port", "destination.port", "source.labels[\"team\"]", "destination.labels[\"team\"]"];
    for name in Attribute::ALL.iter().map(|attribute| attribute.name()).chain(others) {
        assert_eq!(page.matches(&format!("\n| `{name}` | ")).count(), 1, "{name}");
    }
}

#[test]
fn every_example_can_be_used_and_gives_something() {
    for row in OPERATORS.iter().chain(&FUNCTIONS) {
        Expression::parse(row.example).unwrap_or_else(|error| panic!("{}: {error}", row.example));
        assert!(!["unknown", ""].contains(&value(row.example, &super::INSIDE).as_str()), "{}", row.example);
    }
}

/// The parser lists all its functions in the error about an unknown one.
#[test]
fn every_function_that_is_known_is_a_row() {
    let error = Expression::parse("source.zone.replace(\"a\")").unwrap_err().to_string();
    let known: BTreeSet<&str> = error.split_once("known are ").unwrap().1.split(", ").collect();
    let name = |form: &'static str| form.split('(').next().unwrap().rsplit('.').next().unwrap();
    assert_eq!(FUNCTIONS.iter().map(|row| name(row.form)).collect::<BTreeSet<_>>(), known);
}
