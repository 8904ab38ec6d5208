//! One object that is edited again and again during streams. Unused versions must be freed.

use anyhow::{Result, ensure};
use longwire_testkit::{Machine, PodSpec, Siege, confirm, eventually, manifests};
use std::time::Duration;

const EDITS: u64 = 24;
const TAGS: usize = 32;
/// Edits after which everything has been used once, and the most memory that the others may take: half a megabyte each,
/// less than one edit's compiled regular expressions.
const FIRST: u64 = 4;
const MAX_MORE_MB: f64 = 10.0;
/// Timeout until an edit has arrived.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tags with regular expressions, different for each edit.
fn extra_stat_tags(edit: u64) -> String {
    let value = |tag: usize| format!(r"source.workload.matches(r'[a-z0-9_]{{6}}{edit}-{tag}') ? source.zone : 'none'");
    let tags: String =
        (0..TAGS).map(|tag| format!("  - name: tag_{tag}\n    value: >-\n      {}\n", value(tag))).collect();
    let spec = format!("\n  selector: {{matchLabels: {{app: tenant}}}}\n  tags:\n{tags}");
    manifests::telemetry("ExtraStatTags", "shop", "busy", &spec)
}

#[test]
fn edits_of_one_object_do_not_pile_up() -> Result<()> {
    let machine = Machine::new(2, &[PodSpec::new("tenant")])?;
    let siege = Siege::start("edits", machine, &[])?;
    let mut bystander = siege.bystander()?;
    let probe = &siege.cluster.probe;
    let updates = || anyhow::Ok(probe.scrape()?.sum("longwire_probe_updates_total", &[("result", "applied")]));
    let mut settled = siege.resident()?;
    for edit in 0..EDITS {
        let before = updates()?;
        siege.cluster.machine.manifests.write("busy.yaml", &extra_stat_tags(edit))?;
        eventually(PATIENCE, || confirm!(updates()? > before, "edit {edit} has not arrived"))?;
        bystander.talk(2)?;
        if edit < FIRST {
            settled = siege.resident()?;
        }
    }
    for (now, settled) in siege.resident()?.into_iter().zip(settled) {
        ensure!(now - settled < MAX_MORE_MB, "{now:.1} MB after {EDITS} edits, and {settled:.1} MB after {FIRST}");
    }
    bystander.expect_exact(probe)?;
    siege.end(&[("edits", EDITS as f64)])
}
