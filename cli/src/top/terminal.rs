//! The terminal: taken for the whole screen, and given back whatever happens.

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use std::io;
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;

/// Between two looks whether anybody waits for keys.
const LOOK: Duration = Duration::from_millis(100);
/// Keys that wait.
const WAITING: usize = 64;

/// Given back when it is dropped, and by a panic.
pub(super) struct Screen(pub(super) DefaultTerminal);

impl Screen {
    pub(super) fn take() -> io::Result<Self> {
        // It may have taken a part of it when it fails.
        ratatui::try_init().map(Self).inspect_err(|_| ratatui::restore())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
        ratatui::restore();
    }
}

#[derive(Debug)]
pub(super) enum Input {
    Key(KeyEvent),
    /// The screen has another size.
    Resized,
    /// There is no terminal any more.
    Gone,
}

/// Reads until nobody receives.
pub(super) fn inputs() -> io::Result<mpsc::Receiver<Input>> {
    let (out, keys) = mpsc::channel(WAITING);
    thread::Builder::new().name("keys".to_owned()).spawn(move || read(&out))?;
    Ok(keys)
}

fn read(out: &mpsc::Sender<Input>) {
    while !out.is_closed() {
        let input = match event::poll(LOOK).and_then(|has_one| has_one.then(event::read).transpose()) {
            Ok(Some(Event::Key(key))) if key.kind != KeyEventKind::Release => Input::Key(key),
            Ok(Some(Event::Resize(..))) => Input::Resized,
            Ok(_) => continue,
            Err(_) => Input::Gone,
        };
        let is_gone = matches!(input, Input::Gone);
        if out.blocking_send(input).is_err() || is_gone {
            return;
        }
    }
}
