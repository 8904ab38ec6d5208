//! Lines that could not be sent, of label sets that have gone since: no label set can say again what they say. Each flush has them
//! until one of them is sent. Bounded.

/// Bytes of lines that are kept.
const MAX_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct Leftover {
    /// By number, ascending.
    lines: Vec<(u64, Box<[u8]>)>,
    bytes: usize,
    /// Lines that were ever kept.
    count: u64,
    lost: u64,
}

impl Leftover {
    pub(super) fn keep(&mut self, line: &[u8]) {
        if self.bytes + line.len() > MAX_BYTES {
            self.lost += 1;
            return;
        }
        self.bytes += line.len();
        self.count += 1;
        self.lines.push((self.count, line.into()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.lines.iter().map(|(number, line)| (*number, &**line))
    }

    pub(super) fn sent(&mut self, number: u64) {
        if let Ok(at) = self.lines.binary_search_by_key(&number, |(number, _)| *number) {
            let (_, line) = self.lines.remove(at);
            self.bytes -= line.len();
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }
}
