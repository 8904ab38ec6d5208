use super::*;
use crate::top::store::tests::connection;

const NOW: Duration = Duration::from_secs(1);

fn store() -> Store {
    let mut store = Store::default();
    for (name, pod, again) in [("a", "shop/web-1", 30), ("b", "shop/web-2", 20), ("c", "bank/web-3", 10)] {
        store.listed(&connection(name, [pod, "shop/db-0"], [again, 0]), Duration::ZERO);
    }
    store.end_list();
    store
}

fn app() -> App {
    let mut app = App::new(Kind::Pods, None);
    app.height = 2;
    app.refresh(&store(), NOW);
    app
}

fn press(app: &mut App, keys: &[KeyCode]) {
    for key in keys {
        app.key(KeyEvent::new(*key, KeyModifiers::NONE), &store(), NOW);
    }
}

fn letters(app: &mut App, text: &str) {
    press(app, &text.chars().map(KeyCode::Char).collect::<Vec<_>>());
}

fn names(app: &App) -> Vec<&str> {
    app.rows.iter().map(|row| row.names[0].as_str()).collect()
}

#[test]
fn the_selection_moves_and_stays_on_the_screen() {
    let mut app = app();
    assert_eq!(names(&app), ["shop/web-1", "shop/web-2", "bank/web-3", "shop/db-0"]);
    let mut place = |text| {
        letters(&mut app, text);
        (app.at, app.top)
    };
    assert_eq!(place("k"), (0, 0));
    assert_eq!(place("jj"), (2, 1));
    assert_eq!(place("jjjj"), (3, 2));
    assert_eq!(place("k"), (2, 2));
    assert_eq!(place("g"), (0, 0));
    assert_eq!(place("G"), (3, 2));
    press(&mut app, &[KeyCode::Up, KeyCode::PageUp, KeyCode::Home, KeyCode::PageDown, KeyCode::Down]);
    assert_eq!(app.at, 2);
}

#[test]
fn the_selection_follows_its_line() {
    let mut app = app();
    letters(&mut app, "jj");
    // By name.
    letters(&mut app, "s");
    while app.sort != Column::Name(0) {
        letters(&mut app, "s");
    }
    assert_eq!((names(&app)[0], app.at), ("bank/web-3", 0));
    // The first line is the first, whichever that is.
    letters(&mut app, "gr");
    assert_eq!((names(&app)[0], app.at), ("shop/web-2", 0));
}

#[test]
fn a_line_is_opened_and_left_again() {
    let mut app = app();
    letters(&mut app, "j");
    press(&mut app, &[KeyCode::Enter]);
    assert_eq!((app.kind, names(&app)), (Kind::Connections, vec!["shop/web-2:40000"]));
    // A connection has no connections.
    press(&mut app, &[KeyCode::Enter]);
    assert_eq!(app.kind, Kind::Connections);
    press(&mut app, &[KeyCode::Esc]);
    assert_eq!((app.kind, app.at, app.rows.len()), (Kind::Pods, 1, 4));
}

#[test]
fn a_filter_is_typed_and_taken_back() {
    let mut app = app();
    letters(&mut app, "/WEB-q");
    assert!(app.is_typing && !app.has_quit);
    press(&mut app, &[KeyCode::Backspace, KeyCode::Enter]);
    assert_eq!((app.filter.as_str(), app.is_typing, app.rows.len()), ("WEB-", false, 3));
    press(&mut app, &[KeyCode::Esc]);
    assert_eq!(app.rows.len(), 4);
    letters(&mut app, "/web-3");
    press(&mut app, &[KeyCode::Esc]);
    assert_eq!((app.rows.len(), app.is_typing), (4, false));
}

#[test]
fn kinds_come_in_turn_and_keep_the_order_if_they_have_it() {
    let mut app = app();
    letters(&mut app, "ssss");
    assert_eq!(app.sort, Column::Open);
    let mut kinds = Vec::new();
    for _ in 0..5 {
        press(&mut app, &[KeyCode::Tab]);
        kinds.push((app.kind.name(), app.sort));
    }
    assert_eq!(kinds[0], ("connections", Column::RetransmitRate));
    assert_eq!(
        kinds.iter().map(|kind| kind.0).collect::<Vec<_>>(),
        ["connections", "edges", "services", "namespaces", "pods"]
    );
    press(&mut app, &[KeyCode::BackTab]);
    assert_eq!(app.kind, Kind::Namespaces);
}

#[test]
fn a_pause_stands_still_until_it_is_over() {
    let mut app = app();
    letters(&mut app, "p");
    let later = Store::default();
    app.refresh(&later, NOW);
    assert_eq!((app.is_paused, app.rows.len()), (true, 4));
    letters(&mut app, "p");
    app.refresh(&later, NOW);
    assert_eq!(app.rows.len(), 0);
    // Nothing is selected of nothing.
    app.key(KeyEvent::new(KeyCode::Down, KeyModifiers::NONE), &later, NOW);
    app.key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE), &later, NOW);
    assert_eq!((app.at, app.kind), (0, Kind::Pods));
}

#[test]
fn help_is_shown_until_the_next_key() {
    let mut app = app();
    letters(&mut app, "?");
    assert!(app.is_helping);
    letters(&mut app, "s");
    assert_eq!((app.is_helping, app.sort), (false, Column::RetransmitRate));
}

#[test]
fn it_can_be_left_from_everywhere() {
    for before in ["", "?", "/q"] {
        let mut app = app();
        letters(&mut app, before);
        app.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL), &store(), NOW);
        assert!(app.has_quit, "{before}");
    }
    let mut app = app();
    letters(&mut app, "q");
    assert!(app.has_quit);
    let mut helping = App::new(Kind::Pods, None);
    letters(&mut helping, "?q");
    assert!(helping.has_quit);
}
