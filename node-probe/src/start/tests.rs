use super::*;
use crate::kernel::Position;
use crate::state::Header;

const BOOT: &str = "this boot";

fn saved(boot: &str, instance: u64) -> Saved {
    let header = Header { boot: boot.to_owned(), instance, position: Position { ring: 0, epoch: 0 } };
    Saved { header, pipeline: Vec::new() }
}

fn left(is_ours: bool, instance: u64) -> Left {
    Left { is_ours, instance, produced: 0 }
}

#[test]
fn a_state_is_gone_on_from_only_with_the_maps_that_vouch_for_it() {
    let check = |saved: Option<Saved>, left| found(saved.as_ref(), left, BOOT);
    let is_unusable = |found| matches!(found, Found::Unusable(_));
    assert_eq!(check(None, None), Found::Nothing);
    assert_eq!(check(Some(saved(BOOT, 7)), Some(left(true, 7))), Found::Whole);
    assert_eq!(check(Some(saved(BOOT, 7)), Some(left(false, 7))), Found::Series);
    assert!(is_unusable(check(Some(saved("another boot", 7)), Some(left(true, 7)))));
    assert!(is_unusable(check(Some(saved(BOOT, 7)), None)));
    assert!(is_unusable(check(None, Some(left(true, 7)))));
    // Its id was changed after a failed save, or it was killed during a save.
    assert!(is_unusable(check(Some(saved(BOOT, 7)), Some(left(true, 8)))));
    assert!(is_unusable(check(Some(saved(BOOT, 7)), Some(left(true, 0)))));
}
