//! How an established connection ended.

use super::flag;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The end that reports sent a FIN, and no error came before its answer.
    Fin,
    /// A RST, of the other end or of this one: its application closed it with unread data, or with `SO_LINGER` 0.
    Reset,
    /// No answer in time.
    Timeout,
    /// A router or host reported that there is no route any more.
    Unreachable,
    /// An administrator destroyed the socket, as `ss --kill` does.
    Aborted,
    /// Any other errno.
    Other,
}

impl CloseReason {
    pub const ALL: [Self; 6] = [Self::Fin, Self::Reset, Self::Timeout, Self::Unreachable, Self::Aborted, Self::Other];

    /// As lines and filters have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Aborted => "aborted",
            Self::Other => "other",
        }
    }

    /// `error`: of the socket at its end.
    pub(super) fn of(error: i32, flags: u32) -> Self {
        const EPIPE: i32 = 32;
        const ENETUNREACH: i32 = 101;
        const ECONNABORTED: i32 = 103;
        const ECONNRESET: i32 = 104;
        const ETIMEDOUT: i32 = 110;
        const EHOSTUNREACH: i32 = 113;
        match error {
            0 if flags & flag::CUT != 0 => Self::Reset,
            0 => Self::Fin,
            // The latter after a FIN of the other end.
            ECONNRESET | EPIPE => Self::Reset,
            ETIMEDOUT => Self::Timeout,
            ENETUNREACH | EHOSTUNREACH => Self::Unreachable,
            ECONNABORTED => Self::Aborted,
            _ => Self::Other,
        }
    }
}
