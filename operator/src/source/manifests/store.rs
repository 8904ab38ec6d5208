//! All objects that the files define, and what has changed of them.

use super::document::{Errors, File};
use super::walk::Found;
use crate::source::event::{Batch, Event};
use crate::source::object::{Key, Object};
use crate::source::parse::{Format, InvalidDocument};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Default)]
pub(super) struct Store {
    files: BTreeMap<PathBuf, File>,
    sent: BTreeMap<Key, Object>,
    /// Defined by several documents, and logged.
    contested: BTreeSet<Key>,
}

impl Store {
    /// Events that lead from the objects sent before to those found now.
    pub(super) fn take(&mut self, found: Found) -> Batch {
        self.update_files(found);
        let (defined, contested) = self.defined();
        for (key, path) in &contested {
            if !self.contested.contains(key) {
                tracing::warn!("{key} is defined several times: the last one counts, in {}", path.display());
            }
        }
        self.contested = contested.into_keys().collect();
        let events = difference(&self.sent, &defined);
        self.sent = defined;
        events
    }

    /// Objects whose namespace may have no room for them count as not sent.
    pub(super) fn resend(&mut self) {
        self.sent.retain(|key, _| !key.kind.is_bounded());
    }

    fn update_files(&mut self, found: Found) {
        let failed: Vec<PathBuf> =
            found.iter().filter(|(_, outcome)| outcome.is_err()).map(|(path, _)| path.clone()).collect();
        // Files below a directory that cannot be read may still exist.
        let stays = |path: &Path| failed.iter().any(|failed| path.starts_with(failed));
        self.files.retain(|path, _| found.contains_key(path) || stays(path));
        for (path, outcome) in found {
            let known = self.files.entry(path.clone()).or_default();
            match outcome {
                Ok(text) if !known.is_of(&text) => {
                    let (edited, errors) = known.edit(format_of(&path), &text);
                    *known = edited;
                    report(&path, &errors);
                }
                Err(error) if !known.is_of(&error.to_string()) => {
                    tracing::error!("{}: {error}: its previous definitions stay", path.display());
                    *known = known.unreadable(&error.to_string());
                }
                _ => {}
            }
        }
    }

    /// Every object that counts, and the last document of each that several define.
    fn defined(&self) -> (BTreeMap<Key, Object>, BTreeMap<Key, &Path>) {
        let kept = self.files.values().flat_map(File::kept);
        let mut defined: BTreeMap<Key, Object> = kept.map(|object| (object.key(), object.clone())).collect();
        let (mut parsed, mut contested) = (BTreeSet::new(), BTreeMap::new());
        for (path, file) in &self.files {
            for object in file.parsed() {
                let key = object.key();
                if !parsed.insert(key.clone()) {
                    contested.insert(key.clone(), path.as_path());
                }
                defined.insert(key, object.clone());
            }
        }
        (defined, contested)
    }
}

fn format_of(path: &Path) -> Format {
    if path.extension().is_some_and(|extension| extension == "json") { Format::Json } else { Format::Yaml }
}

fn report(path: &Path, Errors { first, more }: &Errors) {
    let path = path.display();
    for InvalidDocument { line, message } in first {
        tracing::error!("{path}:{line}: {message}: this document is ignored, its previous definitions stay");
    }
    if *more > 0 {
        tracing::error!(
            "{path}: and {more} more documents that do not parse: they are ignored, their previous definitions stay"
        );
    }
}

fn difference(sent: &BTreeMap<Key, Object>, defined: &BTreeMap<Key, Object>) -> Batch {
    let gone = sent.keys().filter(|key| !defined.contains_key(key)).cloned().map(Event::Delete);
    let new = defined.iter().filter(|(key, object)| sent.get(key) != Some(object));
    gone.chain(new.map(|(_, object)| Event::Apply(object.clone()))).collect()
}
