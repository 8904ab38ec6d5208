//! How an established connection ended, from its socket.

use super::{CloseReason, flag};

/// `error`: of the socket at its end.
pub(super) fn of(error: i32, flags: u32) -> CloseReason {
    const EPIPE: i32 = 32;
    const ENETUNREACH: i32 = 101;
    const ECONNABORTED: i32 = 103;
    const ECONNRESET: i32 = 104;
    const ETIMEDOUT: i32 = 110;
    const EHOSTUNREACH: i32 = 113;
    match error {
        0 if flags & flag::CUT != 0 => CloseReason::Reset,
        0 => CloseReason::Fin,
        // The latter after a FIN of the other end.
        ECONNRESET | EPIPE => CloseReason::Reset,
        ETIMEDOUT => CloseReason::Timeout,
        ENETUNREACH | EHOSTUNREACH => CloseReason::Unreachable,
        ECONNABORTED => CloseReason::Aborted,
        _ => CloseReason::Other,
    }
}
