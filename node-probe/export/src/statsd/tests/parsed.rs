//! Packets, read back by the rules of their flavor alone. What a receiver would not take is a panic.

use crate::statsd::{Flavor, Framing};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    /// Of plain statsd: the levels of the name after the first one, by their number.
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: String,
    pub(super) kind: String,
    pub(super) rate: f64,
}

impl Line {
    pub(super) fn number(&self) -> f64 {
        self.value.parse().unwrap()
    }

    pub(super) fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().all(|(name, value)| self.labels.get(*name).is_some_and(|found| found == value))
    }
}

/// Lines as they are.
pub(super) fn texts(packet: &[u8], framing: Framing) -> Vec<&str> {
    let text = str::from_utf8(packet).unwrap();
    assert!(text.is_ascii(), "{text}");
    let lines = match framing {
        Framing::Datagrams => text,
        Framing::Stream => text.strip_suffix('\n').unwrap(),
    };
    let lines: Vec<_> = lines.split('\n').collect();
    assert!(lines.iter().all(|line| !line.is_empty() && !line.chars().any(char::is_whitespace)), "{text}");
    lines
}

pub(super) fn parse(line: &str, flavor: Flavor) -> Line {
    let (head, tail) = line.split_once(':').unwrap();
    let mut fields = tail.split('|');
    let (value, kind) = (fields.next().unwrap(), fields.next().unwrap());
    assert!(["c", "g", "ms", "d"].contains(&kind), "{line}");
    assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
    let (mut rate, mut tags) = (1.0, None);
    for field in fields {
        match field.split_at(1) {
            ("@", number) => {
                assert!(number.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()), "{line}");
                rate = number.parse().unwrap();
            }
            ("#", text) if flavor == Flavor::Dogstatsd => tags = Some(text),
            _ => panic!("{line}"),
        }
    }
    // What statsd keeps of a name when it cleans it for Graphite.
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.;=".contains(&byte);
    assert!(head.bytes().all(is_kept), "{line}");
    let (name, labels): (&str, Vec<(String, &str)>) = match flavor {
        Flavor::Dogstatsd => (head, tags.map_or_else(Vec::new, |tags| pairs(tags, ',', ':'))),
        Flavor::Graphite => {
            head.split_once(';').map_or((head, Vec::new()), |(name, tags)| (name, pairs(tags, ';', '=')))
        }
        Flavor::Statsd => {
            let (name, levels) = head.split_once('.').unwrap_or((head, ""));
            (name, levels.split('.').enumerate().map(|(at, level)| (format!("{at:02}"), level)).collect())
        }
    };
    assert!(name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()), "{line}");
    let count = labels.len();
    let labels: BTreeMap<_, _> = labels.into_iter().map(|(name, value)| (name, unescaped(value, flavor))).collect();
    assert_eq!(labels.len(), count, "a label comes twice: {line}");
    let [name, value, kind] = [name, value, kind].map(str::to_owned);
    Line { name, labels, value, kind, rate }
}

fn pairs(tags: &str, between: char, within: char) -> Vec<(String, &str)> {
    tags.split(between)
        .map(|tag| {
            let (name, value) = tag.split_once(within).unwrap();
            assert!(!name.is_empty() && !value.is_empty(), "{tags}");
            (name.to_owned(), value)
        })
        .collect()
}

/// By the rule in the documentation: `_x` and two digits are a byte, in a folded name any other `_` is a dot.
pub(super) fn unescaped(value: &str, flavor: Flavor) -> String {
    let (mut bytes, mut rest) = (Vec::new(), value);
    while let Some(first) = rest.bytes().next() {
        if let Some(code) = rest.strip_prefix("_x") {
            if code == "x" && flavor == Flavor::Statsd {
                return "(left out)".to_owned();
            }
            bytes.push(u8::from_str_radix(&code[..2], 16).unwrap());
            rest = &code[2..];
        } else {
            bytes.push(if first == b'_' && flavor == Flavor::Statsd { b'.' } else { first });
            rest = &rest[1..];
        }
    }
    String::from_utf8(bytes).unwrap()
}
