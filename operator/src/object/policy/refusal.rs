//! Why an object has no effect.

use std::fmt::{self, Display};

/// Why an object is not accepted. It has no effect then; others go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct Refusal {
    pub reason: Reason,
    /// Names the field and the remedy, in the words of a condition.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A field says what cannot be.
    Invalid,
    /// A field is for the whole cluster, and the object is not in the operator's own namespace.
    NotRootNamespace,
}

impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { reason: Reason::Invalid, message: message.into() }
    }

    /// For `map_err`.
    pub(super) fn at<E: Display>(field: impl Display) -> impl FnOnce(E) -> Self {
        move |problem| Self::invalid(format!("{field}: {problem}"))
    }
}

impl Reason {
    /// In CamelCase, as conditions have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "Invalid",
            Self::NotRootNamespace => "NotRootNamespace",
        }
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The problem unless it is between both, which are allowed.
pub(super) fn within<T: PartialOrd + Copy + Display>(field: &str, value: T, least: T, most: T) -> Result<T, Refusal> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Refusal::invalid(format!("{field}: {value} is not between {least} and {most}")))
}

/// The problem when there are too many.
pub(super) fn at_most(field: &str, what: &str, found: usize, most: usize) -> Result<(), Refusal> {
    if found <= most {
        return Ok(());
    }
    Err(Refusal::invalid(format!("{field}: {found} {what} are too many: at most {most} are allowed")))
}
