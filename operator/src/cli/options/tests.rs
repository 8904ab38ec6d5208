use super::{LogFormat, Options};
use clap::Parser;
use rstest::rstest;
use std::path::Path;

fn parse(words: &[&str]) -> Result<Options, clap::Error> {
    Options::try_parse_from(["longwire-operator"].iter().chain(words))
}

const LISTEN: &str = "127.0.0.1:15010";

#[test]
fn no_flag_is_required_on_a_cluster() {
    let options = parse(&[]).unwrap();
    assert_eq!(options.manifests, None);
    assert_eq!(options.listen(), Ok("0.0.0.0:15010".parse().unwrap()));
    assert_eq!(options.metrics_listen(), Some("0.0.0.0:15011".parse().unwrap()));
    assert_eq!(options.health_listen(), Some("0.0.0.0:15012".parse().unwrap()));
    assert_eq!((options.cluster_name.as_str(), options.cluster_domain.as_str()), ("Kubernetes", "cluster.local"));
    assert_eq!((options.root_namespace.as_str(), options.log_format), ("longwire-system", LogFormat::Text));
}

#[test]
fn with_manifests_it_stays_on_its_machine() {
    let options = parse(&["--manifests", "/m"]).unwrap();
    assert_eq!(options.manifests.as_deref(), Some(Path::new("/m")));
    assert_eq!(options.listen(), Ok("127.0.0.1:15010".parse().unwrap()));
    assert_eq!((options.metrics_listen(), options.health_listen()), (None, None));
}

#[rstest]
#[case::any(
    "0.0.0.0:15010",
    "0.0.0.0 is not a loopback address, and with manifests everything is served in plaintext: use 127.0.0.1"
)]
#[case::another("192.0.2.1:1", "192.0.2.1 is not a loopback address")]
#[case::any_of_ipv6("[::]:1", ":: is not a loopback address")]
fn what_others_could_reach_is_refused_with_a_remedy(#[case] listen: &str, #[case] text: &str) {
    let options = parse(&["--manifests", "/m", "--listen", listen]).unwrap();
    let error = options.listen().unwrap_err().to_string();
    assert!(error.contains(text), "{error}");
    // With TLS it may.
    assert_eq!(parse(&["--listen", listen]).unwrap().listen(), Ok(listen.parse().unwrap()));
}

#[test]
fn a_name_is_no_address() {
    let error = parse(&["--listen", "localhost:1"]).unwrap_err().to_string();
    assert!(error.contains("not an address and a port, as in 127.0.0.1:15010"), "{error}");
}

#[rstest]
#[case("127.0.0.2:0")]
#[case("[::1]:15010")]
#[case("[::ffff:127.0.0.1]:1")]
fn loopback_is_served(#[case] listen: &str) {
    let options = parse(&["--manifests", "/m", "--listen", listen]).unwrap();
    assert_eq!(options.listen(), Ok(listen.parse().unwrap()));
}

#[rstest]
#[case::as_it_listens(&[], "127.0.0.1:15010")]
#[case::as_its_pod_is_reached(&["--pod-ip", "10.0.0.7"], "10.0.0.7:15010")]
#[case::by_ipv6(&["--pod-ip", "fd00::7"], "[fd00::7]:15010")]
fn a_replica_has_an_address_for_redirects(#[case] words: &[&str], #[case] address: &str) {
    let named = ["--pod-name", "longwire-operator-x", "--pod-uid", "u"];
    let options = parse(&[&named, words].concat()).unwrap();
    let identity = options.replica.identity(LISTEN.parse().unwrap()).to_string();
    assert_eq!(identity, format!("longwire-operator-x_u_{address}"));
}

#[test]
fn without_a_pod_every_process_is_a_replica_of_its_own() {
    let options = parse(&[]).unwrap();
    let identity = options.replica.identity(LISTEN.parse().unwrap());
    assert!(identity.uid.starts_with(&format!("{}-", std::process::id())), "{identity}");
    assert_eq!(identity.to_string().parse(), Ok(identity));
}

#[test]
fn metrics_auth_needs_an_api_server() {
    assert_eq!(parse(&["--metrics-auth"]).unwrap().check_readers(), Ok(()));
    let alone = parse(&["--metrics-auth", "--manifests", "/m"]).unwrap().check_readers();
    let text = "--metrics-auth needs an API server, and with --manifests there is none: leave it out";
    assert_eq!(alone.unwrap_err().to_string(), text);
    let checked = parse(&["--webhook-listen", "127.0.0.1:1", "--manifests", "/m"]).unwrap().check_readers();
    assert!(checked.unwrap_err().to_string().starts_with("--webhook-listen needs an API server"));
}

#[test]
fn every_flag_has_a_variable() {
    use clap::CommandFactory;
    let command = Options::command();
    for flag in command.get_arguments() {
        let name = flag.get_long().unwrap().to_uppercase().replace('-', "_");
        assert_eq!(flag.get_env().unwrap(), format!("LONGWIRE_{name}").as_str());
    }
    assert_eq!(command.get_arguments().count(), 21);
}

#[test]
fn the_live_api_is_served_on_demand_and_with_manifests_on_this_machine_alone() {
    assert_eq!(parse(&[]).unwrap().live_listen(), Ok(None));
    let everywhere = "0.0.0.0:15014".parse().unwrap();
    assert_eq!(parse(&["--live-listen", "0.0.0.0:15014"]).unwrap().live_listen(), Ok(Some(everywhere)));
    let here = parse(&["--manifests", "/m", "--live-listen", "[::1]:15014"]).unwrap();
    assert_eq!(here.live_listen(), Ok(Some("[::1]:15014".parse().unwrap())));
    let error = parse(&["--manifests", "/m", "--live-listen", "0.0.0.0:1"]).unwrap().live_listen().unwrap_err();
    assert!(error.to_string().contains("use 127.0.0.1 or [::1] with --live-listen"), "{error}");
}
