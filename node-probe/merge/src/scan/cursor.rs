//! A place in a body.

#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn since(&self, begin: usize) -> &'a [u8] {
        &self.bytes[begin..self.at]
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Whether it stood here.
    pub(super) fn eat(&mut self, text: &[u8]) -> bool {
        let stands = self.rest().starts_with(text);
        if stands {
            self.at += text.len();
        }
        stands
    }

    pub(super) fn eat_while(&mut self, matches: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !matches(*byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Spaces and tabs.
    pub(super) fn eat_blanks(&mut self) -> &'a [u8] {
        self.eat_while(|byte| matches!(byte, b' ' | b'\t'))
    }

    /// Up to the newline, which stays.
    pub(super) fn eat_line(&mut self) -> &'a [u8] {
        self.eat_while(|byte| byte != b'\n')
    }

    /// A name whose first character and others are these. Empty if there is none.
    pub(super) fn eat_name(&mut self, begins: impl Fn(u8) -> bool, continues: impl Fn(u8) -> bool) -> &'a [u8] {
        if self.peek().is_some_and(begins) { self.eat_while(continues) } else { &[] }
    }

    /// What stands in double quotes, as it is written.
    pub(super) fn eat_quoted(&mut self, takes_newlines: bool) -> Option<&'a [u8]> {
        let begin = self.at + 1;
        let mut at = begin;
        if self.peek() != Some(b'"') {
            return None;
        }
        loop {
            at += self.bytes.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n'))?;
            match self.bytes[at] {
                b'"' => break,
                b'\\' if self.bytes.get(at + 1).is_some_and(|escaped| *escaped != b'\n') => at += 2,
                b'\n' if takes_newlines => at += 1,
                _ => return None,
            }
        }
        self.at = at + 1;
        Some(&self.bytes[begin..at])
    }
}
