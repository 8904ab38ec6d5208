//! What a source sends: one type for a directory and for an API server.

use crate::source::object::{Key, Object};
use longwire_model::identity::ObservedAddress;

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The object is now this.
    Apply(Object),
    Delete(Key),
    /// All objects that existed at the start have been sent.
    Synced,
}

/// Address observations of a node's probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressObservations {
    pub node: String,
    pub observations: Vec<ObservedAddress>,
}

/// Events that are applied together: nothing is published in between.
pub type Batch = Vec<Event>;
