use super::*;
use rstest::rstest;
use std::os::unix::fs::PermissionsExt;

#[rstest]
#[case::all_fit(10, &["a\nb\n", "c\nd\n"], &[("audit.log", "a\nb\nc\nd\n")])]
#[case::exactly_full(4, &["a\nb\n"], &[("audit.log", "a\nb\n")])]
#[case::full_file_stays_until_a_line_comes(4, &["a\nb\n", "c\n"], &[("audit.log", "c\n"), ("audit.log.1", "a\nb\n")])]
#[case::a_buffer_is_parted_between_lines(5, &["a\nb\nc\nd\n"], &[("audit.log", "c\nd\n"), ("audit.log.1", "a\nb\n")])]
#[case::a_line_is_not_parted(5, &["aaa\n", "bbb\n"], &[("audit.log", "bbb\n"), ("audit.log.1", "aaa\n")])]
#[case::a_long_line_is_alone(
    5,
    &["a\nlonger than that\nb\n"],
    &[("audit.log", "b\n"), ("audit.log.1", "longer than that\n"), ("audit.log.2", "a\n")]
)]
#[case::the_oldest_is_removed(2, &["a\nb\nc\nd\ne\n"], &[("audit.log", "e\n"), ("audit.log.1", "d\n"), ("audit.log.2", "c\n")])]
fn lines_are_in_files_of_bounded_size_and_number(
    #[case] max_bytes: u64,
    #[case] buffers: &[&str],
    #[case] expected: &[(&str, &str)],
) {
    let fixture = Fixture::new();
    let mut files = fixture.open(max_bytes, 3);
    buffers.iter().for_each(|buffer| files.write_all(buffer.as_bytes()).unwrap());
    fixture.check(expected);
}

#[rstest]
#[case::one(1, &[("audit.log", "c\n")])]
#[case::none_is_one(0, &[("audit.log", "c\n")])]
#[case::two(2, &[("audit.log", "c\n"), ("audit.log.1", "b\n")])]
fn few_files_are_enough(#[case] max_files: u32, #[case] expected: &[(&str, &str)]) {
    let fixture = Fixture::new();
    fixture.open(0, max_files).write_all(b"a\nb\nc\n").unwrap();
    fixture.check(expected);
}

#[test]
fn any_number_of_files_may_be_kept() {
    let fixture = Fixture::new();
    fixture.open(2, u32::MAX).write_all(b"a\nb\n").unwrap();
    fixture.check(&[("audit.log", "b\n"), ("audit.log.1", "a\n")]);
}

#[test]
fn a_gap_among_the_old_files_is_filled_and_the_oldest_stays() {
    let fixture = Fixture::new();
    fixture.put("audit.log.1", "1\n");
    fixture.put("audit.log.3", "3\n");
    fixture.open(2, 4).write_all(b"a\nb\n").unwrap();
    fixture.check(&[("audit.log", "b\n"), ("audit.log.1", "a\n"), ("audit.log.2", "1\n"), ("audit.log.3", "3\n")]);
}

#[test]
fn a_probe_continues_the_file_of_the_one_before_and_counts_its_length() {
    let fixture = Fixture::new();
    fixture.open(6, 3).write_all(b"a\nb\n").unwrap();
    let mut files = fixture.open(6, 3);
    files.write_all(b"c\n").unwrap();
    fixture.check(&[("audit.log", "a\nb\nc\n")]);
    files.write_all(b"d\n").unwrap();
    fixture.check(&[("audit.log", "d\n"), ("audit.log.1", "a\nb\nc\n")]);
}

#[test]
fn half_a_line_of_a_probe_that_was_killed_does_not_join_the_next_one() {
    let fixture = Fixture::new();
    fixture.put("audit.log", "a\nhal");
    let mut files = fixture.open(9, 3);
    files.write_all(b"b\n").unwrap();
    fixture.check(&[("audit.log", "a\nhal\nb\n")]);
    files.write_all(b"c\n").unwrap();
    fixture.check(&[("audit.log", "c\n"), ("audit.log.1", "a\nhal\nb\n")]);
}

#[test]
fn what_is_longer_than_a_lower_limit_is_rotated() {
    let fixture = Fixture::new();
    fixture.open(100, 3).write_all(b"a\nb\nc\n").unwrap();
    fixture.open(4, 3).write_all(b"d\n").unwrap();
    fixture.check(&[("audit.log", "d\n"), ("audit.log.1", "a\nb\nc\n")]);
}

#[test]
fn a_lower_number_removes_the_oldest_files_and_nothing_of_others() {
    let fixture = Fixture::new();
    let others = ["audit-2.log.9", "audit.log.0", "audit.log.09", "audit.log.4.gz", "audit.log.x", "audit.logs"];
    others.iter().for_each(|name| fixture.put(name, ""));
    ["audit.log", "audit.log.1", "audit.log.2", "audit.log.3", "audit.log.77"]
        .iter()
        .for_each(|name| fixture.put(name, ""));
    fixture.open(100, 3);
    let mut expected: Vec<_> = others.iter().chain(&["audit.log", "audit.log.1", "audit.log.2"]).collect();
    expected.sort();
    assert_eq!(fixture.files().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), {
        expected.into_iter().copied().collect::<Vec<_>>()
    });
}

#[test]
fn a_caller_that_counts_learns_how_many_bytes_of_lines_are_written() {
    let fixture = Fixture::new();
    let mut files = fixture.open(4, 3);
    assert_eq!(files.write(b"").unwrap(), 0);
    assert_eq!(files.write(b"a\nb\nc\n").unwrap(), 4);
    assert_eq!(files.write(b"c\n").unwrap(), 2);
    files.flush().unwrap();
}

#[test]
fn others_may_not_read_the_files() {
    let fixture = Fixture::new();
    fixture.open(2, 2).write_all(b"a\nb\n").unwrap();
    for name in ["audit.log", "audit.log.1"] {
        let mode = fs::metadata(fixture.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o137, 0, "{name} has {mode:o}");
    }
}
