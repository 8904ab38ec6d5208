//! Addresses and ports as objects spell them. One that cannot be read is left out alone: the rest of its object is as good as
//! without it.

use super::{InvalidObject, Kind, Name};
use std::net::{IpAddr, Ipv4Addr};

#[cfg(test)]
mod tests;

/// Addresses of one list of one object.
const MAX_ADDRESSES: usize = 1024;

/// Errors of the parts of one object that cannot be used.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    first: Option<InvalidObject>,
    more: usize,
}

impl LeftOut {
    /// The value, or `None`; the error is kept.
    pub(super) fn keep<T>(&mut self, read: Result<T, InvalidObject>) -> Option<T> {
        read.map_err(|error| self.add(error)).ok()
    }

    fn add(&mut self, error: InvalidObject) {
        match self.first {
            None => self.first = Some(error),
            Some(_) => self.more += 1,
        }
    }

    /// One line an object, however much is wrong with it.
    pub(super) fn log(self, kind: Kind, name: &Name) {
        let Self { first: Some(first), more } = self else { return };
        match more {
            0 => tracing::warn!("{kind:?} {name}: {first}: it is left out"),
            _ => tracing::warn!("{kind:?} {name}: {first}: it is left out, and {more} more of its entries"),
        }
    }

    /// Each address once, in the order of the object.
    pub(super) fn addresses<'a>(
        &mut self,
        field: &'static str,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Vec<IpAddr> {
        let mut found = Vec::new();
        for text in texts {
            let Some(address) = self.keep(address(field, text)) else { continue };
            if found.len() == MAX_ADDRESSES {
                self.add(InvalidObject::TooManyAddresses { field });
                break;
            }
            if !found.contains(&address) {
                found.push(address);
            }
        }
        found
    }
}

/// IPv4-mapped addresses come out unmapped, as a probe reports them.
fn address(field: &'static str, text: &str) -> Result<IpAddr, InvalidObject> {
    let text = text.trim();
    let parsed = text.parse::<IpAddr>().ok().or_else(|| with_leading_zeros(text).map(IpAddr::from));
    let parsed = parsed.map(|address| address.to_canonical());
    parsed.ok_or_else(|| InvalidObject::Address { field, value: text.to_owned() })
}

/// `010.001.0.7`: Kubernetes accepts it, and reads each part as a decimal number. kube-proxy reads it so too, so connections
/// reach 10.1.0.7.
fn with_leading_zeros(text: &str) -> Option<Ipv4Addr> {
    let text = text.strip_prefix("::ffff:").unwrap_or(text);
    let mut parts = text.split('.').map(|part| {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let digits = part.trim_start_matches('0');
        is_number.then(|| if digits.is_empty() { Ok(0) } else { digits.parse::<u8>() })?.ok()
    });
    let octets = [parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then(|| octets.into())
}

pub(super) fn port(field: &'static str, value: i32) -> Result<u16, InvalidObject> {
    u16::try_from(value).ok().filter(|port| *port != 0).ok_or(InvalidObject::Port { field, value })
}
