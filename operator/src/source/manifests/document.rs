//! The documents of one file, before and after an edit.

use crate::source::object::{Key, Object};
use crate::source::parse::{self, Format, InvalidDocument};
use crate::source::split::{Piece, split};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

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
    /// Does not parse, or only in part. Until it does, or is gone, it keeps the objects that the edit removed from the file:
    /// these may be more than its own, if a file was read half written. All documents that one edit broke share them.
    Broken {
        read: Vec<Object>,
        kept: Arc<[Object]>,
    },
}

/// Documents of one file that do not parse.
#[derive(Debug, Default)]
pub(super) struct Errors {
    /// In the order of the file, at most [`MAX_REPORTED`].
    pub(super) first: Vec<InvalidDocument>,
    /// How many more there are.
    pub(super) more: usize,
}

/// Documents of one file that are reported one by one.
const MAX_REPORTED: usize = 10;

impl Errors {
    fn add(&mut self, error: InvalidDocument) {
        if self.first.len() < MAX_REPORTED {
            self.first.push(error);
        } else {
            self.more += 1;
        }
    }
}

impl File {
    pub(super) fn is_of(&self, text: &str) -> bool {
        self.text == hash(text)
    }

    /// The file after an edit, and what is wrong with it since.
    pub(super) fn edit(&self, format: Format, text: &str) -> (Self, Errors) {
        let known: HashMap<u64, &Document> = self.documents.iter().map(|known| (known.text, known)).collect();
        let pieces = match format {
            Format::Yaml => split(text),
            Format::Json => vec![Piece { line: 1, text }],
        };
        let (mut documents, mut broken, mut errors) = (Vec::new(), Vec::new(), Errors::default());
        for piece in pieces {
            let text = hash(content(piece.text));
            if let Some(known) = known.get(&text) {
                documents.push((*known).clone());
                continue;
            }
            let outcome = parse::parse(format, piece).map_or_else(
                |damaged| {
                    broken.push(documents.len());
                    errors.add(damaged.first);
                    damaged.more.into_iter().for_each(|error| errors.add(error));
                    Outcome::Broken { read: damaged.objects, kept: Arc::default() }
                },
                Outcome::Objects,
            );
            documents.push(Document { text, outcome });
        }
        let mut file = Self { text: hash(text), documents };
        if !broken.is_empty() {
            let lost: Arc<[Object]> = file.lost_from(self).into();
            for at in broken {
                if let Outcome::Broken { kept, .. } = &mut file.documents[at].outcome {
                    *kept = Arc::clone(&lost);
                }
            }
        }
        (file, errors)
    }

    /// The file while it cannot be read: all objects that were in it are kept.
    pub(super) fn unreadable(&self, reason: &str) -> Self {
        let kept: Arc<[Object]> = self.parsed().chain(self.kept()).cloned().collect();
        let text = hash(reason);
        let outcome = Outcome::Broken { read: Vec::new(), kept };
        Self { text, documents: vec![Document { text, outcome }] }
    }

    pub(super) fn parsed(&self) -> impl Iterator<Item = &Object> {
        self.documents.iter().flat_map(|document| match &document.outcome {
            Outcome::Objects(objects) | Outcome::Broken { read: objects, .. } => objects.as_slice(),
        })
    }

    /// The objects that broken documents keep; shared ones once.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Object> {
        let mut seen = HashSet::new();
        let broken = self.documents.iter().filter_map(|document| match &document.outcome {
            Outcome::Objects(_) => None,
            Outcome::Broken { kept, .. } => Some(kept),
        });
        broken.filter(move |objects| seen.insert(objects.as_ptr())).flat_map(|objects| objects.iter())
    }

    /// Objects that were in the former file and that this one does not define.
    fn lost_from(&self, former: &Self) -> Vec<Object> {
        let mut defined: HashSet<Key> = self.parsed().map(Object::key).collect();
        let before = former.parsed().chain(former.kept());
        before.filter(|object| defined.insert(object.key())).cloned().collect()
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
