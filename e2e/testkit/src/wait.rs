//! Waits for a condition, with a timeout.

use anyhow::{Result, anyhow};
use nix::time::{ClockId, clock_gettime};
use std::env;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Factor for timeouts on slow machines, such as emulated ones.
pub const PATIENCE: &str = "LONGWIRE_PATIENCE";

/// What a timeout is stretched to at most, so that a failed test tells why before all of them are given up.
const LONGEST: Duration = Duration::from_secs(200);

/// A timeout multiplied by the factor.
pub fn stretched(patience: Duration) -> Duration {
    static FACTOR: OnceLock<u32> = OnceLock::new();
    let factor = *FACTOR.get_or_init(|| env::var(PATIENCE).ok().and_then(|factor| factor.parse().ok()).unwrap_or(1));
    (patience * factor).min(LONGEST.max(patience))
}

/// Nanoseconds of the clock that the kernel's programs read.
pub fn monotonic() -> Result<u64> {
    Ok(Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?).as_nanos().try_into()?)
}

/// Retries until `check` succeeds; after `patience` returns its last error. A machine may stall any thread for some seconds, so
/// a minute is right for what should come at once.
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

/// Checks repeatedly for the whole of `span`; returns the first error.
pub fn throughout(span: Duration, mut check: impl FnMut() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < span {
        check()?;
        thread::sleep(BETWEEN_LOOKS);
    }
    check()
}
