//! Runs a program to its end and says what it said when it fails.

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

/// Standard output of a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) -> Result<String> {
    feed(program, arguments, b"")
}

/// The same of a program that tells the user on standard error what takes so long.
pub fn converse(program: &str, arguments: &[&str]) -> Result<String> {
    let line = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("run `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Standard output of a program that must succeed, with something on its standard input.
pub fn feed(program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
    Ok(String::from_utf8(succeed(program, arguments, input)?.stdout)?)
}

/// The same, with what it said on standard error behind it.
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
        // Beside reading: a program may answer before it has read all, and then waits for a reader itself. One that ends
        // before says why on its standard error.
        scope.spawn(|| stdin.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    })
}
