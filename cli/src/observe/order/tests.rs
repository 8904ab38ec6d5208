use super::*;

#[test]
fn the_latest_are_kept_and_sorted() {
    let mut latest = Latest::new(3);
    for (time, line) in [(Some(5), "b"), (None, "unknown"), (Some(9), "d"), (Some(5), "c"), (Some(1), "a")] {
        latest.put(time, line.to_owned());
    }
    assert_eq!(latest.lines().collect::<Vec<_>>(), ["b", "c", "d"]);
}
