//! Everything that a probe left, taken away.

use crate::kernel::Pins;
use crate::options::Uninstall;
use crate::state::StateFile;
use anyhow::Context;

pub(crate) fn run(options: &Uninstall) -> anyhow::Result<()> {
    // The state first: without it pins are no more than programs that count.
    let file = StateFile::of(&options.state_dir);
    if options.pin_dir.is_dir() {
        let pins = Pins::lock(&options.pin_dir)?;
        file.uninstall().with_context(|| format!("removing {}", file.path().display()))?;
        pins.uninstall()?;
    } else {
        file.uninstall().with_context(|| format!("removing {}", file.path().display()))?;
    }
    tracing::info!(pins = %options.pin_dir.display(), state = %options.state_dir.display(), "removed");
    Ok(())
}
