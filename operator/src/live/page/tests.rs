use super::{Page, Row, Snapshot};
use crate::live::api::query::ListOptions;
use crate::live::api::status::Failure;
use crate::live::selector::Selection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use longwire_live::resource;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const BEGUN: u64 = 1_000;

fn snapshot(keys: &BTreeSet<(u8, u8)>, revision: u64) -> Snapshot {
    let row = |(namespace, name): &(u8, u8)| Row {
        namespace: Some(format!("s{namespace:03}")),
        name: format!("n{name:03}"),
        object: json!({"metadata": {"name": format!("n{name:03}"), "namespace": format!("s{namespace:03}")}}),
    };
    Snapshot { begun: BEGUN, revision, rows: keys.iter().map(row).collect() }
}

fn options(query: &str) -> ListOptions {
    ListOptions::read(Some(query)).unwrap()
}

fn page(snapshot: Snapshot, query: &str) -> Result<Page<Value>, Failure> {
    let options = options(query);
    let selection = Selection::read(resource("probes").unwrap(), "", &options.field_selector)?;
    snapshot.page(&options, &selection)
}

fn three() -> BTreeSet<(u8, u8)> {
    [(1, 1), (1, 2), (2, 1)].into()
}

/// The failure's code and message.
fn failure(outcome: Result<Page<Value>, Failure>) -> String {
    format!("{:?}", outcome.unwrap_err())
}

#[test]
fn without_a_limit_there_is_one_page() {
    let all = page(snapshot(&three(), 1_005), "").unwrap();
    assert_eq!((all.objects.len(), all.next, all.remaining, all.revision), (3, None, None, 1_005));
    let all = page(snapshot(&three(), 1_005), "limit=3").unwrap();
    assert_eq!((all.objects.len(), all.next, all.remaining), (3, None, None));
}

#[test]
fn all_pages_have_the_version_of_the_first() {
    let first = page(snapshot(&three(), 1_005), "limit=2").unwrap();
    assert_eq!((first.objects.len(), first.remaining), (2, Some(1)));
    let next = first.next.unwrap();
    let second = page(snapshot(&three(), 1_009), &format!("limit=2&continue={next}")).unwrap();
    assert_eq!((second.objects.len(), second.revision, second.next), (1, 1_005, None));
}

#[test]
fn nobody_says_how_many_a_selector_will_find() {
    let found = page(snapshot(&three(), 1_005), "limit=1&fieldSelector=metadata.name%3Dn001").unwrap();
    assert_eq!((found.objects.len(), found.remaining), (1, None));
    assert!(found.next.is_some());
}

#[rstest]
#[case::now("resourceVersion=1005", None)]
#[case::any("resourceVersion=0", None)]
#[case::older("resourceVersion=1001", None)]
#[case::another_leaders("resourceVersion=7&resourceVersionMatch=NotOlderThan", None)]
#[case::exact("resourceVersion=1005&resourceVersionMatch=Exact", None)]
#[case::exact_but_older("resourceVersion=1004&resourceVersionMatch=Exact", Some("410"))]
#[case::older_with_limit("resourceVersion=1004&limit=2", Some("410"))]
#[case::any_with_limit("resourceVersion=0&limit=2", None)]
#[case::not_yet("resourceVersion=1006", Some("ResourceVersionTooLarge"))]
#[case::exact_and_not_yet("resourceVersion=1006&resourceVersionMatch=Exact", Some("ResourceVersionTooLarge"))]
fn versions_mean_what_they_mean_to_kubernetes(#[case] query: &str, #[case] wrong: Option<&str>) {
    let outcome = page(snapshot(&three(), 1_005), query);
    match wrong {
        None => assert_eq!(outcome.unwrap().revision, 1_005),
        Some(text) => assert!(failure(outcome).contains(text), "{query}"),
    }
}

#[test]
fn a_token_of_another_leader_is_too_old_and_anything_else_is_none() {
    let token =
        |rv: u64| URL_SAFE_NO_PAD.encode(json!({"v": 1, "rv": rv, "namespace": "s001", "name": "n001"}).to_string());
    let of = |text: &str| page(snapshot(&three(), 1_005), &format!("continue={text}"));
    assert_eq!(of(&token(1_000)).unwrap().objects.len(), 2);
    for old in [999, 1_006] {
        assert!(failure(of(&token(old))).contains("the provided continue parameter is too old"), "{old}");
    }
    let newer = URL_SAFE_NO_PAD.encode(json!({"v": 2, "rv": 1_000, "namespace": "", "name": ""}).to_string());
    for wrong in ["x", "!!", "e30", &newer] {
        assert!(failure(of(wrong)).contains("continue key is not valid"), "{wrong}");
    }
}

proptest! {
    /// Whatever comes and goes between two pages: what was there all the time is in the list once.
    #[test]
    fn pages_have_everything_that_stayed_exactly_once(
        steady in prop::collection::btree_set((0u8..6, 0u8..6), 0..30),
        others in prop::collection::vec(prop::collection::btree_set((0u8..6, 0u8..6), 0..10), 1..6),
        limit in 1usize..7,
    ) {
        let (mut found, mut token, mut round) = (Vec::new(), String::new(), 0);
        loop {
            let now: BTreeSet<_> = steady.union(&others[round % others.len()]).copied().collect();
            let all = page(snapshot(&now, BEGUN + round as u64), &format!("limit={limit}&continue={token}")).unwrap();
            prop_assert!(all.objects.len() <= limit);
            found.extend(all.objects.iter().map(|object| object["metadata"].clone()));
            round += 1;
            match all.next {
                Some(next) => token = next,
                None => break,
            }
        }
        for (namespace, name) in &steady {
            let metadata = json!({"name": format!("n{name:03}"), "namespace": format!("s{namespace:03}")});
            prop_assert_eq!(found.iter().filter(|found| **found == metadata).count(), 1);
        }
    }
}
