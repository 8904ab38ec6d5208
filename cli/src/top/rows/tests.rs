use super::*;
use crate::top::store::tests::{connection, with};
use serde_json::json;

fn shown(kind: Kind) -> Shown<'static> {
    Shown { kind, namespace: None, within: None, filter: "", sort: Column::RetransmitRate, is_reversed: false }
}

/// Of two web pods that talk with a database each, and with another namespace's mail; one of them failed.
fn store() -> Store {
    let mut store = Store::default();
    let at = Duration::ZERO;
    store.listed(&connection("a", ["shop/web-1", "shop/db-0"], [10, 2]), at);
    store.listed(&connection("b", ["shop/web-2", "shop/db-0"], [0, 1]), at);
    store.listed(&connection("c", ["shop/web-2", "bank/mail-0"], [3, 0]), at);
    let failed = json!({"phase": "Failed", "bytesPerSecond": {"fromSource": 0, "fromDestination": 0}, "source": {}});
    store.listed(&with(connection("d", ["shop/web-1", "bank/mail-0"], [0, 0]), &failed), at);
    store.end_list();
    store
}

fn found(shown: &Shown<'_>) -> Vec<String> {
    let cells = |row: &Row| {
        let Sum { open, failed, sent, received, retransmits, .. } = row.sum;
        format!("{} {open} {failed} {sent} {received} {retransmits}", row.names.join(">"))
    };
    rows(&store(), shown, Duration::from_secs(1)).iter().map(cells).collect()
}

#[test]
fn connections_are_added_up_by_what_a_line_is() {
    assert_eq!(
        found(&shown(Kind::Pods)),
        [
            "shop/web-1 1 1 1000 20 10",
            "shop/db-0 2 0 40 2000 3",
            "shop/web-2 2 0 2000 40 3",
            "bank/mail-0 1 1 20 1000 0"
        ]
    );
    assert_eq!(found(&shown(Kind::Edges)), ["shop/web>shop/db 2 0 2000 40 13", "shop/web>bank/mail 1 1 1000 20 3"]);
    assert_eq!(found(&shown(Kind::Services)), ["shop/db 2 0 40 2000 13", "bank/mail 1 1 20 1000 3"]);
    // What stays within a namespace is sent and received there.
    assert_eq!(found(&shown(Kind::Namespaces)), ["shop 3 1 3040 2060 16", "bank 1 1 20 1000 0"]);
    assert_eq!(found(&shown(Kind::Connections)).len(), 4);
    assert_eq!(found(&shown(Kind::Connections))[0], "shop/web-1:40000>shop/db-0:80>shop/db 1 0 1000 20 12");
}

#[test]
fn pods_of_other_namespaces_of_which_only_a_part_is_known_are_left_out() {
    let only = Shown { namespace: Some("bank"), ..shown(Kind::Pods) };
    assert_eq!(found(&only), ["bank/mail-0 1 1 20 1000 0"]);
}

#[test]
fn lines_are_filtered_by_their_names_and_by_a_line_of_another_kind() {
    let filtered = Shown { filter: "MAIL", ..shown(Kind::Edges) };
    assert_eq!(found(&filtered), ["shop/web>bank/mail 1 1 1000 20 3"]);
    let line = (Kind::Pods, vec!["shop/web-2".to_owned()]);
    let within = Shown { within: Some(&line), ..shown(Kind::Connections) };
    assert_eq!(found(&within).len(), 2);
    let line = (Kind::Edges, vec!["shop/web".to_owned(), "bank/mail".to_owned()]);
    assert_eq!(found(&Shown { within: Some(&line), ..shown(Kind::Connections) }).len(), 2);
}

#[test]
fn the_pod_that_retransmits_now_is_the_first() {
    let mut store = store();
    // Less than others had before, but now.
    store.changed(&connection("b", ["shop/web-2", "shop/db-0"], [0, 5]), Duration::from_secs(2));
    let rows = rows(&store, &shown(Kind::Pods), Duration::from_secs(2));
    assert_eq!((rows[0].names[0].as_str(), rows[0].sum.retransmit_rate), ("shop/db-0", 2.0));
}

#[test]
fn lines_are_sorted_by_any_column_both_ways() {
    let first = |sort, is_reversed| {
        let row = found(&Shown { sort, is_reversed, ..shown(Kind::Pods) }).swap_remove(0);
        row.split_once(' ').unwrap().0.to_owned()
    };
    assert_eq!([first(Column::Name(0), false), first(Column::Name(0), true)], ["bank/mail-0", "shop/web-2"]);
    assert_eq!([first(Column::Received, false), first(Column::Received, true)], ["shop/db-0", "shop/web-1"]);
    assert_eq!(first(Column::Sent, false), "shop/web-2");
    assert_eq!(first(Column::Retransmits, false), "shop/web-1");
    assert_eq!(first(Column::Failed, false), "shop/web-1");
}

#[test]
fn a_round_trip_time_is_the_mean_of_those_that_are_open() {
    let rtt =
        |kind| rows(&store(), &shown(kind), Duration::ZERO).into_iter().map(|row| row.sum.rtt()).collect::<Vec<_>>();
    assert_eq!(rtt(Kind::Edges), [Some(200), Some(200)]);
    // The destinations' kernels have said none.
    assert_eq!(rtt(Kind::Pods), [Some(200), None, Some(200), None]);
}
