use super::{InvalidSecurity, Security};
use crate::cluster::tls::Lifetimes;
use clap::Parser;
use rstest::rstest;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    security: Security,
}

fn parse(words: &[&str]) -> Security {
    Line::try_parse_from(["longwire-operator"].iter().chain(words)).unwrap().security
}

#[test]
fn by_default_a_certificate_lives_a_week_and_its_ca_a_year() {
    let day = 86_400;
    let expected = Lifetimes { leaf: 7 * day, authority: 365 * day, spread: 600 };
    assert_eq!(parse(&[]).lifetimes(), Ok(expected));
}

#[rstest]
#[case::spread_too_long(&["--certificate-lifetime", "20m"])]
#[case::authority_too_short(&["--authority-lifetime", "27d"])]
#[case::no_life(&["--certificate-lifetime", "0s", "--authority-spread", "0s"])]
fn lifetimes_that_would_leave_probes_without_trust_are_refused(#[case] words: &[&str]) {
    assert_eq!(parse(words).lifetimes(), Err(InvalidSecurity::Lifetimes));
}

#[test]
fn the_probes_account_is_in_the_operators_namespace() {
    let security = parse(&["--namespace", "watch", "--probe-service-account", "eye"]);
    assert_eq!(security.account().unwrap().to_string(), "system:serviceaccount:watch:eye");
    assert_eq!(parse(&["--namespace", "watch"]).probe_service_account, "longwire-probe");
}
