mod collected;
mod events;
mod lines;
mod live;
mod nodes;

pub(super) use collected::Collected;

use super::*;
use crate::connection::{Entry, Totals};

/// A live connection that feeds its series: its entry, and a slot of the index with its tag, at the load factor just after it
/// has grown.
#[test]
fn a_hundred_thousand_connections_take_less_than_25_megabytes() {
    let entry = size_of::<Entry<Stage>>();
    let slot = (size_of::<u32>() + 1) * 16 / 7;
    assert!((entry + slot) * 100_000 < 25_000_000, "{entry} + {slot}");
    assert!(size_of::<Totals>() <= 32);
}
