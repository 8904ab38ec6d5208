use super::{Request, parse};

fn line(id: &str, stage: &str, verb: &str, rest: &str) -> String {
    format!(
        r#"{{"kind":"Event","auditID":"{id}","stage":"{stage}","requestURI":"/api/v1/pods","verb":"{verb}","user":{{"username":"admin"}}{rest}}}"#
    )
}

fn request(verb: &str, user_agent: &str, resource: &str, ended: bool) -> Request {
    let [verb, user, user_agent, resource, uri] =
        [verb, "admin", user_agent, resource, "/api/v1/pods"].map(str::to_owned);
    Request { verb, user, user_agent, resource, uri, pod: String::new(), ended }
}

#[test]
fn a_watch_that_began_and_ended_is_one_request_and_one_that_goes_on_has_not_ended() {
    let rest = r#","userAgent":"longwire-operator/0.1.0","objectRef":{"resource":"pods"}"#;
    let began = line("1", "ResponseStarted", "watch", rest);
    let both = [began.as_str(), &line("1", "ResponseComplete", "watch", rest)].join("\n");
    for (lines, ended) in [(began, false), (both, true)] {
        assert_eq!(parse(&lines).unwrap(), [request("watch", "longwire-operator/0.1.0", "pods", ended)]);
    }
}

#[test]
fn a_token_of_a_pod_names_it() {
    let rest = r#","user":{"username":"admin","extra":{"authentication.kubernetes.io/pod-name":["one"]}}"#;
    let line = line("1", "ResponseComplete", "list", "").replace(r#","user":{"username":"admin"}"#, rest);
    assert_eq!(parse(&line).unwrap(), [Request { pod: "one".to_owned(), ..request("list", "", "", true) }]);
}

#[test]
fn a_subresource_is_recognized_and_a_request_without_a_resource_has_an_empty_one() {
    let status = line("1", "ResponseComplete", "patch", r#","objectRef":{"resource":"pods","subresource":"status"}"#);
    let lines = [status, line("2", "ResponseComplete", "list", "")].join("\n");
    assert_eq!(parse(&lines).unwrap(), [request("patch", "", "pods/status", true), request("list", "", "", true)]);
}

#[test]
fn what_is_no_event_is_an_error() {
    assert!(parse("{}").is_err());
}
