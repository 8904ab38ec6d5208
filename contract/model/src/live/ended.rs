//! How a connection ended.

use super::Described;
use crate::connection::{CloseReason, FailReason, Reporter};
use crate::identity::UnixNanos;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// `None`: not known.
    pub at: Option<UnixNanos>,
    pub how: Ending,
    /// As in [`Described::handshake`], which may have been sent without it.
    pub handshake: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Which end was first to end it, and why. `None`: not known.
    Closed { by: Option<Reporter>, reason: Option<CloseReason> },
    /// It never established.
    Failed(FailReason),
}

/// The connection that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It was described under this number.
    Number(u32),
    /// It was not described before.
    Described(Box<Described>),
}
