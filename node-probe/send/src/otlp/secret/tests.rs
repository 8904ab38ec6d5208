use super::super::settings::tests::otlp;
use super::super::{Environment, Settings, Signal};
use super::*;
use longwire_model::exporter::{ExporterName, Otlp};
use rstest::rstest;
use std::fs;
use tempfile::TempDir;

/// A Secret `vendor` with these files.
fn secrets(files: &[(&str, &str)]) -> TempDir {
    let secrets = tempfile::tempdir().unwrap();
    fs::create_dir(secrets.path().join("vendor")).unwrap();
    for (name, content) in files {
        fs::write(secrets.path().join("vendor").join(name), content).unwrap();
    }
    secrets
}

fn resolve(secrets: Option<&Path>, variables: &[(&str, &Path)]) -> Result<Settings, String> {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", Path::new("https://vendor"));
    let (environment, invalid) = Environment::parse(variables.iter().copied().chain([endpoint]));
    assert_eq!(invalid, []);
    let given = Otlp { secret: secrets.map(|_| ExporterName::parse("vendor").unwrap()), ..otlp() };
    Settings::resolve(&given, Signal::Metrics, &environment, secrets).map_err(|error| error.to_string())
}

fn refused(files: &[(&str, &str)]) -> String {
    let secrets = secrets(files);
    let said = resolve(Some(secrets.path()), &[]).unwrap_err();
    said.replace(&secrets.path().display().to_string(), "S")
}

#[test]
fn a_secret_that_is_not_mounted_is_named_with_the_chart_s_value() {
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().join("vendor");
    assert_eq!(
        resolve(Some(empty.path()), &[]).unwrap_err(),
        format!(
            "the Secret vendor is not mounted at {}: create it, and list it in the chart's value exporters.secrets",
            path.display()
        )
    );
    let given = Otlp { secret: Some(ExporterName::parse("vendor").unwrap()), ..otlp() };
    let none = Settings::resolve(&given, Signal::Logs, &Environment::default(), None).unwrap_err();
    assert_eq!(
        none.to_string(),
        "the Secret vendor is wanted, and none are mounted: list it in the chart's value exporters.secrets"
    );
}

#[rstest]
#[case::nothing(&[("token", "hidden")], "the Secret vendor at S/vendor has none of headers, ca.crt, tls.crt and tls.key")]
#[case::colon(&[("headers", "a=b\n\nauthorization: Bearer hidden=\n")], "S/vendor/headers: line 3 has no name of a header")]
#[case::no_value(&[("headers", "hidden")], "S/vendor/headers: line 1 has no =: write name=value")]
#[case::reserved(&[("headers", "Host=hidden")], "S/vendor/headers: line 1 sets host, which the protocol itself sets")]
#[case::value(&[("headers", "a=hidden\u{7f}")], "S/vendor/headers: line 1 has a value of a that is too long")]
#[case::no_key(&[("tls.crt", "hidden")], "there is a client's S/vendor/tls.crt, but not its tls.key: give both or none")]
#[case::no_certificate(&[("tls.key", "hidden")], "there is a client's S/vendor/tls.key, but not its tls.crt: give both or none")]
fn what_is_wrong_is_named_but_not_shown(#[case] files: &[(&str, &str)], #[case] expected: &str) {
    let said = refused(files);
    assert!(said.starts_with(expected) && !said.contains("hidden"), "{said}");
}

#[test]
fn files_are_bounded() {
    let fits = "\n".repeat(MAX_FILE - 3) + "a=b";
    assert!(resolve(Some(secrets(&[("headers", &fits)]).path()), &[]).is_ok());
    let said = refused(&[("headers", &(fits + "c"))]);
    assert_eq!(said, "S/vendor/headers has more than 65536 bytes, which are the most: make it shorter");
    let many: Vec<_> = (0..33).map(|n| format!("h{n}=v")).collect();
    assert_eq!(refused(&[("headers", &many.join("\n"))]), "S/vendor/headers has more than 32 headers: leave some out");
    let said = resolve(None, &[("OTEL_EXPORTER_OTLP_CERTIFICATE", Path::new("/dev/zero"))]).unwrap_err();
    assert_eq!(said, "/dev/zero has more than 65536 bytes, which are the most: make it shorter");
}

#[test]
fn text_that_is_no_utf_8_is_refused() {
    let secrets = secrets(&[]);
    fs::write(secrets.path().join("vendor/headers"), b"a=\xff").unwrap();
    assert!(resolve(Some(secrets.path()), &[]).unwrap_err().ends_with("is no text: write lines name=value in UTF-8"));
}

#[test]
fn lines_may_end_as_on_windows_and_have_spaces_around() {
    let secrets = secrets(&[("headers", "a = b=c \r\n\r\nX-B=%20\r\n")]);
    let settings = resolve(Some(secrets.path()), &[]).unwrap();
    let headers: Vec<_> = settings.headers.0.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect();
    assert_eq!(headers, [("a", "b=c"), ("x-b", "%20")]);
}

#[test]
fn what_a_secret_does_not_have_is_taken_from_the_variables() {
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name);
    for name in ["ca", "ca-of-metrics", "crt", "key"] {
        fs::write(path(name), name).unwrap();
    }
    let [ca, ca_of_metrics, crt, key] = ["ca", "ca-of-metrics", "crt", "key"].map(path);
    let variables = [
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", ca.as_path()),
        ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", &ca_of_metrics),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &crt),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
    ];
    let content = |path: &Path| Content { path: path.to_owned(), bytes: fs::read(path).unwrap() };
    let client = Some(Client { certificate: content(&crt), key: content(&key) });
    let resolved = resolve(None, &variables).unwrap().certificates;
    assert_eq!(resolved, Certificates { ca: Some(content(&ca_of_metrics)), client: client.clone() });

    let secrets = secrets(&[("ca.crt", "of the Secret")]);
    let resolved = resolve(Some(secrets.path()), &variables).unwrap().certificates;
    assert_eq!((resolved.ca.unwrap().bytes, resolved.client), (b"of the Secret".to_vec(), client));

    let said = resolve(None, &variables[..3]).unwrap_err();
    assert!(said.ends_with("but not its OTEL_EXPORTER_OTLP_CLIENT_KEY: give both or none"), "{said}");
    let said = resolve(None, &[("OTEL_EXPORTER_OTLP_CERTIFICATE", Path::new("/absent"))]).unwrap_err();
    assert!(said.starts_with("/absent cannot be read: No such file"), "{said}");
}
