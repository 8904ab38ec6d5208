use super::{InvalidOperator, Operator, Unreachable};
use std::io;
use std::path::PathBuf;

fn operator(url: &str, ca: bool, token: bool, name: Option<&str>) -> Result<Operator, InvalidOperator> {
    let file = |given: bool, name: &str| given.then(|| format!("/run/{name}").into());
    Operator::new(url.to_owned(), file(ca, "ca.crt"), file(token, "token"), name.map(str::to_owned))
}

#[test]
fn https_needs_a_ca() {
    let error = operator("https://operator:15010", false, true, None).unwrap_err().to_string();
    assert!(error.contains("https://operator:15010 needs --operator-ca"), "{error}");
}

#[test]
fn what_is_secret_or_proves_something_is_not_for_the_clear() {
    let refused = |ca, token, name| operator("http://127.0.0.1:15010", ca, token, name).unwrap_err().to_string();
    let text = |flag| format!("{flag} requires https: http://127.0.0.1:15010 is plain http");
    assert_eq!(refused(true, false, None), text("--operator-ca"));
    assert_eq!(refused(false, true, None), text("--operator-token"));
    assert_eq!(refused(false, false, Some("x")), text("--operator-name"));
}

#[test]
fn the_expected_certificate_name_stays_after_a_redirect() {
    let leader = Some("10.0.0.7:15010".parse().unwrap());
    let named = operator("https://operator.lw.svc:15010", true, true, None).unwrap();
    assert_eq!(named.secured.as_ref().unwrap().name, "operator.lw.svc");
    assert_eq!(named.address(None), "https://operator.lw.svc:15010");
    assert_eq!(named.address(leader), "https://10.0.0.7:15010");
    let by_address = operator("https://[fd00::1]:15010", true, false, Some("operator.lw.svc")).unwrap();
    assert_eq!(by_address.secured.as_ref().unwrap().name, "operator.lw.svc");
    let clear = operator("http://127.0.0.1:15010", false, false, None).unwrap();
    assert_eq!(clear.address(Some("127.0.0.1:7".parse().unwrap())), "http://127.0.0.1:7");
}

#[test]
fn a_token_that_is_none_is_named_by_its_file_and_a_good_one_is_not_shown() {
    let operator = operator("https://operator:1", true, true, None).unwrap();
    for bad in ["", "two\nlines"] {
        let text = operator.authorization(bad).unwrap_err().to_string();
        assert_eq!(text, "--operator-token /run/token: not a token");
    }
    let value = operator.authorization("a.b.c").unwrap();
    assert_eq!((value.to_str().unwrap(), format!("{value:?}").as_str()), ("Bearer a.b.c", "Sensitive"));
    let missing = operator.token().unwrap_err().to_string();
    assert!(missing.starts_with("--operator-token /run/token: No such file"), "{missing}");
}

#[test]
fn exhausted_descriptors_are_distinguished_from_a_missing_file() {
    let is_starved = |errno| {
        let (file, reason) = (PathBuf::from("token"), io::Error::from_raw_os_error(errno));
        Unreachable::File { what: "--operator-token", file, reason }.is_for_want_of_descriptors()
    };
    assert!(is_starved(libc::EMFILE) && is_starved(libc::ENFILE));
    assert!(!is_starved(libc::ENOENT));
}
