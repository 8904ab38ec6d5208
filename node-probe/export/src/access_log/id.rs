//! Ids of connections as text.

use super::escape::write_hex;
use crate::number::write_unsigned;
use longwire_pipeline::event::ConnectionId;
use longwire_pipeline::labels::LineNames;

pub(crate) fn write_id(id: ConnectionId, to: &mut Vec<u8>) {
    match id {
        ConnectionId::Shared(id) => write_hex(id.to_bytes(), to),
        ConnectionId::Local(number) => {
            to.extend_from_slice(b"local-");
            write_unsigned(number, to);
        }
        // They have one each.
        ConnectionId::Several => to.extend_from_slice(LineNames::UNKNOWN.as_bytes()),
    }
}
