//! What becomes of a connection once both of its ends are known, or time is over.

use super::local::Local;
use super::pending::PendingConnection;
use super::resolution::Resolution;

#[derive(Debug)]
pub(crate) enum Outcome {
    /// With the pod that reports it.
    Resolved(Local, Resolution),
    Ignored(Ignored),
}

/// Why a connection is not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    Host,
    Foreign,
    /// It stays inside one pod.
    LocalLeg,
    /// Its pod was not known when the room for waiting ran out.
    Dropped,
}

/// A connection that waits no more.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) connection: PendingConnection,
    pub(crate) outcome: Outcome,
}
