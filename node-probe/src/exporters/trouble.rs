//! The log of an exporter that fails: one line when it begins to, and one when it works again.

use longwire_model::exporter::ExporterName;

/// Of one signal of one exporter.
#[derive(Debug)]
pub(super) struct Trouble {
    what: &'static str,
    is_failing: bool,
}

impl Trouble {
    pub(super) fn with(what: &'static str) -> Self {
        Self { what, is_failing: false }
    }

    pub(super) fn failed(&mut self, exporter: &ExporterName, reason: &str) {
        let what = self.what;
        if std::mem::replace(&mut self.is_failing, true) {
            tracing::debug!(%exporter, reason, "{what} cannot be sent");
        } else {
            tracing::warn!(%exporter, reason, "{what} cannot be sent");
        }
    }

    pub(super) fn worked(&mut self, exporter: &ExporterName) {
        if std::mem::take(&mut self.is_failing) {
            tracing::info!(%exporter, "{} are sent again", self.what);
        }
    }
}
