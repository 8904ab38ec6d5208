//! Runs a program to its end; errors contain its output.

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

/// Standard output of a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) -> Result<String> {
    feed(program, arguments, b"")
}

/// The same for a program that reports its progress on standard error.
pub fn converse(program: &str, arguments: &[&str]) -> Result<String> {
    let line = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("run `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The same with this standard input.
pub fn feed(program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
    Ok(String::from_utf8(succeed(program, arguments, input)?.stdout)?)
}

/// The same, followed by its standard error.
pub fn hear(program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
    let Output { mut stdout, stderr, .. } = succeed(program, arguments, input)?;
    stdout.extend(stderr);
    Ok(String::from_utf8(stdout)?)
}

fn succeed(program: &str, arguments: &[&str], input: &[u8]) -> Result<Output> {
    let line = format!("{program} {}", arguments.join(" "));
    let output = execute(program, arguments, input).with_context(|| format!("run `{line}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` ended with {}: {}", output.status, said.trim());
    }
    Ok(output)
}

fn execute(program: &str, arguments: &[&str], input: &[u8]) -> std::io::Result<Output> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        // In another thread, because a program may write before it has read all, and then blocks. One that ends early
        // says why on standard error.
        scope.spawn(|| stdin.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    })
}
