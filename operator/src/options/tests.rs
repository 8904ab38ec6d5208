use super::{LogFormat, Options};
use clap::Parser;
use clap::error::ErrorKind;
use rstest::rstest;
use std::path::Path;

fn parse(words: &[&str]) -> Result<Options, clap::Error> {
    Options::try_parse_from(["longwire-operator"].iter().chain(words))
}

#[test]
fn only_the_directory_has_to_be_named() {
    let options = parse(&["--manifests", "/m"]).unwrap();
    assert_eq!(options.manifests, Path::new("/m"));
    assert_eq!(options.listen, "127.0.0.1:15010".parse().unwrap());
    assert_eq!((options.cluster_name.as_str(), options.cluster_domain.as_str()), ("Kubernetes", "cluster.local"));
    assert_eq!((options.root_namespace.as_str(), options.log_format), ("longwire-system", LogFormat::Text));
    assert_eq!(parse(&[]).unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
}

#[rstest]
#[case::any("0.0.0.0:15010", "0.0.0.0 is not a loopback address, and there is no TLS yet: use 127.0.0.1 or [::1]")]
#[case::another("192.0.2.1:1", "192.0.2.1 is not a loopback address")]
#[case::any_of_ipv6("[::]:1", ":: is not a loopback address")]
#[case::a_name("localhost:1", "not an address and a port, as in 127.0.0.1:15010")]
fn what_others_could_reach_is_refused_with_a_remedy(#[case] listen: &str, #[case] text: &str) {
    let error = parse(&["--manifests", "/m", "--listen", listen]).unwrap_err().to_string();
    assert!(error.contains(text), "{error}");
}

#[rstest]
#[case("127.0.0.2:0")]
#[case("[::1]:15010")]
#[case("[::ffff:127.0.0.1]:1")]
fn loopback_is_served(#[case] listen: &str) {
    let options = parse(&["--manifests", "/m", "--listen", listen]).unwrap();
    assert_eq!(options.listen, listen.parse().unwrap());
}

#[test]
fn every_flag_has_a_variable() {
    use clap::CommandFactory;
    let command = Options::command();
    for flag in command.get_arguments() {
        let name = flag.get_long().unwrap().to_uppercase().replace('-', "_");
        assert_eq!(flag.get_env().unwrap(), format!("LONGWIRE_{name}").as_str());
    }
    assert_eq!(command.get_arguments().count(), 12);
}
