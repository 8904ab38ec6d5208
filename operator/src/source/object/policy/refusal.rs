//! Why an object has no effect.

use longwire_crds::status::reason;
use longwire_model::limits::MAX_REASON_BYTES;
use std::fmt::{self, Display};

/// Why an object is not accepted. It has no effect then; other objects keep working.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct Refusal {
    pub reason: Reason,
    /// Names the field and the remedy; the text of a condition.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A field has an invalid value.
    Invalid,
    /// A field is for the whole cluster, and the object is not in the operator's own namespace.
    NotRootNamespace,
    /// It is larger than one object may be.
    TooLarge,
    /// It is not too large, but older objects use up the budget of its namespace.
    NamespaceBudgetExceeded,
}

impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Reason::Invalid, message.into())
    }

    /// Messages quote the object, which may be long, so they are cut.
    pub(crate) fn new(reason: Reason, mut message: String) -> Self {
        if message.len() > MAX_REASON_BYTES {
            message.truncate(message.floor_char_boundary(MAX_REASON_BYTES));
            message.push_str("...");
        }
        message.shrink_to_fit();
        Self { reason, message }
    }

    /// For `map_err`.
    pub(super) fn at<E: Display>(field: impl Display) -> impl FnOnce(E) -> Self {
        move |problem| Self::invalid(format!("{field}: {problem}"))
    }
}

impl Reason {
    pub const ALL: [Self; 4] = [Self::Invalid, Self::NotRootNamespace, Self::TooLarge, Self::NamespaceBudgetExceeded];

    /// In CamelCase, as conditions have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => reason::INVALID,
            Self::NotRootNamespace => reason::NOT_ROOT_NAMESPACE,
            Self::TooLarge => reason::TOO_LARGE,
            Self::NamespaceBudgetExceeded => reason::NAMESPACE_BUDGET_EXCEEDED,
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
