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
pub(super) struct Identities {
    keys: [RandomState; 2],
    seen: HashTable<[u64; 2]>,
    text: Vec<u8>,
}

impl Identities {
    pub(super) fn add(
        &mut self,
        sample: &Sample<'_>,
        kind: Kind,
        names: Names,
        millis: Option<i64>,
    ) -> Result<(), Reason> {
        write(sample, kind, names, millis, &mut self.text)?;
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
fn write(sample: &Sample<'_>, kind: Kind, names: Names, millis: Option<i64>, text: &mut Vec<u8>) -> Result<(), Reason> {
    text.clear();
    text.extend_from_slice(sample.name(names).as_bytes());
    text.push(END);
    let mut labels: Vec<(Cow<'_, str>, &str)> =
        sample.labels().map(|label| (name::label(label.name, label.is_quoted, names), label.value)).collect();
    labels.sort_unstable();
    if labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Reason::Labels);
    }
    for (name, value) in labels.into_iter().filter(|(_, value)| !value.is_empty()) {
        text.extend_from_slice(name.as_bytes());
        text.push(END);
        match number(value.as_bytes()).filter(|_| kind.number_label() == Some(&*name)) {
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
    Ok(())
}
