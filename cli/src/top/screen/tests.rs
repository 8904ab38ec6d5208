use super::*;
use crate::top::store::Store;
use crate::top::store::tests::{connection, with};
use longwire_live::Connection;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;

const NOW: Duration = Duration::from_secs(4);

fn store(connections: &[Connection]) -> Store {
    let mut store = Store::default();
    connections.iter().for_each(|connection| store.listed(connection, Duration::ZERO));
    store.end_list();
    store
}

/// A pod that retransmits now, one that has failed connections, and others.
fn shop() -> Store {
    let failed = json!({"phase": "Failed", "reason": "refused", "durationMilliseconds": 3});
    let mut store = store(&[
        connection("a", ["shop/web-7c4f9d5b8-1", "shop/db-0"], [7, 0]),
        connection("b", ["shop/web-7c4f9d5b8-2", "shop/db-0"], [40, 1]),
        connection("c", ["shop/web-7c4f9d5b8-2", "bank/mail-0"], [0, 0]),
        with(connection("d", ["shop/cart-5b8-0", "bank/mail-0"], [0, 0]), &failed),
    ]);
    store.changed(&connection("a", ["shop/web-7c4f9d5b8-1", "shop/db-0"], [17, 0]), NOW);
    store
}

fn head() -> Head {
    Head {
        context: "prod".to_owned(),
        nodes: "9 of 10".to_owned(),
        age: Duration::from_millis(1_400),
        notice: None,
        has_colors: true,
    }
}

fn drawn(app: &mut App, store: &Store, head: &Head, [width, height]: [u16; 2]) -> TestBackend {
    app.refresh(store, NOW);
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app, head)).unwrap();
    terminal.backend().clone()
}

fn press(app: &mut App, store: &Store, keys: &[KeyCode]) {
    keys.iter().for_each(|key| app.key(KeyEvent::new(*key, KeyModifiers::NONE), store, NOW));
}

fn of_shop() -> App {
    let mut app = App::new(Kind::Pods, Some("shop".to_owned()));
    app.refresh(&shop(), NOW);
    app
}

#[test]
fn pods() {
    insta::assert_snapshot!(drawn(&mut of_shop(), &shop(), &head(), [100, 12]));
}

#[test]
fn pods_on_a_narrow_terminal() {
    insta::assert_snapshot!(drawn(&mut of_shop(), &shop(), &head(), [60, 10]));
}

#[test]
fn edges_on_a_wide_terminal() {
    let mut app = App::new(Kind::Edges, None);
    insta::assert_snapshot!(drawn(&mut app, &shop(), &head(), [160, 10]));
}

#[test]
fn connections_of_a_line() {
    let mut app = of_shop();
    press(&mut app, &shop(), &[KeyCode::Char('j'), KeyCode::Enter]);
    insta::assert_snapshot!(drawn(&mut app, &shop(), &head(), [120, 10]));
}

#[test]
fn connections_on_a_narrow_terminal() {
    let mut app = App::new(Kind::Connections, None);
    insta::assert_snapshot!(drawn(&mut app, &shop(), &head(), [60, 10]));
}

#[test]
fn services_and_namespaces() {
    let services = drawn(&mut App::new(Kind::Services, None), &shop(), &head(), [80, 7]);
    let namespaces = drawn(&mut App::new(Kind::Namespaces, None), &shop(), &head(), [80, 7]);
    insta::assert_snapshot!(format!("{services}\n{namespaces}"));
}

#[test]
fn nothing_to_see() {
    insta::assert_snapshot!(drawn(&mut App::new(Kind::Pods, None), &Store::default(), &head(), [80, 8]));
}

#[test]
fn long_names() {
    let long = "a-namespace-with-a-long-name/a-workload-of-a-team-that-likes-long-names-7c4f9d5b8";
    let (source, destination) = (format!("{long}-abcde"), format!("{long}-fghij"));
    let store = store(&[connection("a", [&source, &destination], [1, 0])]);
    let wide = drawn(&mut App::new(Kind::Edges, None), &store, &head(), [100, 6]);
    let narrow = drawn(&mut App::new(Kind::Pods, None), &store, &head(), [60, 6]);
    insta::assert_snapshot!(format!("{wide}\n{narrow}"));
}

#[test]
fn a_filter_that_is_typed_a_pause_and_a_notice() {
    let mut app = of_shop();
    press(&mut app, &shop(), &[KeyCode::Char('p'), KeyCode::Char('/'), KeyCode::Char('c'), KeyCode::Char('a')]);
    let notice = Some("No answer now, trying again: connection refused".to_owned());
    let screen = drawn(&mut app, &shop(), &Head { notice, ..head() }, [90, 8]);
    insta::assert_snapshot!(screen);
}

#[test]
fn help() {
    let mut app = of_shop();
    press(&mut app, &shop(), &[KeyCode::Char('?')]);
    insta::assert_snapshot!(drawn(&mut app, &shop(), &head(), [80, 22]));
}

#[test]
fn the_selected_line_and_bad_ones_are_marked() {
    let (mut app, store) = (of_shop(), shop());
    let marks = |app: &mut App, has_colors| {
        let screen = drawn(app, &store, &Head { has_colors, ..head() }, [100, 12]);
        let buffer = screen.buffer();
        let mark = |y: u16| {
            let cell = &buffer[(0, 3 + y)];
            (cell.fg == Color::Red, cell.modifier.contains(Modifier::REVERSED))
        };
        [0, 1, 2, 3].map(mark)
    };
    // The first retransmits now, the last one has failed.
    assert_eq!(marks(&mut app, true), [(true, true), (false, false), (false, false), (true, false)]);
    press(&mut app, &store, &[KeyCode::Char('j')]);
    assert_eq!(marks(&mut app, false), [(false, false), (false, true), (false, false), (false, false)]);
}

#[test]
fn the_smallest_terminal_shows_what_it_can() {
    for size in [[1, 1], [2, 3], [10, 4]] {
        let mut app = of_shop();
        press(&mut app, &shop(), &[KeyCode::Char('?')]);
        drawn(&mut app, &shop(), &head(), size);
        assert!(app.at < app.rows.len());
    }
}
