//! A finding, and all of an analysis.

use super::catalogue::{Check, Code, Severity};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

/// Findings that are kept: of more objects than anybody reads about.
pub const MAX_FINDINGS: usize = 10_000;
/// Of a message, in bytes: it may quote what is in a file.
const MAX_MESSAGE_BYTES: usize = 1024;

/// An object, as kubectl names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    pub kind: String,
    /// Empty: it has none.
    pub namespace: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    /// `None`: the document is not known to be an object.
    pub subject: Option<Subject>,
    /// As `spec.overrides[0].match`.
    pub field: Option<String>,
    /// What is wrong here.
    pub message: String,
    pub remedy: String,
    /// Empty: it is about an object of a cluster.
    pub file: String,
    /// Of the file, counted from 1; 0: it has no file.
    pub line: usize,
}

/// The outcome of an analysis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By file and object; of each object the worst first, then by line.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub left_out: usize,
    /// Findings of each severity, with those that are left out; in the order of [`Severity::ALL`].
    pub counts: [usize; Severity::ALL.len()],
    /// Policies that were found.
    pub policies: usize,
    /// Pods and templates of pods.
    pub pods: usize,
    pub files: usize,
    /// What was read of a cluster, such as `namespace shop`; empty: files were read.
    pub cluster: String,
    /// What could not be checked, and why.
    pub notes: Vec<String>,
}

impl Finding {
    #[must_use]
    pub fn check(&self) -> &'static Check {
        self.code.check()
    }
}

impl Report {
    /// Whether there is a finding that is at least so bad.
    #[must_use]
    pub fn has(&self, at_least: Severity) -> bool {
        Severity::ALL.into_iter().zip(self.counts).any(|(severity, count)| severity >= at_least && count > 0)
    }

    /// The worst first within an object; objects as they stand in their file.
    pub(super) fn sort(&mut self) {
        let key = |finding: &Finding| (finding.file.clone(), finding.subject.clone());
        let mut firsts = BTreeMap::new();
        for finding in &self.findings {
            let first = firsts.entry(key(finding)).or_insert(finding.line);
            *first = finding.line.min(*first);
        }
        self.findings.sort_by_cached_key(|finding| {
            let first = firsts.get(&key(finding)).copied().unwrap_or_default();
            let by_object = (finding.file.clone(), first, finding.subject.clone());
            (by_object, Reverse(finding.check().severity), finding.line, finding.code, finding.message.clone())
        });
        self.findings.dedup();
    }

    /// Keeps these alone, as many as are shown.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&Finding) -> bool) {
        self.findings.retain(is_kept);
        let count = |severity| self.findings.iter().filter(|finding| finding.check().severity == severity).count();
        self.counts = Severity::ALL.map(count);
        self.left_out = self.findings.len().saturating_sub(MAX_FINDINGS);
        self.findings.truncate(MAX_FINDINGS);
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        match namespace.as_str() {
            "" => write!(f, "{kind} {name}"),
            namespace => write!(f, "{kind} {namespace}/{name}"),
        }
    }
}

/// Cut where it is too long, on one line.
pub(super) fn message(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(MAX_MESSAGE_BYTES)];
    let dots = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{dots}", cut.replace(['\n', '\r'], " "))
}

/// The field with which an operator's message begins, and the rest of it.
pub(super) fn split(text: &str) -> (Option<&str>, &str) {
    let Some((head, rest)) = text.split_once(": ") else { return (None, text) };
    let (field, more) = head.split_once(' ').unwrap_or((head, ""));
    if !["spec", "metadata", "apiVersion", "kind", "items"].iter().any(|root| is_in(field, root)) {
        return (None, text);
    }
    // As `spec.tags[0] zone: ...`, where the second word is a part of the message.
    (Some(field), if more.is_empty() { rest } else { &text[field.len() + 1..] })
}

fn is_in(field: &str, root: &str) -> bool {
    field.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
