//! Waiting for a condition, with an end.

use anyhow::{Result, anyhow};
use std::thread;
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Looks until `check` succeeds; past `patience` its last error is the answer.
pub fn eventually<T>(patience: Duration, mut check: impl FnMut() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        match check() {
            Ok(found) => return Ok(found),
            Err(error) if start.elapsed() >= patience => {
                return Err(anyhow!("still after {:.1} s: {error:#}", start.elapsed().as_secs_f64()));
            }
            Err(_) => thread::sleep(BETWEEN_LOOKS),
        }
    }
}

/// Looks again and again for the whole of `span`: the first failure is the answer.
pub fn throughout(span: Duration, mut check: impl FnMut() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < span {
        check()?;
        thread::sleep(BETWEEN_LOOKS);
    }
    check()
}
