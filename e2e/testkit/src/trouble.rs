//! Duration of disturbances in tests.

use std::env;
use std::time::Duration;

/// Seconds; default 10.
const VARIABLE: &str = "LONGWIRE_TROUBLE_SECONDS";

pub fn lasts() -> Duration {
    let seconds = env::var(VARIABLE).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{VARIABLE}={text}")));
    Duration::from_secs(seconds.unwrap_or(10))
}
