//! IP addresses as 4 or 16 bytes.

use std::net::IpAddr;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: an address has 4 or 16 bytes, not {}: {value:02x?}", value.len())]
pub struct InvalidAddress {
    /// Path of the field in the message.
    pub field: &'static str,
    /// The bytes that were received, cut to the first 32.
    pub value: Vec<u8>,
}

#[must_use]
pub fn to_bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().into(),
        IpAddr::V6(address) => address.octets().into(),
    }
}

/// Unmaps IPv4-mapped addresses, so that each address has one form.
pub fn from_bytes(field: &'static str, bytes: &[u8]) -> Result<IpAddr, InvalidAddress> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Ok(octets.into());
    }
    match <[u8; 16]>::try_from(bytes) {
        Ok(octets) => Ok(IpAddr::from(octets).to_canonical()),
        Err(_) => Err(InvalidAddress { field, value: bytes[..bytes.len().min(32)].to_vec() }),
    }
}
