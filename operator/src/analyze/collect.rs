//! Findings as they are made, and the lines that they are about.

use super::catalogue::Code;
use super::finding::{Finding, message};
use super::read::{Input, Known, Place, UnreadableObject, prefix};
use crate::source::documents::Places;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Default)]
pub(super) struct Findings {
    made: Vec<(Finding, Place)>,
    about: HashSet<Place>,
}

impl Findings {
    /// With the usual remedy.
    pub(super) fn add(&mut self, code: Code, known: &Known, field: impl Into<String>, text: &str) {
        self.suggest(code, known, field, text, None);
    }

    /// `field`: of the object as it is in its file; empty: the object as a whole.
    pub(super) fn suggest(
        &mut self,
        code: Code,
        known: &Known,
        field: impl Into<String>,
        text: &str,
        remedy: Option<String>,
    ) {
        let field: String = field.into();
        let finding = Finding {
            code,
            subject: Some(known.subject.clone()),
            field: Some(field).filter(|field| !field.is_empty()),
            message: message(text),
            remedy: remedy.unwrap_or_else(|| code.check().remedy.to_owned()),
            file: String::new(),
            line: 0,
        };
        self.about.insert(known.place.clone());
        self.made.push((finding, known.place.clone()));
    }

    pub(super) fn unreadable(&mut self, unreadable: &UnreadableObject) {
        let UnreadableObject { subject, place, line, message: text, remedy } = unreadable;
        let code = Code::Unreadable;
        let (field, text) = match line {
            Some(_) => (None, text.as_str()),
            None => super::finding::split(text),
        };
        let finding = Finding {
            code,
            subject: subject.clone(),
            field: field.map(str::to_owned),
            message: message(text),
            remedy: remedy.clone().unwrap_or_else(|| code.check().remedy.to_owned()),
            file: String::new(),
            line: line.unwrap_or(0),
        };
        self.made.push((finding, place.clone()));
    }

    pub(super) fn are_about(&self, known: &Known) -> bool {
        self.about.contains(&known.place)
    }

    /// Each with its file and line.
    pub(super) fn placed(self, input: &Input<'_>) -> Vec<Finding> {
        let mut known: HashMap<(usize, usize), Places> = HashMap::new();
        let mut placed = Vec::with_capacity(self.made.len());
        for (mut finding, Place { file, document, path }) in self.made {
            let Some((name, documents)) = input.files.get(file) else {
                placed.push(finding);
                continue;
            };
            finding.file = (*name).to_owned();
            if finding.line == 0
                && let Some(text) = documents.get(document)
            {
                let places = known.entry((file, document)).or_insert_with(|| text.places());
                finding.line = match &finding.field {
                    Some(field) => places.line(&format!("{}{field}", prefix(&path))),
                    None => places.line(&format!("{}kind", prefix(&path))),
                };
            }
            placed.push(finding);
        }
        placed
    }
}
