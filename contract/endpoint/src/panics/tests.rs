use super::{EXIT_CODE, end_the_process};
use std::io;
use std::process::{Command, exit};

/// Set in the child process, which panics.
const PANICS: &str = "LONGWIRE_TEST_PANICS";
const SURVIVED: i32 = 3;

/// Runs the named test of this executable in a process of its own. Returns its exit code and output.
fn run_alone(test: &str) -> (Option<i32>, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([&format!("panics::tests::{test}"), "--exact", "--nocapture"]).env(PANICS, "1").output();
    let output = output.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// In the child process: runs `part` with the hook, and prints a line if it returns.
fn die_in(part: impl FnOnce()) -> ! {
    tracing_subscriber::fmt().with_writer(io::stderr).json().flatten_event(true).init();
    end_the_process();
    part();
    exit(SURVIVED)
}

fn expect_the_end(test: &str) {
    let (code, output) = run_alone(test);
    assert_eq!(code, Some(EXIT_CODE), "{output}");
    let line = output.lines().find(|line| line.contains("the process ends")).unwrap_or_else(|| panic!("{output}"));
    assert!(line.contains(r#""level":"ERROR""#) && line.contains("on purpose"), "{line}");
}

#[test]
fn a_panic_in_a_task_ends_the_process_with_an_error() {
    if std::env::var_os(PANICS).is_none() {
        return expect_the_end("a_panic_in_a_task_ends_the_process_with_an_error");
    }
    die_in(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        // As with most tasks, the result of the task is not checked.
        let _ = runtime.block_on(runtime.spawn(async { panic!("on purpose") }));
    });
}

#[test]
fn a_panic_in_a_thread_ends_the_process_with_an_error() {
    if std::env::var_os(PANICS).is_none() {
        return expect_the_end("a_panic_in_a_thread_ends_the_process_with_an_error");
    }
    die_in(|| drop(std::thread::spawn(|| panic!("on purpose")).join()));
}
