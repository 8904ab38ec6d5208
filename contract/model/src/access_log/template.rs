//! A format string with Envoy's command operators, as far as they are true for a TCP connection that no proxy has in hand.

use super::Field;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest format string, in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 2048;

/// Most digits of a truncation.
const MAX_LENGTH_DIGITS: usize = 4;

/// A checked format string. Equality and serialization are by its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: Box<str>,
    pieces: Box<[Piece]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    Text(Box<str>),
    /// Cut to so many characters.
    Operator(Operator, Option<u16>),
}

/// Without a proxy the downstream connection and the upstream connection are one: its client is the downstream remote end, and its
/// server the upstream host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    StartTime(TimeFormat),
    EmitTime(TimeFormat),
    BytesReceived,
    BytesSent,
    BytesRetransmitted,
    PacketsRetransmitted,
    /// Milliseconds.
    Duration,
    ResponseFlags,
    AccessLogType,
    ConnectionId,
    UpstreamHost,
    UpstreamCluster,
    UpstreamTransportFailureReason,
    UpstreamRemoteAddress(AddressPart),
    UpstreamLocalAddress(AddressPart),
    DownstreamLocalAddress(AddressPart),
    DownstreamRemoteAddress(AddressPart),
    DownstreamDirectRemoteAddress(AddressPart),
    Hostname,
    /// `%LONGWIRE(field)%`
    Field(Field),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressPart {
    Both,
    WithoutPort,
    Port,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeFormat {
    /// RFC 3339 in UTC with milliseconds.
    Rfc3339,
    /// Seconds since 1970, with so many digits of the fraction.
    Seconds(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTemplate {
    #[error("a format of {0} bytes is too long: at most {MAX_TEMPLATE_BYTES} are allowed")]
    TooLong(usize),
    #[error("a format without text writes empty lines: use operators, as in %START_TIME% %BYTES_SENT%")]
    Empty,
    #[error("a % at byte {0} is not closed: write %OPERATOR%, or %% for a percent sign")]
    Open(usize),
    #[error("unknown operator %{name}%: known are {known}", known = Known)]
    Unknown { name: String },
    #[error("%{name}% takes no argument in parentheses")]
    Argument { name: String },
    #[error("%LONGWIRE({0})%: there is no such field; known are {fields}", fields = Fields)]
    Field(String),
    #[error(
        "%{name}({format})%: write %s for seconds since 1970, %s.%3f with a fraction of 1 to 9 digits, or no format for RFC 3339"
    )]
    Time { name: String, format: String },
    #[error("%{name}:{length}%: the length is a number of 1 to 9999 characters")]
    Length { name: String, length: String },
    #[error(
        "a format with a line break or another control character would break the log: write it without, except for tabs"
    )]
    Control,
}

struct Known;
struct Fields;

