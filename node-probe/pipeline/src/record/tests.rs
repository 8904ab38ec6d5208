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

#[test]
fn cgroup_names_end_at_their_nul_and_at_the_levels_given() {
    let mut raw = RawCgroup::read_from_bytes(&[0; size_of::<RawCgroup>()]).unwrap();
    raw.kind = kind::CGROUP;
    raw.levels = 2;
    raw.cgroup = 5;
    raw.name[0][..3].copy_from_slice(b"abc");
    raw.name[1] = [b'x'; CGROUP_NAME];
    let Record::Cgroup(record) = Record::parse(raw.as_bytes()).unwrap() else { panic!("not a cgroup") };
    assert_eq!(record.names, ["abc".to_owned(), "x".repeat(CGROUP_NAME)]);
}

#[test]
fn a_sight_says_from_where_a_cgroup_speaks() {
    let local = "10.0.0.1".parse::<std::net::Ipv4Addr>().unwrap().to_ipv6_mapped().octets();
    let raw = RawSight { kind: kind::SIGHT, netns: 7, cgroup: 5, time: 9, local };
    let expected = SightRecord { cgroup: 5, netns: 7, local: "10.0.0.1".parse().unwrap(), time: 9 };
    assert_eq!(Record::parse(raw.as_bytes()), Ok(Record::Sight(expected)));
    assert_eq!(Record::parse(&raw.as_bytes()[..36]), Err(InvalidRecord::Size { got: 36, want: 40 }));
}
