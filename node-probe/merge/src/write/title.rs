//! HELP, TYPE and UNIT of a family.

use crate::escape::write_help;
use crate::family::{Family, Help};
use crate::kind::Kind;
use crate::name::is_metric;
use longwire_export::exposition::{Format, escape_label};

/// What a family is called in a format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Title<'a> {
    name: &'a str,
    kind: Kind,
    /// Only OpenMetrics has them.
    unit: Option<&'a str>,
}

impl<'a> Title<'a> {
    pub(super) fn of_text(family: &'a Family<'_>) -> Self {
        Self { name: &family.name, kind: family.kind, unit: None }
    }

    /// `is_short`: no other family is called by its short name.
    pub(super) fn of_open_metrics(family: &'a Family<'_>, is_short: bool) -> Self {
        let (name, kind) = match family.kind {
            Kind::Counter | Kind::Info if is_short => (family.short_name(), family.kind),
            // Their samples would have to end with what the family is not called.
            Kind::Counter => (&*family.name, Kind::Untyped),
            Kind::Info => (&*family.name, Kind::Gauge),
            Kind::Untyped | Kind::Gauge | Kind::Histogram | Kind::Summary | Kind::StateSet | Kind::GaugeHistogram => {
                (&*family.name, family.kind)
            }
        };
        let ends = |unit: &&str| name.strip_suffix(unit).is_some_and(|before| before.ends_with('_'));
        Self { name, kind, unit: family.unit.filter(ends) }
    }
}

pub(super) fn write(title: &Title<'_>, help: Option<Help<'_>>, format: Format, out: &mut Vec<u8>) {
    let Title { name, kind, unit } = *title;
    if let Some(help) = help {
        begin(b"# HELP ", name, out);
        write_help(help.text, help.format, format, out);
        out.push(b'\n');
    }
    begin(b"# TYPE ", name, out);
    out.extend_from_slice(kind.word(format).as_bytes());
    out.push(b'\n');
    if let Some(unit) = unit {
        begin(b"# UNIT ", name, out);
        out.extend_from_slice(unit.as_bytes());
        out.push(b'\n');
    }
}

fn begin(keyword: &[u8], name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(keyword);
    if is_metric(name) {
        out.extend_from_slice(name.as_bytes());
    } else {
        write_quoted(name, out);
    }
    out.push(b' ');
}

pub(super) fn write_quoted(name: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escape_label(name, out);
    out.push(b'"');
}
