//! The effect of `metrics.createdTimestamps`.

use crate::rendered::{of_kind, template};
use anyhow::{Context, Result};
use longwire_kubernetes::helm::Helm;

#[test]
fn a_probe_says_when_series_began_where_that_is_wanted() -> Result<()> {
    for (set, is_on) in [(&[][..], false), (&["metrics.createdTimestamps=true"], true)] {
        let objects = template(Helm::Three, set)?;
        let probe = of_kind(&objects, "DaemonSet").first().copied().context("no probe")?;
        let arguments =
            probe["spec"]["template"]["spec"]["containers"][0]["args"].as_array().context("no arguments")?;
        assert_eq!(arguments.iter().any(|argument| argument == "--created-timestamps"), is_on);
    }
    Ok(())
}
