//! The last part of an item, which an earlier version did not have.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Of an item that ends before it, the default. A version adds parts only at the ends of items, so that it reads the version before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Late<T>(pub(crate) T);

impl<T: Serialize> Serialize for Late<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// If the part itself is wrong, bytes of it are left, and the item is refused for them.
impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Late<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(deserializer).unwrap_or_default()))
    }
}
