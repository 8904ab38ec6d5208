use super::Identity;
use crate::live::front_proxy::HeaderNames;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;

fn names() -> HeaderNames {
    let header = |name: &'static str| vec![HeaderName::from_static(name)];
    HeaderNames {
        user: vec![HeaderName::from_static("x-user"), HeaderName::from_static("x-remote-user")],
        uid: header("x-remote-uid"),
        group: header("x-remote-group"),
        extra_prefix: vec!["x-remote-extra-".to_owned()],
    }
}

fn identity(headers: &[(&'static str, &[u8])]) -> Option<Identity> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
    }
    Identity::of(&map, &names())
}

#[test]
fn a_user_with_groups_and_extra_is_read() {
    let read = identity(&[
        ("x-remote-user", b"system:serviceaccount:shop:web"),
        ("x-remote-uid", b"u1"),
        ("x-remote-group", b"system:serviceaccounts"),
        ("x-remote-group", b"system:authenticated"),
        ("x-remote-extra-authentication.kubernetes.io%2fpod-name", b"web-1"),
        ("x-remote-extra-scopes", b"a"),
        ("x-remote-extra-scopes", b"b"),
        ("authorization", b"Bearer nothing"),
    ]);
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let extra = [
        ("authentication.kubernetes.io/pod-name".to_owned(), texts(&["web-1"])),
        ("scopes".to_owned(), texts(&["a", "b"])),
    ];
    let expected = Identity {
        user: "system:serviceaccount:shop:web".to_owned(),
        uid: Some("u1".to_owned()),
        groups: texts(&["system:serviceaccounts", "system:authenticated"]),
        extra: BTreeMap::from(extra),
    };
    assert_eq!(read, Some(expected));
}

#[test]
fn the_first_header_with_a_value_names_the_user() {
    let user = |headers: &[(&'static str, &[u8])]| identity(headers).map(|identity| identity.user);
    assert_eq!(user(&[("x-remote-user", b"b"), ("x-user", b"a")]).as_deref(), Some("a"));
    assert_eq!(user(&[("x-remote-user", b"b"), ("x-user", b"")]).as_deref(), Some("b"));
    assert_eq!(user(&[("x-remote-user", "jürgen".as_bytes())]).as_deref(), Some("jürgen"));
    assert_eq!(user(&[("x-remote-user", b"")]), None);
    assert_eq!(user(&[("x-remote-user", b"\xff")]), None);
    assert_eq!(user(&[("x-remote-group", b"system:masters")]), None);
}
