//! Where lines are written.

use crate::exporter::{ExporterName, InvalidExporterName};
use serde::{Deserialize, Serialize};

/// The standard output, exporters, or both; never nothing, unless it is made so.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogOutputs {
    pub stdout: bool,
    /// Sorted, each once.
    exporters: Vec<ExporterName>,
}

impl LogOutputs {
    /// From names of exporters, and `stdout`.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidExporterName> {
        let mut outputs = Self { stdout: false, exporters: Vec::new() };
        for name in names {
            if name == ExporterName::STDOUT {
                outputs.stdout = true;
            } else {
                outputs.exporters.push(ExporterName::parse(name)?);
            }
        }
        outputs.exporters.sort_unstable();
        outputs.exporters.dedup();
        Ok(outputs)
    }

    /// Memory beside its own size, bytes.
    pub(super) fn bytes(&self) -> usize {
        self.exporters.iter().map(|name| size_of::<ExporterName>() + name.as_str().len()).sum()
    }

    #[must_use]
    pub fn exporters(&self) -> &[ExporterName] {
        &self.exporters
    }

    /// As policies write them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let stdout = self.stdout.then_some(ExporterName::STDOUT);
        stdout.into_iter().chain(self.exporters.iter().map(ExporterName::as_str))
    }
}

impl Default for LogOutputs {
    /// The standard output alone.
    fn default() -> Self {
        Self { stdout: true, exporters: Vec::new() }
    }
}
