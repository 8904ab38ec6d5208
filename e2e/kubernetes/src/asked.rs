//! Queries of dashboards and alerts, and the answers that known traffic must give.
//!
//! ```text
//! e2e/dashboards/*.yaml --> Sheet: queries, and an Expectation each --.
//! Steady's ledger, the programs' own pages --> Oracle -----------------+--> Expected rows
//! a real Prometheus ---------------------------------------------------'--> Given rows, compared
//! ```

mod expected;
mod given;
mod pages;
mod question;
mod sheet;
#[cfg(test)]
mod tests;

pub use expected::{Expected, Oracle};
pub use given::{Given, Variables};
pub use pages::{Page, Pages};
pub use question::{Choice, Question, chosen, fill, variables};
pub use sheet::{Expectation, Of, Sheet, sheets};

use anyhow::Result;
use longwire_testkit::{Labels, confirm};
use std::collections::BTreeMap;

/// Rows by their distinguishing labels.
pub type Rows<T> = BTreeMap<Labels, T>;

/// Fails if a row is missing or unexpected, or has a value outside the expected range.
pub fn compare(given: &Rows<f64>, expected: &Rows<Expected>) -> Result<()> {
    let (mut wrong, none) = (Vec::new(), Expected { least: 0.0, most: 0.0 });
    for labels in given.keys().chain(expected.keys().filter(|labels| !given.contains_key(*labels))) {
        let (value, Expected { least, most }) = (given.get(labels), expected.get(labels).unwrap_or(&none));
        let found = value.copied().unwrap_or_default();
        if !(*least..=*most).contains(&found) {
            let said = value.map_or("nothing".to_owned(), |value| format!("{value:.4}"));
            wrong.push(format!("{:?} is {said}, not {least:.4} to {most:.4}", labels.values().collect::<Vec<_>>()));
        }
    }
    confirm!(wrong.is_empty(), "{}", wrong.join("; "))
}
