use super::*;

fn raw() -> RawRecord {
    RawRecord::read_from_bytes(&[0; size_of::<RawRecord>()]).unwrap()
}

#[test]
fn a_v4_mapped_address_is_the_v4_address() {
    let mut bytes = [0; 16];
    bytes[10..].copy_from_slice(&[0xff, 0xff, 10, 0, 0, 1]);
    let raw = RawRecord { kind: kind::CLOSE, id: 7, local: bytes, local_port: 80, ..raw() };
    let Record::Connection(record) = Record::parse(raw.as_bytes()).unwrap() else { panic!("not a connection") };
    assert_eq!(record.local, "10.0.0.1:80".parse().unwrap());
    assert_eq!(record.role, None);
}

#[test]
fn a_record_of_another_size_kind_or_without_an_id_is_refused() {
    let whole = RawRecord { kind: kind::CLOSE, id: 7, ..raw() };
    assert_eq!(Record::parse(&whole.as_bytes()[..143]), Err(InvalidRecord::Size { got: 143, want: 144 }));
    assert_eq!(Record::parse(&[1]), Err(InvalidRecord::Size { got: 1, want: 4 }));
    assert_eq!(Record::parse(RawRecord { kind: 9, ..whole }.as_bytes()), Err(InvalidRecord::Kind(9)));
    assert_eq!(Record::parse(RawRecord { id: 0, ..whole }.as_bytes()), Err(InvalidRecord::Id));
}

#[test]
fn the_errno_and_whether_anything_was_sent_tell_why_a_connect_failed() {
    let reason = |error, flags| {
        let raw = RawRecord { kind: kind::FAIL, id: 1, error, flags, ..raw() };
        match Record::parse(raw.as_bytes()) {
            Ok(Record::Connection(ConnectionRecord { event: Event::Fail(reason), .. })) => reason.name(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reason(111, 0), "refused");
    assert_eq!(reason(110, 0), "timeout");
    assert_eq!(reason(113, 0), "unreachable");
    assert_eq!(reason(101, 0), "unreachable");
    assert_eq!(reason(0, 0), "aborted");
    assert_eq!(reason(0, flag::NEVER_SENT), "never_sent");
    assert_eq!(reason(103, 0), "other");
}

/// As the kernel writes the names of a path: in turn, on the way up.
fn raw_cgroup(path: &[&str]) -> RawCgroup {
    let mut raw = RawCgroup::read_from_bytes(&[b'?'; size_of::<RawCgroup>()]).unwrap();
    (raw.kind, raw.cgroup, raw.levels) = (kind::CGROUP, 5, u32::try_from(path.len()).unwrap());
    for (step, name) in path.iter().rev().enumerate() {
        let slot = &mut raw.name[step % CGROUP_LEVELS];
        slot[..name.len()].copy_from_slice(name.as_bytes());
        slot[name.len()] = 0;
    }
    raw
}

fn names(raw: &RawCgroup) -> Option<Vec<String>> {
    let Record::Cgroup(record) = Record::parse(raw.as_bytes()).unwrap() else { panic!("not a cgroup") };
    record.names
}

#[test]
fn cgroup_names_come_from_the_root_on_and_end_at_their_nul() {
    let expected = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(names(&raw_cgroup(&["kubepods", "pod1", "x"])), expected(&["kubepods", "pod1", "x"]));
    assert_eq!(names(&raw_cgroup(&[])), expected(&[]));
    let mut whole = raw_cgroup(&["kubepods"]);
    whole.name[0] = [b'x'; CGROUP_NAME];
    assert_eq!(names(&whole), expected(&["x".repeat(CGROUP_NAME).as_str()]));
}

#[test]
fn of_a_deep_cgroup_the_names_nearest_the_root_are_there() {
    let mut path = vec!["kubepods", "burstable", "pod1", "container"];
    path.extend(["a", "b", "c", "d", "e", "f", "g", "podvictim", "h"]);
    assert_eq!(names(&raw_cgroup(&path)).unwrap(), &path[..CGROUP_LEVELS]);
    path.extend(["i"; 400]);
    assert_eq!(names(&raw_cgroup(&path)).unwrap(), &path[..CGROUP_LEVELS]);
    let outside = RawCgroup { levels: CGROUP_OUTSIDE, ..raw_cgroup(&[]) };
    assert_eq!(names(&outside), None);
}

#[test]
fn an_address_record_has_the_local_address_of_a_cgroup() {
    let local = "10.0.0.1".parse::<std::net::Ipv4Addr>().unwrap().to_ipv6_mapped().octets();
    let raw = RawAddress { kind: kind::ADDRESS, netns: 7, cgroup: 5, time: 9, local };
    let expected = AddressRecord { cgroup: 5, netns: 7, local: "10.0.0.1".parse().unwrap(), time: 9 };
    assert_eq!(Record::parse(raw.as_bytes()), Ok(Record::Address(expected)));
    assert_eq!(Record::parse(&raw.as_bytes()[..36]), Err(InvalidRecord::Size { got: 36, want: 40 }));
}
