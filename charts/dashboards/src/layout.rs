//! Positions of panels: from left to right in a grid of 24 columns, row below row.

use super::{Dashboard, Panel, Shape};

const WIDTH: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

pub(super) enum Item<'a> {
    Heading(&'static str, Place),
    Panel(&'a Panel, Place),
}

pub(super) fn lay_out(dashboard: &Dashboard) -> Vec<Item<'_>> {
    let (mut items, mut y) = (Vec::new(), 0);
    for row in &dashboard.rows {
        items.push(Item::Heading(row.title, Place { x: 0, y, width: WIDTH, height: 1 }));
        y += 1;
        let (mut x, mut tallest) = (0, 0);
        for panel in &row.panels {
            let (width, height) = size(panel, row.panels.len());
            if x + width > WIDTH {
                (x, y, tallest) = (0, y + tallest, 0);
            }
            items.push(Item::Panel(panel, Place { x, y, width, height }));
            (x, tallest) = (x + width, tallest.max(height));
        }
        y += tallest;
    }
    items
}

fn size(panel: &Panel, in_row: usize) -> (usize, usize) {
    match panel.shape {
        Shape::Figure => (WIDTH / in_row.clamp(1, 6), 4),
        Shape::Lines => (WIDTH / 2, 9),
        Shape::Table(_) => (WIDTH, 12),
    }
}
