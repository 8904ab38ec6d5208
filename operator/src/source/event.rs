//! What a source tells: one type for a directory now and an API server later.

use crate::source::object::{Key, Object};
use longwire_model::identity::Sighting;

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The object is now this.
    Apply(Object),
    Delete(Key),
    /// All that was there at the start has been told.
    Synced,
}

/// What a node's probe saw of its pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub node: String,
    pub sightings: Vec<Sighting>,
}

/// Events that belong together: nobody is told anything in between.
pub type Batch = Vec<Event>;
