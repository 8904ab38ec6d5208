//! The program, as one starts it.

use crate::harness::hello;
use longwire_wire::message::FromProbe;
use longwire_wire::proto::{self, control_client::ControlClient};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, Command, Stdio};

pub(crate) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_longwire-operator"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LONGWIRE_")) {
        program.env_remove(name);
    }
    program
}

/// A running one, killed at the end of its test.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<ChildStderr>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    pub(crate) fn start(program: &mut Command) -> Self {
        let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Self { child, lines }
    }

    /// The first log line from here on that says this.
    fn line(&mut self, text: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the log ended without {text:?}");
            if line.contains(text) {
                return line.trim_end().to_owned();
            }
        }
    }

    /// Where it serves probes, once it does.
    pub(crate) fn address(&mut self) -> String {
        let line = self.line("serving");
        line.split("listen=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&mut self, name: &str) -> Option<i32> {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

fn failure(program: &mut Command) -> (Option<i32>, String) {
    let output = program.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_signal_ends_it_well() {
    for signal in ["TERM", "INT"] {
        let directory = tempfile::tempdir().unwrap();
        let mut operator =
            Running::start(program().arg("--manifests").arg(directory.path()).args(["--listen", "127.0.0.1:0"]));
        operator.line("serving");
        assert_eq!(operator.signal(signal), Some(0), "{signal}");
    }
}

#[test]
fn a_document_that_does_not_parse_is_named_with_file_and_line() {
    let directory = tempfile::tempdir().unwrap();
    let good = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: other\n";
    let file = directory.path().join("broken.yaml");
    fs::write(&file, format!("{good}---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n\tlabels: {{}}\n")).unwrap();
    let mut operator =
        Running::start(program().arg("--manifests").arg(directory.path()).args(["--listen", "127.0.0.1:0"]));
    let line = operator.line("ERROR");
    assert!(line.contains(&format!("{}:10: a tab in the indentation", file.display())), "{line}");
    // Edited, it is named again.
    fs::write(&file, "kind: [\n").unwrap();
    let line = operator.line("ERROR");
    assert!(line.contains(&format!("{}:1: ", file.display())), "{line}");
}

#[test]
fn a_missing_directory_ends_it_with_the_remedy() {
    let (code, text) = failure(program().args(["--manifests", "/nonexistent", "--listen", "127.0.0.1:0"]));
    assert_eq!(code, Some(1));
    assert!(text.contains("manifests directory /nonexistent: No such file or directory"), "{text}");
    assert!(text.contains("create it, or name another with --manifests"), "{text}");
}

#[test]
fn a_port_that_is_taken_ends_it_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = occupied.local_addr().unwrap().to_string();
    let (code, text) = failure(program().arg("--manifests").arg(directory.path()).args(["--listen", &address]));
    assert_eq!(code, Some(1));
    assert!(text.contains(&format!("cannot listen on {address}: Address already in use")), "{text}");
    assert!(text.contains("choose another address with --listen"), "{text}");
}

#[test]
fn variables_stand_for_flags_and_lines_may_be_json() {
    let directory = tempfile::tempdir().unwrap();
    let mut operator = Running::start(
        program()
            .env("LONGWIRE_MANIFESTS", directory.path())
            .env("LONGWIRE_LISTEN", "127.0.0.1:0")
            .env("LONGWIRE_LOG_FORMAT", "json"),
    );
    let line: serde_json::Value = serde_json::from_str(&operator.line("serving")).unwrap();
    assert_eq!((line["level"].as_str(), line["message"].as_str()), (Some("INFO"), Some("serving")));
    assert_eq!(line["manifests"].as_str(), directory.path().to_str());
}

#[test]
fn it_knows_its_version() {
    let output = program().arg("--version").output().unwrap();
    let expected = format!("longwire-operator {}\n", longwire_model::build::line());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

/// The most memory that the process has had, bytes.
pub(crate) fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}

#[tokio::test]
async fn messages_of_empty_pods_cost_the_operator_no_memory() {
    const EMPTY_PODS: usize = (4 << 20) / 2 - 64;
    let directory = tempfile::tempdir().unwrap();
    let mut operator =
        Running::start(program().arg("--manifests").arg(directory.path()).args(["--listen", "127.0.0.1:0"]));
    let address = operator.address();
    let before = peak(operator.id());
    for attempt in 0..3 {
        let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
        let mut client = ControlClient::new(channel.connect().await.unwrap());
        let pods = vec![proto::KnownPod::default(); EMPTY_PODS];
        let message = proto::probe_message::Message::Hello(proto::Hello { pods, ..proto::Hello::default() });
        let first = proto::ProbeMessage { message: Some(message) };
        let refused = match client.connect(tokio_stream::iter([first])).await {
            Ok(stream) => stream.into_inner().message().await.unwrap_err(),
            Err(status) => status,
        };
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "attempt {attempt}: {refused}");
        assert!(refused.message().contains("decoding it takes more than"), "{refused}");
    }
    let cost = peak(operator.id()) - before;
    println!("3 messages of {EMPTY_PODS} empty pods cost {:.1} MB", cost as f64 / 1e6);
    assert!(cost < 24 << 20, "{cost} bytes");
    // It serves.
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut client = ControlClient::new(channel.connect().await.unwrap());
    let first = FromProbe::Hello(hello("n1")).into();
    let stream = futures::StreamExt::chain(tokio_stream::iter([first]), tokio_stream::pending());
    let mut updates = client.connect(stream).await.unwrap().into_inner();
    assert!(updates.message().await.unwrap().is_some());
}
