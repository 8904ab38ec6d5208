//! One name of a connection for both of its ends.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;

/// Initial sequence numbers, client's and server's. Both ends of a connection have the same, through any translation.
pub(crate) type Sequence = (u32, u32);

/// Each half of an id starts with a constant of its own, so that the halves are independent.
const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];

/// The id of a connection that both of its ends compute, on one node or on two. Its bits are as good as random, and it is not 0, so it
/// can serve as a trace id. A release must not change the function, because two nodes may run two releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedId {
    high: NonZeroU64,
    low: u64,
}

impl SharedId {
    /// `server`: the server's own address and port, as its socket has them, behind any Service. The client's address is left out,
    /// because masquerade rewrites it on the way and only the server could know the result.
    #[must_use]
    pub(crate) fn of((client, server_number): Sequence, server: SocketAddr) -> Self {
        let address = match server.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        let address = u128::from(address);
        let words = [
            u64::from(client) << 32 | u64::from(server_number),
            (address >> 64) as u64,
            address as u64,
            server.port().into(),
        ];
        let [high, low] = SEEDS.map(|seed| words.iter().fold(seed, |hash, word| mix(hash ^ word)));
        Self { high: NonZeroU64::new(high).unwrap_or(NonZeroU64::MIN), low }
    }

    /// Big-endian, as trace ids are written.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.high.get()) << 64 | u128::from(self.low)).to_be_bytes()
    }

    /// Half of it, for choices that both ends make alike.
    #[must_use]
    pub(crate) fn to_bits(self) -> u64 {
        self.low
    }

    /// `None`: no id has these bytes.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        let both = u128::from_be_bytes(bytes);
        Some(Self { high: NonZeroU64::new((both >> 64) as u64)?, low: both as u64 })
    }
}

/// 32 lower hexadecimal digits.
impl fmt::Display for SharedId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:016x}{:016x}", self.high, self.low)
    }
}

/// The finalizer of MurmurHash3: each bit of the input changes each bit of the result with a probability of one half.
fn mix(mut word: u64) -> u64 {
    word ^= word >> 33;
    word = word.wrapping_mul(0xff51_afd7_ed55_8ccd);
    word ^= word >> 33;
    word = word.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ word >> 33
}
