use super::{Key, Refusal};

/// An object that the API server has and that this operator cannot read: of another version, or with what cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub key: Key,
    pub uid: String,
    /// `metadata.generation`; 0 where the kind has none.
    pub generation: i64,
    /// What is wrong with it.
    pub refusal: Refusal,
}
