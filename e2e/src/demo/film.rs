//! The demo's output as an animated SVG, frame by frame, without a font or a script.

use std::fmt::Write as _;
use std::time::Duration;

/// Size of a character and of a line, pixels.
const WIDTH: f64 = 7.8;
const HEIGHT: f64 = 17.0;
const MARGIN: f64 = 16.0;
/// Lines of the terminal; earlier ones have scrolled off.
const ROWS: usize = 36;
/// Time of a frame, shorter than in reality because nothing happens in between. The last one stays long enough to be
/// read.
const FRAME: Duration = Duration::from_millis(700);
const LAST: Duration = Duration::from_secs(9);

/// Current and earlier content of the screen.
#[derive(Debug)]
pub(super) struct Film {
    lines: Vec<String>,
    frames: Vec<Vec<String>>,
}

impl Film {
    pub(super) fn new() -> Self {
        Self { lines: vec!["$ make demo".to_owned()], frames: Vec::new() }
    }

    pub(super) fn say(&mut self, text: &str) {
        self.lines.extend(text.split('\n').map(str::to_owned));
    }

    /// Replaces the last `covered` lines, and adds a frame.
    pub(super) fn refresh(&mut self, covered: usize, text: &str) {
        self.lines.truncate(self.lines.len().saturating_sub(covered));
        self.lines.extend(text.lines().map(str::to_owned));
        self.cut();
    }

    fn cut(&mut self) {
        let above = self.lines.len().saturating_sub(ROWS);
        self.frames.push(self.lines[above..].to_vec());
    }

    /// The whole SVG. The last output is the last frame, which viewers without animation show.
    pub(super) fn develop(mut self) -> String {
        self.cut();
        let columns = self.frames.iter().flatten().map(|line| plain(line).chars().count()).max().unwrap_or_default();
        let rows = self.frames.iter().map(Vec::len).max().unwrap_or_default();
        let (width, height) = (WIDTH * columns as f64 + 2.0 * MARGIN, HEIGHT * rows as f64 + 2.0 * MARGIN);
        let (count, mut began) = (self.frames.len(), Duration::ZERO);
        let total = FRAME * u32::try_from(count - 1).unwrap_or(u32::MAX) + LAST;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
             aria-label=\"make demo in a terminal\">\n\
             <style>text {{ font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; \
             fill: #d4dae3; white-space: pre }} .red {{ fill: #ff8182 }} .green {{ fill: #6bd48a }}</style>\n\
             <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#12171f\"/>\n"
        );
        for (number, frame) in self.frames.iter().enumerate() {
            let is_last = number + 1 == count;
            let _ = writeln!(svg, "<g visibility=\"{}\">", if is_last { "visible" } else { "hidden" });
            if count > 1 {
                let ended = if is_last { total } else { began + FRAME };
                svg += &shown(began, ended, total);
                began = ended;
            }
            for (row, line) in frame.iter().enumerate() {
                svg += &drawn(line, row);
            }
            svg += "</g>\n";
        }
        svg + "</svg>\n"
    }
}

/// Visible between two moments of the animation, repeated.
fn shown(began: Duration, ended: Duration, total: Duration) -> String {
    let part = |moment: Duration| moment.as_secs_f64() / total.as_secs_f64();
    let (mut values, mut times) = (vec!["visible"], vec![part(began)]);
    if began > Duration::ZERO {
        values.insert(0, "hidden");
        times.insert(0, 0.0);
    }
    if ended < total {
        values.push("hidden");
        times.push(part(ended));
    }
    let times: Vec<String> = times.iter().map(|time| format!("{time:.4}")).collect();
    format!(
        "<animate attributeName=\"visibility\" calcMode=\"discrete\" values=\"{}\" keyTimes=\"{}\" dur=\"{:.1}s\" repeatCount=\"indefinite\"/>\n",
        values.join(";"),
        times.join(";"),
        total.as_secs_f64()
    )
}

/// One line of fixed width, independent of the font.
fn drawn(line: &str, row: usize) -> String {
    let columns = plain(line).chars().count();
    if columns == 0 {
        return String::new();
    }
    let mut spans = String::new();
    for (colour, text) in coloured(line) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = match colour {
            Some(colour) => write!(spans, "<tspan class=\"{colour}\">{text}</tspan>"),
            None => write!(spans, "{text}"),
        };
    }
    format!(
        "<text xml:space=\"preserve\" x=\"{MARGIN}\" y=\"{:.0}\" textLength=\"{:.1}\">{spans}</text>\n",
        MARGIN + HEIGHT * (row as f64 + 0.75),
        WIDTH * columns as f64
    )
}

/// Parts of a line with their colours, from the output of `Screen::paint`.
fn coloured(line: &str) -> Vec<(Option<&'static str>, &str)> {
    let mut parts = Vec::new();
    for (number, part) in line.split("\x1b[").enumerate() {
        let (code, text) = if number == 0 { ("0", part) } else { part.split_once('m').unwrap_or(("0", part)) };
        let colour = match code {
            "31" => Some("red"),
            "32" => Some("green"),
            _ => None,
        };
        if !text.is_empty() {
            parts.push((colour, text));
        }
    }
    parts
}

fn plain(line: &str) -> String {
    coloured(line).into_iter().map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests;
