//! Lines as a table of a width. Pure.

use super::column::Column;
use super::kind::Kind;
use super::rows::Row;

#[cfg(test)]
mod tests;

const GAP: usize = 2;
/// Names are cut to no less, in letters, before a column is left out.
const SHORTEST_NAME: usize = 18;
/// Of a number's column, so that it does not jump when numbers change.
const NUMBER: usize = 7;

#[derive(Debug)]
pub(super) struct Table {
    kind: Kind,
    /// And their widths, in letters.
    columns: Vec<(Column, usize)>,
}

impl Table {
    /// `width`: of the terminal; none: as wide as it needs.
    pub(super) fn new(kind: Kind, rows: &[Row], width: Option<usize>) -> Self {
        let needs = |column: Column| {
            let cells = rows.iter().map(|row| column.cell(row).chars().count());
            let least = if column.is_number() { NUMBER } else { 0 };
            let title = column.title(kind).chars().count() + SORTED.chars().count();
            cells.max().unwrap_or_default().max(title).max(least)
        };
        let mut columns: Vec<_> = Column::of(kind).into_iter().map(|column| (column, needs(column))).collect();
        if let Some(width) = width {
            fit(&mut columns, width);
        }
        Self { kind, columns }
    }

    /// `sorted`: the column to mark.
    pub(super) fn titles(&self, sorted: Option<(Column, bool)>) -> String {
        self.line(|column| {
            let title = column.title(self.kind);
            match sorted {
                Some((by, is_reversed)) if by == column => {
                    format!("{title}{}", if is_reversed == column.is_number() { ASCENDING } else { SORTED })
                }
                _ => title.to_owned(),
            }
        })
    }

    pub(super) fn row(&self, row: &Row) -> String {
        self.line(|column| column.cell(row))
    }

    fn line(&self, cell: impl Fn(Column) -> String) -> String {
        let mut line = String::new();
        for (at, (column, width)) in self.columns.iter().enumerate() {
            let cell = cut(&cell(*column), *width);
            let gap = if at == 0 { 0 } else { GAP };
            line.extend(std::iter::repeat_n(' ', gap));
            line += &if column.is_number() { format!("{cell:>width$}") } else { format!("{cell:width$}") };
        }
        line.trim_end().to_owned()
    }
}

/// Behind the title of the column that lines are sorted by.
const SORTED: &str = "▼";
const ASCENDING: &str = "▲";

/// Leaves columns out, and then makes names shorter.
fn fit(columns: &mut Vec<(Column, usize)>, width: usize) {
    let least = |(column, width): &(Column, usize)| {
        if matches!(column, Column::Name(_)) { (*width).min(SHORTEST_NAME) } else { *width }
    };
    let gaps = |columns: &[(Column, usize)]| GAP * columns.len().saturating_sub(1);
    while columns.iter().map(least).sum::<usize>() + gaps(columns) > width {
        let ranks = columns.iter().enumerate().filter_map(|(at, (column, _))| Some((column.rank()?, at)));
        let Some((_, at)) = ranks.min() else { break };
        columns.remove(at);
    }
    let others: usize =
        columns.iter().filter(|(column, _)| !matches!(column, Column::Name(_))).map(|(_, width)| width).sum();
    let mut room = width.saturating_sub(others + gaps(columns));
    let mut names: Vec<_> = columns.iter_mut().filter(|(column, _)| matches!(column, Column::Name(_))).collect();
    // Short ones first: what they do not need is for the others.
    names.sort_by_key(|(_, width)| *width);
    let count = names.len();
    for (at, (_, width)) in names.into_iter().enumerate() {
        *width = (*width).min(room / (count - at)).max(1);
        room = room.saturating_sub(*width);
    }
}

/// Without its middle if it is too long: names differ at both ends.
fn cut(text: &str, width: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let (begin, end) = (kept - kept / 2, kept / 2);
    letters[..begin].iter().chain(&['…']).chain(&letters[letters.len() - end..]).collect()
}
