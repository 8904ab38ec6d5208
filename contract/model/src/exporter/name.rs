//! The name by which policies choose an exporter.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Lower-case letters, digits and dashes, as names of Kubernetes' objects: it is a label, and the name of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExporterName(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExporterName {
    #[error(
        "{0:?}: a name has 1 to {max} lower-case letters, digits and dashes, and begins and ends with a letter or digit",
        max = ExporterName::MAX_BYTES
    )]
    Characters(String),
    #[error("{0}: is the standard output of the probe, which is always there: choose another name")]
    Reserved(&'static str),
}

impl ExporterName {
    pub const MAX_BYTES: usize = 63;
    /// The standard output of the probe.
    pub const STDOUT: &'static str = "stdout";

    pub fn parse(text: &str) -> Result<Self, InvalidExporterName> {
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(is_inner)
            && !text.starts_with('-')
            && !text.ends_with('-');
        match text {
            Self::STDOUT => Err(InvalidExporterName::Reserved(Self::STDOUT)),
            _ if is_name => Ok(Self(text.to_owned())),
            _ => Err(InvalidExporterName::Characters(text[..text.floor_char_boundary(Self::MAX_BYTES)].to_owned())),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExporterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ExporterName {
    type Error = InvalidExporterName;

    fn try_from(text: String) -> Result<Self, InvalidExporterName> {
        Self::parse(&text)
    }
}

impl From<ExporterName> for String {
    fn from(name: ExporterName) -> Self {
        name.0
    }
}
