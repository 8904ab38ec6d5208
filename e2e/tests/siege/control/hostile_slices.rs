//! A tenant that writes EndpointSlices by hand, each with the most endpoints that the API server accepts.

use super::{Control, PATIENCE, milliseconds, soon};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{confirm, eventually, http};
use std::time::Duration;

const METRICS_PORT: u16 = 15011;
const SLICES: usize = 2_000;
/// Slices between two edits of another tenant.
const BATCH: usize = 20;
const ENDPOINTS: usize = 1_000;
/// Existing pods of the tenant; its slices contain each of them.
const PODS: usize = 200;
/// Time to process all of it in a debug build.
const READ: Duration = Duration::from_secs(180);

fn endpoints() -> String {
    let endpoint = |at| format!(r#"{{"addresses":["192.0.2.1"],"targetRef":{{"kind":"Pod","name":"p{at}"}}}}"#);
    format!("[{}]", (0..ENDPOINTS).map(endpoint).collect::<Vec<_>>().join(","))
}

fn refused(control: &Control) -> Result<usize> {
    let page = String::from_utf8(http::get(&control.netns, METRICS_PORT, "/metrics", &[])?.body)?;
    let line = page.lines().find_map(|line| line.strip_prefix("longwire_operator_endpointslices_refused "));
    Ok(line.context("the operator does not say how many slices it refused")?.parse()?)
}

#[test]
fn thousands_of_slices_of_one_namespace_take_no_memory_and_delay_no_other() -> Result<()> {
    let control = Control::start("hostile_slices", 2)?;
    (0..PODS).for_each(|number| control.api.add_pod("evil", &format!("p{number}"), "m1"));
    let endpoints = endpoints();
    let edit = control.block_on(async {
        let (mut stream, mut longest) = (control.admission(2).await?.0, Duration::ZERO);
        for first in (0..SLICES).step_by(BATCH) {
            (first..first + BATCH).for_each(|number| control.api.add_slice("evil", &format!("s{number}"), &endpoints));
            longest = longest.max(control.edit(&mut stream, 2, &format!("late-{first}")).await?);
        }
        Ok(longest)
    })?;
    let refused = eventually(READ, || {
        let refused = refused(&control)?;
        ensure!(refused > SLICES - 40, "{refused} of {SLICES} slices are refused");
        Ok(refused)
    })?;
    eventually(PATIENCE, || {
        let events = control.api.events("evil");
        confirm!(events == ["NamespaceBudgetExceeded"], "{events:?}")
    })?;
    ensure!(edit < soon(), "another tenant's edit was told after {edit:?} only");
    control.end(&[("edit_ms", milliseconds(edit)), ("refused", refused as f64)])
}
