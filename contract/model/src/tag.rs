use serde::{Deserialize, Serialize};
use std::sync::Arc;
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TagName(String);
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stub")]
pub struct InvalidTagName;
impl TagName {
    pub fn parse(text: &str) -> Result<Self, InvalidTagName> {
        if text.is_empty() { Err(InvalidTagName) } else { Ok(Self(text.to_owned())) }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
