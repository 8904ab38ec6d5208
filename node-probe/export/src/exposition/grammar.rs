//! Both formats, read back. Whatever their grammars do not allow is a panic.

use super::{Cursor, Encoder, Format};
use longwire_pipeline::metrics::SeriesStore;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Labels = BTreeMap<String, String>;

/// Values as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scrape {
    /// Names of families, in order of appearance, with type and help.
    pub(crate) families: Vec<(String, String, String)>,
    pub(crate) samples: BTreeMap<(String, Labels), String>,
}

impl Scrape {
    /// Of a family's series with these labels among theirs.
    pub(crate) fn values(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&str> {
        let has = |of: &Labels| labels.iter().all(|(name, value)| of.get(*name).is_some_and(|found| found == value));
        let of_name = self.samples.iter().filter(|((sample, _), _)| sample == name);
        of_name.filter(|((_, labels), _)| has(labels)).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.samples.keys().map(|(name, _)| name.as_str()).collect()
    }
}

/// Of what is now: published first.
pub(crate) fn text(store: &mut SeriesStore, format: Format, slice: usize) -> String {
    store.publish();
    written(store, Cursor::new(format), slice)
}

/// Of what is published.
pub(crate) fn written(store: &SeriesStore, mut cursor: Cursor, slice: usize) -> String {
    let (mut encoder, mut out) = (Encoder::default(), Vec::new());
    while encoder.render(store, &mut cursor, slice, &mut out) {}
    String::from_utf8(out).unwrap()
}

pub(crate) fn parse(text: &str, format: Format) -> Scrape {
    let mut scrape = Scrape::default();
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let (family, help) = comment(line, "HELP");
        let (same, kind) = comment(lines.next().unwrap(), "TYPE");
        assert_eq!(family, same, "TYPE is of the family of HELP");
        let is_known = ["counter", "gauge", "histogram"].contains(&kind);
        let of_no_type = if format == Format::OpenMetrics { "unknown" } else { "untyped" };
        assert!(is_known || kind == of_no_type, "{kind}");
        assert!(scrape.families.iter().all(|(name, ..)| name != family), "{family} comes twice");
        scrape.families.push((family.to_owned(), kind.to_owned(), unescape(help, format == Format::OpenMetrics)));
        assert!(lines.peek().is_some_and(|line| !line.starts_with('#')), "{family} has no samples");
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let (name, labels, value) = sample(line);
            let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{name} in {family}"));
            match (kind, format) {
                ("histogram" | "counter", Format::OpenMetrics) if suffix == "_created" => {}
                ("histogram", _) => {
                    assert!(["_bucket", "_sum", "_count"].contains(&suffix));
                    assert_eq!(labels.contains_key("le"), suffix == "_bucket");
                }
                ("counter", Format::OpenMetrics) => assert_eq!(suffix, "_total"),
                _ => assert_eq!(suffix, ""),
            }
            assert!(scrape.samples.insert((name, labels), value).is_none(), "twice: {line}");
        }
    }
    scrape
}

fn comment<'a>(line: &'a str, keyword: &str) -> (&'a str, &'a str) {
    let rest = line.strip_prefix("# ").and_then(|line| line.strip_prefix(keyword)).unwrap_or_else(|| panic!("{line}"));
    let (name, text) = rest.strip_prefix(' ').and_then(|rest| rest.split_once(' ')).unwrap();
    assert!(is_name(name), "{name}");
    (name, text.strip_suffix('\n').unwrap())
}

fn sample(line: &str) -> (String, Labels, String) {
    let (name, mut rest) = line.split_at(line.find('{').unwrap());
    assert!(is_name(name), "{name}");
    let mut labels = Labels::new();
    let mut before = '{';
    if rest.starts_with("{}") {
        (rest, before) = (&rest[1..], ',');
    }
    while let Some(label) = rest.strip_prefix(before) {
        let (label, value) = label.split_once("=\"").unwrap();
        assert!(is_name(label), "{label}");
        let (value, after) = quoted(value);
        assert!(!value.is_empty(), "{label} is empty: {line}");
        assert!(labels.insert(label.to_owned(), value).is_none(), "{label} comes twice: {line}");
        (rest, before) = (after, ',');
    }
    let value = rest.strip_prefix("} ").and_then(|rest| rest.strip_suffix('\n')).unwrap_or_else(|| panic!("{line}"));
    assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{value}");
    (name.to_owned(), labels, value.to_owned())
}

/// A value up to its closing quote, and what follows that.
fn quoted(text: &str) -> (String, &str) {
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        assert_ne!(char, '\n', "a value goes on in another line");
        match char {
            '"' if !escaped => return (unescape(&text[..at], true), &text[at + 1..]),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    panic!("no closing quote: {text}");
}

fn unescape(text: &str, quotes: bool) -> String {
    let mut chars = text.chars();
    let mut out = String::new();
    while let Some(char) = chars.next() {
        assert!(!quotes || char != '"', "a quote that is not escaped");
        out.push(match char {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('\\') => '\\',
                Some('"') if quotes => '"',
                other => panic!("escape {other:?}"),
            },
            char => char,
        });
    }
    out
}

fn is_name(name: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.bytes().next().is_some_and(is_first) && name.bytes().all(|byte| is_first(byte) || byte.is_ascii_digit())
}
