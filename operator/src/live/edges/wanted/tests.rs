use super::Wanted;
use longwire_model::live::{Watched, WatchedNamespaces};
use rstest::rstest;

use WatchedNamespaces::All;

fn only(namespaces: &[&str]) -> WatchedNamespaces {
    WatchedNamespaces::Only(namespaces.iter().map(|name| (*name).to_owned()).collect())
}

/// What is wanted, each at one more second, and since when that is with `a`, with `b` and with both.
#[rstest]
#[case(&[], [None, None, None])]
#[case(&[only(&["a"])], [Some(1), None, Some(1)])]
#[case(&[only(&["a"]), only(&["a", "b"])], [Some(1), Some(2), Some(1)])]
#[case(&[only(&["a"]), only(&["b"])], [None, Some(2), Some(2)])]
#[case(&[only(&["a"]), only(&[]), only(&["a"])], [Some(3), None, Some(3)])]
#[case::everything_includes_what_was_wanted_before(&[only(&["b"]), All], [Some(2), Some(1), Some(1)])]
#[case::less_than_everything_goes_on(&[only(&["b"]), All, only(&["a", "b"])], [Some(2), Some(1), Some(1)])]
#[case(&[All, only(&["b"])], [None, Some(1), Some(1)])]
#[case(&[All, only(&[]), All], [Some(3), Some(3), Some(3)])]
fn a_namespace_is_added_up_since_it_is_wanted_without_a_break(
    #[case] steps: &[WatchedNamespaces],
    #[case] expected: [Option<u64>; 3],
) {
    let mut wanted = Wanted::default();
    for (clock, namespaces) in (1..).zip(steps) {
        assert!(wanted.want(namespaces, clock), "{namespaces:?}");
        assert!(!wanted.want(namespaces, clock), "nothing else is wanted");
    }
    let since = |namespaces: &[&'static str]| wanted.since(namespaces.iter().copied());
    assert_eq!([since(&["a"]), since(&["b"]), since(&["a", "b"])], expected);
    assert_eq!(wanted.is_on(), expected[2].is_some());
}

#[test]
fn each_generation_with_history_repeats_what_was_said() {
    let mut wanted = Wanted::default();
    let at = |wanted: &mut Wanted, generation, history, clock| {
        wanted.repeats(&Watched { generation, history, ..Watched::default() }, clock);
        wanted.repeated()
    };
    assert_eq!(at(&mut wanted, 1, false, 1), 0);
    assert_eq!(at(&mut wanted, 2, true, 2), 2);
    assert_eq!(at(&mut wanted, 2, true, 3), 2);
    assert_eq!(at(&mut wanted, 3, true, 4), 4);
    assert_eq!(at(&mut wanted, 4, false, 5), 4);
}
