//! Which samples there are already. The order of labels, empty ones, escapes and the form of a bucket's bound say nothing.

use super::Reason;
use crate::escape::unescape;
use crate::kind::Kind;
use crate::name;
use crate::name::Names;
use crate::page::Sample;
use crate::scan::number;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

/// Stands in no UTF-8.
const END: u8 = 0xff;
const NUMBER: u8 = 0xfe;

/// Two keyed hashes of each series: whoever does not know the keys finds no two series with equal ones.
#[derive(Debug, Default)]
pub(super) struct Identities<'a> {
    keys: [RandomState; 2],
    seen: HashTable<[u64; 2]>,
    /// Of the sample at hand, as are its labels.
    text: Vec<u8>,
    labels: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Identities<'a> {
    pub(super) fn add(
        &mut self,
        sample: &Sample<'a>,
        kind: Kind,
        names: Names,
        millis: Option<i64>,
    ) -> Result<(), Reason> {
        self.labels.clear();
        self.labels.extend(sample.labels().map(|label| (name::label(label.name, label.is_quoted, names), label.value)));
        self.labels.sort_unstable();
        if self.labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Reason::Labels);
        }
        write(&sample.name(names), &self.labels, kind, millis, &mut self.text);
        let hashes = self.keys.each_ref().map(|key| key.hash_one(self.text.as_slice()));
        match self.seen.entry(hashes[0], |seen| *seen == hashes, |seen| seen[0]) {
            Entry::Occupied(_) => Err(Reason::Duplicate),
            Entry::Vacant(entry) => {
                entry.insert(hashes);
                Ok(())
            }
        }
    }
}

/// Text that is equal if and only if the samples are one series at one time.
fn write(name: &str, labels: &[(Cow<'_, str>, &str)], kind: Kind, millis: Option<i64>, text: &mut Vec<u8>) {
    text.clear();
    text.extend_from_slice(name.as_bytes());
    text.push(END);
    for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
        text.extend_from_slice(name.as_bytes());
        text.push(END);
        let is_number = kind.number_label() == Some(&**name);
        match is_number.then(|| number(value.as_bytes())).flatten() {
            Some(number) => {
                text.push(NUMBER);
                text.extend_from_slice(&number.to_bits().to_le_bytes());
            }
            None => text.extend_from_slice(unescape(value, true).as_bytes()),
        }
        text.push(END);
    }
    if let Some(millis) = millis {
        text.push(END);
        text.extend_from_slice(&millis.to_le_bytes());
    }
}
