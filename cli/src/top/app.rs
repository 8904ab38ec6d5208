//! What a person has chosen to see, and what keys change of it. Pure.

use super::column::Column;
use super::kind::Kind;
use super::rows::{Row, Shown, rows};
use super::store::Store;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Letters of a filter.
const LONGEST: usize = 256;

#[derive(Debug)]
pub(super) struct App {
    pub(super) kind: Kind,
    /// The only namespace that is read.
    pub(super) namespace: Option<String>,
    /// The line whose connections are shown, with how it was shown.
    pub(super) within: Option<(Kind, Vec<String>)>,
    pub(super) sort: Column,
    pub(super) is_reversed: bool,
    pub(super) filter: String,
    pub(super) is_typing: bool,
    pub(super) is_paused: bool,
    pub(super) is_helping: bool,
    pub(super) has_quit: bool,
    pub(super) rows: Vec<Row>,
    /// Names of the line that moves with the table; none: the first one, whichever that is.
    selected: Option<Vec<String>>,
    /// Where that is.
    pub(super) at: usize,
    /// The first line on the screen.
    pub(super) top: usize,
    /// Lines on the screen.
    pub(super) height: usize,
}

impl App {
    pub(super) fn new(kind: Kind, namespace: Option<String>) -> Self {
        Self {
            kind,
            namespace,
            within: None,
            sort: Column::RetransmitRate,
            is_reversed: false,
            filter: String::new(),
            is_typing: false,
            is_paused: false,
            is_helping: false,
            has_quit: false,
            rows: Vec::new(),
            selected: None,
            at: 0,
            top: 0,
            height: 1,
        }
    }

    /// Of what is known now, unless it is paused.
    pub(super) fn refresh(&mut self, store: &Store, now: Duration) {
        if !self.is_paused {
            self.read(store, now);
        }
    }

    /// What was chosen has changed: also while it is paused.
    fn read(&mut self, store: &Store, now: Duration) {
        let shown = Shown {
            kind: self.kind,
            namespace: self.namespace.as_deref(),
            within: self.within.as_ref(),
            filter: &self.filter,
            sort: self.sort,
            is_reversed: self.is_reversed,
        };
        self.rows = rows(store, &shown, now);
        self.at = match &self.selected {
            None => 0,
            // One that has gone leaves its place to another.
            Some(names) => self.rows.iter().position(|row| row.names == *names).unwrap_or(self.at),
        };
        self.scroll();
    }

    pub(super) fn key(&mut self, key: KeyEvent, store: &Store, now: Duration) {
        if key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('c' | 'd')) {
            self.has_quit = true;
        } else if self.is_typing {
            self.type_filter(key.code);
            self.read(store, now);
        } else if self.is_helping {
            (self.is_helping, self.has_quit) = (false, key.code == KeyCode::Char('q'));
        } else if self.moved(key.code) {
            self.scroll();
        } else if self.chosen(key.code) {
            self.read(store, now);
        }
    }

    /// Whether the key moves the selection.
    fn moved(&mut self, key: KeyCode) -> bool {
        let last = self.rows.len().saturating_sub(1);
        let page = self.height.saturating_sub(1).max(1);
        self.at = match key {
            KeyCode::Up | KeyCode::Char('k') => self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.at.saturating_add(1),
            KeyCode::PageUp => self.at.saturating_sub(page),
            KeyCode::PageDown => self.at.saturating_add(page),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => return false,
        }
        .min(last);
        self.selected = self.rows.get(self.at).filter(|_| self.at > 0).map(|row| row.names.clone());
        true
    }

    /// Whether the key changes what is shown.
    fn chosen(&mut self, key: KeyCode) -> bool {
        match key {
            KeyCode::Char('q') => self.has_quit = true,
            KeyCode::Char('?' | 'h') => self.is_helping = true,
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Char('s') => self.sort_by_next(),
            KeyCode::Char('r') => self.is_reversed = !self.is_reversed,
            KeyCode::Char('p' | ' ') => self.is_paused = !self.is_paused,
            KeyCode::Tab => self.show(self.kind.next(1), None),
            KeyCode::BackTab => self.show(self.kind.next(Kind::ALL.len() - 1), None),
            KeyCode::Enter => self.enter(),
            KeyCode::Esc | KeyCode::Backspace => self.back(),
            _ => return false,
        }
        true
    }

    fn type_filter(&mut self, key: KeyCode) {
        match key {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => (self.is_typing, self.filter) = (false, String::new()),
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(letter) if !letter.is_control() && self.filter.chars().count() < LONGEST => {
                self.filter.push(letter);
            }
            _ => {}
        }
    }

    fn sort_by_next(&mut self) {
        let columns = Column::of(self.kind);
        let at = columns.iter().position(|column| *column == self.sort).map_or(0, |at| at + 1);
        (self.sort, self.is_reversed) = (columns[at % columns.len()], false);
    }

    fn enter(&mut self) {
        if self.kind != Kind::Connections
            && let Some(row) = self.rows.get(self.at)
        {
            let line = (self.kind, row.names.clone());
            self.show(Kind::Connections, Some(line));
        }
    }

    /// To the line whose connections are shown; else without a filter.
    fn back(&mut self) {
        if let Some((kind, names)) = self.within.take() {
            self.show(kind, None);
            self.selected = Some(names);
        } else {
            self.filter.clear();
        }
    }

    fn show(&mut self, kind: Kind, within: Option<(Kind, Vec<String>)>) {
        (self.kind, self.within, self.selected, self.at, self.top) = (kind, within, None, 0, 0);
        // A line's name is of no use among its connections.
        self.filter.clear();
        if !Column::of(kind).contains(&self.sort) {
            (self.sort, self.is_reversed) = (Column::RetransmitRate, false);
        }
    }

    /// The selection is on the screen.
    pub(super) fn scroll(&mut self) {
        self.at = self.at.min(self.rows.len().saturating_sub(1));
        let lowest = (self.at + 1).saturating_sub(self.height.max(1));
        self.top = self.top.clamp(lowest, self.at);
    }
}