/// Operators without an argument, and what they write.
#[rustfmt::skip]
pub(crate) const PLAIN: [(&str, Operator, &str); 26] = {
    use AddressPart::{Both, Port, WithoutPort};
    use Operator as O;
    const CLIENT: [&str; 3] = ["the client's address and port", "the client's address", "the client's port"];
    const SERVER: [&str; 3] = [
        "the server's own address and port, behind any Service",
        "the server's own address, behind any Service",
        "the server's own port, behind any Service",
    ];
    const REQUESTED: [&str; 3] = [
        "the address and port that the client connected to: a Service's if it requested one",
        "the address that the client connected to: a Service's if it requested one",
        "the port that the client connected to: the Service's if it requested one",
    ];
    [
        ("BYTES_RECEIVED", O::BytesReceived, "payload bytes from the client, cumulative"),
        ("BYTES_SENT", O::BytesSent, "payload bytes to the client, cumulative"),
        ("BYTES_RETRANSMITTED", O::BytesRetransmitted, "payload bytes that the reporter sent again; Envoy writes 0 for TCP"),
        ("PACKETS_RETRANSMITTED", O::PacketsRetransmitted, "segments that the reporter sent again; Envoy writes 0 for TCP"),
        ("DURATION", O::Duration, "milliseconds since the start, or until the end"),
        ("RESPONSE_FLAGS", O::ResponseFlags, "`UF` if it never established, else `-`"),
        ("ACCESS_LOG_TYPE", O::AccessLogType, "`TcpUpstreamConnected`, `TcpPeriodic` or `TcpConnectionEnd`"),
        ("CONNECTION_ID", O::ConnectionId, "as the field `id`, equal at both ends"),
        ("HOSTNAME", O::Hostname, "the reporter's node"),
        ("UPSTREAM_HOST", O::UpstreamHost, "the server's own address and port"),
        ("UPSTREAM_CLUSTER", O::UpstreamCluster, "`outbound|PORT||HOST` or `PassthroughCluster` at the client's end, `inbound|PORT||` at the server's"),
        ("UPSTREAM_TRANSPORT_FAILURE_REASON", O::UpstreamTransportFailureReason, "as the field `failure_reason`"),
        ("UPSTREAM_REMOTE_ADDRESS", O::UpstreamRemoteAddress(Both), SERVER[0]),
        ("UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", O::UpstreamRemoteAddress(WithoutPort), SERVER[1]),
        ("UPSTREAM_REMOTE_PORT", O::UpstreamRemoteAddress(Port), SERVER[2]),
        ("UPSTREAM_LOCAL_ADDRESS", O::UpstreamLocalAddress(Both), CLIENT[0]),
        ("UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", O::UpstreamLocalAddress(WithoutPort), CLIENT[1]),
        ("UPSTREAM_LOCAL_PORT", O::UpstreamLocalAddress(Port), CLIENT[2]),
        ("DOWNSTREAM_LOCAL_ADDRESS", O::DownstreamLocalAddress(Both), REQUESTED[0]),
        ("DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", O::DownstreamLocalAddress(WithoutPort), REQUESTED[1]),
        ("DOWNSTREAM_LOCAL_PORT", O::DownstreamLocalAddress(Port), REQUESTED[2]),
        ("DOWNSTREAM_REMOTE_ADDRESS", O::DownstreamRemoteAddress(Both), CLIENT[0]),
        ("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", O::DownstreamRemoteAddress(WithoutPort), CLIENT[1]),
        ("DOWNSTREAM_REMOTE_PORT", O::DownstreamRemoteAddress(Port), CLIENT[2]),
        ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS", O::DownstreamDirectRemoteAddress(Both), CLIENT[0]),
        ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", O::DownstreamDirectRemoteAddress(WithoutPort), CLIENT[1]),
    ]
};

/// Operators with an argument, as they are written, and what they write.
#[rustfmt::skip]
pub(crate) const WITH_ARGUMENT: [(&str, &str); 3] = [
    ("START_TIME, START_TIME(%s.%3f)", "when it began: RFC 3339 in UTC with milliseconds, or seconds since 1970 with digits of the fraction"),
    ("EMIT_TIME, EMIT_TIME(%s.%3f)", "when the line was made, in the same formats"),
    ("LONGWIRE(field)", "any field of the table above"),
];

/// Names of operators with an argument.
const START_TIME: &str = "START_TIME";
const EMIT_TIME: &str = "EMIT_TIME";
const LONGWIRE: &str = "LONGWIRE";

/// Ends a line for some reader, or does something to a terminal.
fn is_unprintable(character: char) -> bool {
    (character.is_control() && character != '\t') || matches!(character, '\u{2028}' | '\u{2029}')
}

impl Template {
    pub fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        // A line break at the end is as in Envoy's formats, where it ends the line.
        let line = text.strip_suffix('\n').unwrap_or(text);
        match line {
            _ if text.len() > MAX_TEMPLATE_BYTES => return Err(InvalidTemplate::TooLong(text.len())),
            "" => return Err(InvalidTemplate::Empty),
            line if line.chars().any(is_unprintable) => return Err(InvalidTemplate::Control),
            _ => {}
        }
        let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), line);
        while let Some(at) = rest.find('%') {
            literal.push_str(&rest[..at]);
            let begun = line.len() - rest.len() + at;
            let after = &rest[at + 1..];
            if let Some(escaped) = after.strip_prefix('%') {
                literal.push('%');
                rest = escaped;
                continue;
            }
            let (command, left) = command(after).ok_or(InvalidTemplate::Open(begun))?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal).into()));
            }
            pieces.push(operator(command)?);
            rest = left;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal.into()));
        }
        Ok(Self { text: text.into(), pieces: pieces.into() })
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Memory beside its own, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        2 * self.text.len() + size_of_val(&*self.pieces)
    }
}

