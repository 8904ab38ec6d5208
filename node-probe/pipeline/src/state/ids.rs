//! Many ids as they lie in memory: after a flood a state has a hundred thousand of them, and nothing to gain from each alone.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use zerocopy::IntoBytes;

const EACH: usize = size_of::<u64>();

/// In the machine's own byte order: a state does not leave it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids<'a>(&'a [u8]);

impl Ids<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.as_chunks::<EACH>().0.iter().map(|bytes| u64::from_ne_bytes(*bytes))
    }
}

impl<'a> From<&'a [u64]> for Ids<'a> {
    fn from(ids: &'a [u64]) -> Self {
        Self(ids.as_bytes())
    }
}

impl Serialize for Ids<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Ids<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Whole)
    }
}

struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Ids<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ids of eight bytes each")
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Ids<'de>, E> {
        if bytes.len().is_multiple_of(EACH) { Ok(Ids(bytes)) } else { Err(E::invalid_length(bytes.len(), &self)) }
    }
}
