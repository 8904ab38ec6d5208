//! Which part of a list one answer has. Pure.
//!
//! Pages come from the list as it is: what changes between two of them has a version above the first one's, so a watch that
//! starts there repeats it.

use super::api::query::{ListOptions, Match};
use super::api::status::Failure;
use super::selector::Selection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[cfg(test)]
mod tests;

/// A resource's objects, in the order of namespace and name.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// The version with which this replica began to lead. One below it is another leader's.
    pub(super) begun: u64,
    pub(super) revision: u64,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    /// `None`: the resource has none.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    pub(super) object: Value,
}

/// One answer to a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Page<T> {
    pub(super) revision: u64,
    pub(super) objects: Vec<T>,
    /// The token for the next page.
    pub(super) next: Option<String>,
    /// Objects after this page; `None`: there is no next page, or it is not known.
    pub(super) remaining: Option<usize>,
}

/// Where the next page begins: after this object.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Token {
    /// Of this form.
    v: u8,
    /// The first page's version.
    pub(super) rv: u64,
    pub(super) namespace: String,
    pub(super) name: String,
}

const FORM: u8 = 1;

impl Row {
    fn key(&self) -> (&str, &str) {
        (self.namespace.as_deref().unwrap_or_default(), &self.name)
    }
}

impl Snapshot {
    /// The page that these options ask for.
    pub(super) fn page(self, options: &ListOptions, selection: &Selection) -> Result<Page<Value>, Failure> {
        let token = options.token.as_deref().map(|text| self.token(text)).transpose()?;
        if token.is_none() {
            check_version(options, self.revision)?;
        }
        let revision = token.as_ref().map_or(self.revision, |token| token.rv);
        let is_after =
            |row: &Row| token.as_ref().is_none_or(|token| row.key() > (token.namespace.as_str(), token.name.as_str()));
        let mut rows: Vec<Row> =
            self.rows.into_iter().filter(|row| is_after(row) && selection.matches(&row.object)).collect();
        let limit = options.limit.filter(|limit| *limit < rows.len());
        let rest = limit.map_or(0, |limit| rows.split_off(limit).len());
        let next = rows.last().filter(|_| rest > 0).map(|last| {
            let (namespace, name) = last.key();
            Token::new(revision, namespace, name).write()
        });
        // With a selector nobody can say it of a list that is read in parts.
        let remaining = (rest > 0 && selection.selects_all()).then_some(rest);
        Ok(Page { revision, objects: rows.into_iter().map(|row| row.object).collect(), next, remaining })
    }

    fn token(&self, text: &str) -> Result<Token, Failure> {
        let token = Token::read(text)?;
        if token.rv < self.begun || token.rv > self.revision { Err(token_expired()) } else { Ok(token) }
    }
}

pub(super) fn token_expired() -> Failure {
    Failure::expired("the provided continue parameter is too old to continue the list: start it anew")
}

/// Whether a list that is at this revision now is what these options ask for.
pub(super) fn check_version(options: &ListOptions, revision: u64) -> Result<(), Failure> {
    let Some(wanted) = options.version.filter(|version| *version > 0) else { return Ok(()) };
    if wanted > revision {
        return Err(Failure::version_too_large(wanted, revision));
    }
    // As in etcd: with a limit, a version that says no more is meant exactly.
    let is_exact = options.matching.map_or(options.limit.is_some(), |matching| matching == Match::Exact);
    if is_exact && wanted < revision {
        let text = format!("the provided resource version {wanted} is too old: the list is at {revision}");
        return Err(Failure::expired(&text));
    }
    Ok(())
}

impl Token {
    pub(super) fn new(revision: u64, namespace: &str, name: &str) -> Self {
        Self { v: FORM, rv: revision, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let invalid = || Failure::bad_request("continue key is not valid: it is not of this API".to_owned());
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let token: Self = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
        if token.v == FORM { Ok(token) } else { Err(invalid()) }
    }

    pub(super) fn write(&self) -> String {
        // Numbers and texts are always JSON.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}
