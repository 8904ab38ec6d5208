//! The documents of one file, and what becomes of them when it is edited.

use super::parse::{self, Format, InvalidDocument};
use super::split::{Piece, split};
use crate::object::Object;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A file as it was last read.
#[derive(Debug, Default)]
pub(super) struct File {
    text: u64,
    documents: Vec<Document>,
}

#[derive(Clone, Debug)]
struct Document {
    text: u64,
    outcome: Outcome,
}

#[derive(Clone, Debug)]
enum Outcome {
    Objects(Vec<Object>),
    /// Does not parse. Until it does, or is gone, it stands for what the edit that broke it took from the file: that may
    /// be more than its own, where a file was caught half written.
    Broken(Vec<Object>),
}

impl File {
    pub(super) fn is_of(&self, text: &str) -> bool {
        self.text == hash(text)
    }

    /// The file after an edit, and what is wrong with it since.
    pub(super) fn edit(&self, format: Format, text: &str) -> (Self, Vec<InvalidDocument>) {
        let known: HashMap<u64, &Document> = self.documents.iter().map(|known| (known.text, known)).collect();
        let pieces = match format {
            Format::Yaml => split(text),
            Format::Json => vec![Piece { line: 1, text }],
        };
        let (mut documents, mut broken, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for piece in pieces {
            let text = hash(content(piece.text));
            if let Some(known) = known.get(&text) {
                documents.push((*known).clone());
                continue;
            }
            let outcome = parse::parse(format, piece).map_or_else(
                |error| {
                    broken.push(documents.len());
                    errors.push(error);
                    Outcome::Broken(Vec::new())
                },
                Outcome::Objects,
            );
            documents.push(Document { text, outcome });
        }
        let mut file = Self { text: hash(text), documents };
        let lost = if broken.is_empty() { Vec::new() } else { file.lost_from(self) };
        for at in broken {
            file.documents[at].outcome = Outcome::Broken(lost.clone());
        }
        (file, errors)
    }

    /// The file while it cannot be read: all that was in it stays.
    pub(super) fn unreadable(&self, reason: &str) -> Self {
        let kept = self.parsed().chain(self.kept()).cloned().collect();
        let text = hash(reason);
        Self { text, documents: vec![Document { text, outcome: Outcome::Broken(kept) }] }
    }

    pub(super) fn parsed(&self) -> impl Iterator<Item = &Object> {
        self.documents.iter().flat_map(|document| match &document.outcome {
            Outcome::Objects(objects) => objects.as_slice(),
            Outcome::Broken(_) => &[],
        })
    }

    pub(super) fn kept(&self) -> impl Iterator<Item = &Object> {
        self.documents.iter().flat_map(|document| match &document.outcome {
            Outcome::Objects(_) => &[],
            Outcome::Broken(objects) => objects.as_slice(),
        })
    }

    /// Objects that were in the former file and that this one does not define.
    fn lost_from(&self, former: &Self) -> Vec<Object> {
        let here: Vec<_> = self.parsed().map(Object::key).collect();
        let mut lost: Vec<Object> = Vec::new();
        for object in former.parsed().chain(former.kept()) {
            let key = object.key();
            if !here.contains(&key) && !lost.iter().any(|lost| lost.key() == key) {
                lost.push(object.clone());
            }
        }
        lost
    }
}

/// A document is the same wherever in the file it stands, and only the first goes without the mark.
fn content(document: &str) -> &str {
    document.split_once('\n').filter(|(first, _)| first.trim_end() == "---").map_or(document, |(_, rest)| rest)
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
