//! The reference for the results of attacks: none.

use anyhow::Result;
use longwire_testkit::{Machine, Siege};

#[test]
fn without_an_attack_memory_is_far_below_its_limits() -> Result<()> {
    let siege = Siege::start("none", Machine::new(2, &[])?, &[])?;
    let mut bystander = siege.bystander()?;
    bystander.talk(50)?;
    bystander.expect_exact(&siege.cluster.probe)?;
    siege.end(&[])
}
