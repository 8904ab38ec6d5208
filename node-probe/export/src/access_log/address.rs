//! Addresses as text. Those of IPv4 not by `write!`, for its time.

use crate::number::write_unsigned;
use longwire_model::access_log::AddressPart;
use std::fmt::Display;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// `ip:port`, IPv6 in brackets.
pub(super) fn write_address(address: SocketAddr, to: &mut Vec<u8>) {
    write_part(address, AddressPart::Both, to);
}

pub(crate) fn write_part(address: SocketAddr, part: AddressPart, to: &mut Vec<u8>) {
    match (part, address.ip()) {
        (AddressPart::Both, IpAddr::V4(ip)) => {
            write_v4(ip, to);
            to.push(b':');
            write_unsigned(address.port().into(), to);
        }
        (AddressPart::Both, IpAddr::V6(_)) => write_displayed(&address, to),
        (AddressPart::WithoutPort, IpAddr::V4(ip)) => write_v4(ip, to),
        (AddressPart::WithoutPort, IpAddr::V6(ip)) => write_displayed(&ip, to),
        (AddressPart::Port, _) => write_unsigned(address.port().into(), to),
    }
}

fn write_v4(ip: Ipv4Addr, to: &mut Vec<u8>) {
    for (at, octet) in ip.octets().into_iter().enumerate() {
        if at > 0 {
            to.push(b'.');
        }
        write_unsigned(octet.into(), to);
    }
}

fn write_displayed(text: &impl Display, to: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write!(to, "{text}");
}
