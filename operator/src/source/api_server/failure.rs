//! What to do after an error of a watch.

use crate::source::api_server::client::chain;
use kube::runtime::watcher::{Error, InitialListStrategy};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WatchFailure {
    /// The server has no streaming lists: request pages.
    NoStreaming,
    /// The server does not know the kind.
    Missing,
    /// The operator may not watch it.
    Forbidden,
    /// Too much has changed for the watch to resume: begin again with a list.
    Expired,
    /// It may work the next time.
    Passing,
}

impl WatchFailure {
    pub(super) fn of(error: &Error, strategy: &InitialListStrategy) -> Self {
        let streaming = *strategy == InitialListStrategy::StreamingList;
        match code(error) {
            // The bad request of a list that is not streamed would be our own fault, and pages would not help.
            Some(400 | 422) if streaming && matches!(error, Error::WatchStartFailed(_)) => Self::NoStreaming,
            Some(404) => Self::Missing,
            Some(403) => Self::Forbidden,
            Some(410) => Self::Expired,
            _ => Self::Passing,
        }
    }

    /// Part of the life of a watch: not worth a line in the log.
    pub(super) fn is_usual(self) -> bool {
        matches!(self, Self::NoStreaming | Self::Expired)
    }

    /// For the log. `plural` is the kind as RBAC names it.
    pub(super) fn text(self, error: &Error, group: &str, plural: &str) -> String {
        let resource = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        match self {
            Self::NoStreaming => format!("{resource}: the API server has no streaming lists: read in pages"),
            Self::Missing => format!(
                "{resource}: the API server does not know this kind: there are none until it is installed with \
                 kubectl apply -f crds/manifests"
            ),
            Self::Forbidden => format!(
                "{resource}: the operator's ServiceAccount may not watch them: grant it get, list and watch ({})",
                chain(error)
            ),
            Self::Expired => format!("{resource}: the watch fell behind, listed again"),
            Self::Passing => format!("{resource}: cannot be watched: {}", chain(error)),
        }
    }
}

fn code(error: &Error) -> Option<u16> {
    match error {
        Error::InitialListFailed(kube::Error::Api(status))
        | Error::WatchStartFailed(kube::Error::Api(status))
        | Error::WatchFailed(kube::Error::Api(status))
        | Error::WatchError(status) => Some(status.code),
        _ => None,
    }
}
