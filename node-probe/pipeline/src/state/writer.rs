//! Items to bytes.

use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// Appends items to a state.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    /// Items of the state so far.
    pub(crate) items: &'a mut u64,
}

impl Writer<'_> {
    pub(crate) fn write(&mut self, item: &impl Serialize) {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        postcard::serialize_with_flavor(item, Append(self.out)).expect("items have lengths, and a vector has room");
        let length = u32::try_from(self.out.len() - start - 4).expect("an item far below 4 GiB");
        self.out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        *self.items += 1;
    }
}

/// Straight to the end of the bytes.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
