//! Waiting for a condition, with an end.

use anyhow::{Result, anyhow};
use std::env;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// How many times longer than on a machine of its own: an emulated one is slow.
pub const PATIENCE: &str = "LONGWIRE_PATIENCE";

/// So much of it, where something must be done within `patience` on a machine of its own.
#[must_use]
pub fn stretched(patience: Duration) -> Duration {
    static FACTOR: OnceLock<u32> = OnceLock::new();
    patience * *FACTOR.get_or_init(|| env::var(PATIENCE).ok().and_then(|factor| factor.parse().ok()).unwrap_or(1))
}

/// Looks until `check` succeeds; past `patience` its last error is the answer.
pub fn eventually<T>(patience: Duration, mut check: impl FnMut() -> Result<T>) -> Result<T> {
    let (start, patience) = (Instant::now(), stretched(patience));
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
