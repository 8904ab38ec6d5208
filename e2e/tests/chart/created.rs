//! The effect of `metrics.createdTimestamps`.

use crate::rendered::{of_kind, template};
use anyhow::{Context, Result};
use longwire_kubernetes::helm::Helm;

#[test]
fn creation_times_of_series_are_exposed_if_enabled() -> Result<()> {
    for (set, is_on) in [(&[][..], false), (&["metrics.createdTimestamps=true"], true)] {
        let objects = template(Helm::Three, set)?;
        let probe = of_kind(&objects, "DaemonSet").first().copied().context("no probe")?;
        let arguments =
            probe["spec"]["template"]["spec"]["containers"][0]["args"].as_array().context("no arguments")?;
        assert_eq!(arguments.iter().any(|argument| argument == "--created-timestamps"), is_on);
    }
    Ok(())
}
