//! What a connection has moved, as events report it.

pub use longwire_model::connection::Traffic;

use crate::connection::Totals;
use crate::observation::Delta;

impl From<&Totals> for Traffic {
    fn from(totals: &Totals) -> Self {
        let Totals { sent, received, retransmitted_bytes, retransmits, lost } = *totals;
        Self { sent, received, retransmitted_bytes, retransmits: retransmits.into(), lost: lost.into() }
    }
}

impl From<&Delta> for Traffic {
    fn from(delta: &Delta) -> Self {
        let Delta { sent, received, retransmitted_bytes, retransmits, lost, .. } = *delta;
        Self { sent, received, retransmitted_bytes, retransmits, lost }
    }
}
