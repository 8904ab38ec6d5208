mod collected;
mod events;
mod nodes;

pub(super) use collected::Collected;

use super::*;
use crate::connection::{Entry, Totals};
use crate::resolve::Resolution;

/// A live connection that feeds its series: its entry, what it keeps for a series of its own with the allocator's share,
/// and a slot of the index with its tag, at the load factor just after it has grown.
#[test]
fn a_hundred_thousand_connections_take_less_than_25_megabytes() {
    let entry = size_of::<Entry<Stage>>();
    let resolution = (size_of::<Resolution>() + 8).next_multiple_of(16);
    let slot = (size_of::<u32>() + 1) * 16 / 7;
    assert!((entry + resolution + slot) * 100_000 < 25_000_000, "{entry} + {resolution} + {slot}");
    assert!(size_of::<Totals>() <= 32);
}
