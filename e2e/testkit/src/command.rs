//! Runs a program to its end; errors contain its output.

use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

/// Standard output of a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) -> Result<String> {
    feed(program, arguments, b"")
}

/// The same with this standard input.
pub fn feed(program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
    Ok(String::from_utf8(succeed(program, arguments, input, Stdio::piped())?.stdout)?)
}

/// The same, followed by its standard error.
pub fn hear(program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
    let Output { mut stdout, stderr, .. } = succeed(program, arguments, input, Stdio::piped())?;
    stdout.extend(stderr);
    Ok(String::from_utf8(stdout)?)
}

/// Standard output of a program that reports its progress on standard error.
pub fn converse(program: &str, arguments: &[&str]) -> Result<String> {
    converse_with(program, arguments, b"")
}

/// The same with this standard input.
pub fn converse_with(program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
    Ok(String::from_utf8(succeed(program, arguments, input, Stdio::inherit())?.stdout)?)
}

fn succeed(program: &str, arguments: &[&str], input: &[u8], stderr: Stdio) -> Result<Output> {
    let line = format!("{program} {}", arguments.join(" "));
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
    let mut child = command.spawn().with_context(|| format!("run `{line}`"))?;
    let stdin = child.stdin.take();
    let output = thread::scope(|scope| {
        // In another thread, because a program may write before it has read all, and then blocks. One that ends early
        // says why on standard error.
        scope.spawn(|| stdin.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{line}` ended with {}: {}", output.status, said.trim());
    Ok(output)
}