/// Up to the % that closes it. Those in parentheses are of a time format.
fn command(text: &str) -> Option<(&str, &str)> {
    let mut is_inside = false;
    for (at, character) in text.char_indices() {
        match character {
            '(' => is_inside = true,
            ')' => is_inside = false,
            '%' if !is_inside => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

/// `NAME`, `NAME(argument)`, each with `:length` or without.
fn operator(command: &str) -> Result<Piece, InvalidTemplate> {
    let name_end = command.find(['(', ':']).unwrap_or(command.len());
    let (name, mut rest) = command.split_at(name_end);
    let mut argument = None;
    if let Some(inner) = rest.strip_prefix('(') {
        let (inside, after) = inner.rsplit_once(')').ok_or_else(|| unknown(command))?;
        (argument, rest) = (Some(inside), after);
    }
    let length = match rest.strip_prefix(':') {
        Some(length) => Some(read_length(name, length)?),
        None if rest.is_empty() => None,
        None => return Err(unknown(command)),
    };
    Ok(Piece::Operator(find(name, argument)?, length))
}

fn find(name: &str, argument: Option<&str>) -> Result<Operator, InvalidTemplate> {
    match (name, argument) {
        (START_TIME, format) => read_time(name, format).map(Operator::StartTime),
        (EMIT_TIME, format) => read_time(name, format).map(Operator::EmitTime),
        (LONGWIRE, field) => {
            let field = field.unwrap_or_default();
            let known = Field::named(field).ok_or_else(|| InvalidTemplate::Field(field.to_owned()));
            known.map(Operator::Field)
        }
        (name, argument) => {
            let known = PLAIN.iter().find(|(plain, ..)| *plain == name).ok_or_else(|| unknown(name))?;
            if argument.is_some() {
                return Err(InvalidTemplate::Argument { name: name.to_owned() });
            }
            Ok(known.1.clone())
        }
    }
}

fn unknown(name: &str) -> InvalidTemplate {
    InvalidTemplate::Unknown { name: name.to_owned() }
}

fn read_length(name: &str, length: &str) -> Result<u16, InvalidTemplate> {
    let is_short = length.len() <= MAX_LENGTH_DIGITS && length.bytes().all(|byte| byte.is_ascii_digit());
    let read = if is_short { length.parse().ok() } else { None };
    let invalid = || InvalidTemplate::Length { name: name.to_owned(), length: length.to_owned() };
    read.filter(|length| *length > 0).ok_or_else(invalid)
}

fn read_time(name: &str, format: Option<&str>) -> Result<TimeFormat, InvalidTemplate> {
    let invalid = || InvalidTemplate::Time { name: name.to_owned(), format: format.unwrap_or_default().to_owned() };
    match format {
        None | Some("") => Ok(TimeFormat::Rfc3339),
        Some("%s") => Ok(TimeFormat::Seconds(0)),
        Some(format) => {
            let digits = format.strip_prefix("%s.%").and_then(|rest| rest.strip_suffix('f')).ok_or_else(invalid)?;
            match digits.as_bytes() {
                [digit @ b'1'..=b'9'] => Ok(TimeFormat::Seconds(digit - b'0')),
                _ => Err(invalid()),
            }
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{START_TIME}, {EMIT_TIME}, {LONGWIRE}(field)")?;
        PLAIN.iter().try_for_each(|(name, ..)| write!(f, ", {name}"))
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
        f.write_str(&names.join(", "))
    }
}

impl TryFrom<String> for Template {
    type Error = InvalidTemplate;

    fn try_from(text: String) -> Result<Self, InvalidTemplate> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text.into()
    }
}
