use super::{EXIT_CODE, end_the_process};
use std::io;
use std::process::{Command, exit};

/// Set in the process that panics.
const PANICS: &str = "LONGWIRE_TEST_PANICS";
const SURVIVED: i32 = 3;

/// Runs the named test of this executable as a process of its own, and tells how that ended and what it said.
fn run_alone(test: &str) -> (Option<i32>, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([&format!("panics::tests::{test}"), "--exact", "--nocapture"]).env(PANICS, "1").output();
    let output = output.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// In a process of its own: runs this with the hook, and says so where it comes to its end.
fn die_in(part: impl FnOnce()) -> ! {
    tracing_subscriber::fmt().with_writer(io::stderr).json().flatten_event(true).init();
    end_the_process();
    part();
    exit(SURVIVED)
}

fn expect_the_end(test: &str) {
    let (code, said) = run_alone(test);
    assert_eq!(code, Some(EXIT_CODE), "{said}");
    let line = said.lines().find(|line| line.contains("the process ends")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains(r#""level":"ERROR""#) && line.contains("on purpose"), "{line}");
}

#[test]
fn a_panic_in_a_task_ends_the_process_with_an_error() {
    if std::env::var_os(PANICS).is_none() {
        return expect_the_end("a_panic_in_a_task_ends_the_process_with_an_error");
    }
    die_in(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        // Nobody looks at the outcome of most tasks.
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
