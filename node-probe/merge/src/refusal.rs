//! Why nothing of a target is taken.

/// Longest part of a body that an error shows, characters: it ends up in a log.
const MOST_SHOWN: usize = 120;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "the body has {bytes} bytes; at most {most} are merged: expose less, or leave this target to a scrape of its own"
    )]
    TooLarge { bytes: usize, most: usize },
    #[error(
        "the Content-Type is {0}, which is not merged: answer in text/plain; version=0.0.4 or in application/openmetrics-text; version=1.0.0"
    )]
    ContentType(String),
    #[error("line {line}, `{text}`: {wrong}")]
    Line { line: usize, text: String, wrong: Wrong },
    #[error(
        "the body has samples of more than {most} families: expose less, or leave this target to a scrape of its own"
    )]
    Families { most: usize },
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("here should be the name of a metric or a comment; is this an exposition?")]
    Start,
    #[error("a metric has a second name, in its labels")]
    SecondName,
    #[error("the name of a metric should stand behind HELP, TYPE or UNIT")]
    Subject,
    #[error("the text behind the name is missing")]
    Text,
    #[error("this type is none of the format that the Content-Type names")]
    Kind,
    #[error("the unit is not what the family's name ends with, after an underscore")]
    Unit,
    #[error("OpenMetrics has no comments but HELP, TYPE, UNIT and EOF")]
    Comment,
    #[error("the name of a label should stand here")]
    LabelName,
    #[error("a label's value in double quotes should stand here, on one line and with its quotes escaped")]
    LabelValue,
    #[error("`=` should stand behind the name of a label")]
    Equals,
    #[error("a comma or `}}` should stand behind a label")]
    Comma,
    #[error("a label stands twice, or is called __name__")]
    LabelTwice,
    #[error("more labels than {0} are not merged")]
    Labels(usize),
    #[error("here is no UTF-8")]
    Utf8,
    #[error("the value should be a number, one space behind the labels in OpenMetrics")]
    Value,
    #[error("the timestamp should be a number: of milliseconds in text, of seconds in OpenMetrics")]
    Time,
    #[error("an exemplar should be ` # {{labels}} value timestamp`")]
    Exemplar,
    #[error("the sample should end here; the text format has no exemplars")]
    End,
    #[error("it is longer than {most} bytes", most = u16::MAX)]
    TooLong,
    #[error("more samples than {0} are not merged")]
    Samples(usize),
    #[error("more families than {0} are not merged")]
    Families(usize),
    #[error("the body ends before `# EOF`, so a part of it may be missing")]
    Truncated,
    #[error("something stands behind `# EOF`")]
    BehindEof,
}

impl Refusal {
    pub(crate) fn content_type(value: Option<&str>) -> Self {
        Self::ContentType(shown(value.unwrap_or_default()))
    }

    /// `at`: where the line begins.
    pub(crate) fn line(body: &[u8], at: usize, wrong: Wrong) -> Self {
        let (before, rest) = body.split_at(at.min(body.len()));
        let end = rest.iter().take(4 * MOST_SHOWN).position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let text = String::from_utf8_lossy(&rest[..end.min(4 * MOST_SHOWN)]);
        Self::Line { line, text: shown(&text), wrong }
    }
}

/// Without control characters, and cut.
fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let mut shown: String = chars.by_ref().take(MOST_SHOWN).flat_map(char::escape_debug).collect();
    if chars.next().is_some() {
        shown.push_str("...");
    }
    shown
}
