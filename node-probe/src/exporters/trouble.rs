//! The log of an exporter that fails: one line when it begins to, and one when it works again. One line too of a receiver that does not
//! take all.

use longwire_model::exporter::ExporterName;

#[cfg(test)]
mod tests;

/// Of one signal of one exporter.
#[derive(Debug)]
pub(super) struct Trouble {
    what: &'static str,
    verb: &'static str,
    is_failing: bool,
    /// It was said once.
    is_partial: bool,
}

impl Trouble {
    pub(super) fn sending(what: &'static str) -> Self {
        Self { what, verb: "sent", is_failing: false, is_partial: false }
    }

    pub(super) fn writing(what: &'static str) -> Self {
        Self { verb: "written", ..Self::sending(what) }
    }

    pub(super) fn failed(&mut self, exporter: &ExporterName, reason: &str) {
        let Self { what, verb, .. } = *self;
        if std::mem::replace(&mut self.is_failing, true) {
            tracing::debug!(%exporter, reason, "{what} cannot be {verb}");
        } else {
            tracing::warn!(%exporter, reason, "{what} cannot be {verb}");
        }
    }

    /// All but some of it was taken, so it is no failure to send.
    pub(super) fn partly(&mut self, exporter: &ExporterName, reason: &str) {
        self.worked(exporter);
        if !std::mem::replace(&mut self.is_partial, true) {
            tracing::warn!(%exporter, reason, "the receiver does not take all {}", self.what);
        }
    }

    pub(super) fn worked(&mut self, exporter: &ExporterName) {
        if std::mem::take(&mut self.is_failing) {
            tracing::info!(%exporter, "{} are {} again", self.what, self.verb);
        }
    }
}
