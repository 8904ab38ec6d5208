//! What streams say, in whatever order they come and go.

use super::{Answer, Hub, MAX_OF_STREAM, Now};
use crate::live::demand::Scope;
use crate::live::fake::{described, moved, pod};
use crate::live::merge::Phase;
use crate::live::streams::{FromStream, StreamNews};
use crate::live::trust::Refused;
use longwire_model::connection::{FailReason, Reporter};
use longwire_model::live::{Described, Ended, Ending, LiveBatch, LiveName, Moved, Whose};
use std::time::{Duration, Instant};

use Reporter::{Destination, Source};

const ENDS: (&str, &str) = ("web", "cart");
/// Of the operator.
const CLOCK: u64 = 1_000;

fn say(hub: &mut Hub, stream: u64, news: StreamNews, now: Instant) {
    // Streams 1 and 3 are of one node.
    let node = if stream % 2 == 1 { "n1" } else { "n2" };
    hub.take(FromStream { stream, node: node.into(), news }, pod, Now { instant: now, clock: CLOCK });
}

fn open(hub: &mut Hub, stream: u64, now: Instant) {
    say(hub, stream, StreamNews::Opened { release: "1.2.3".to_owned() }, now);
}

fn batch(generation: u64, described: Vec<(u32, Described)>, moved: Vec<(u32, Moved)>) -> LiveBatch {
    LiveBatch { generation, described, moved, complete: true, ..LiveBatch::default() }
}

/// Bytes and phase of each row.
fn rows(hub: &Hub) -> Vec<(u64, Phase)> {
    let views = hub.views();
    let rows = views.list(&Scope::All, views.revision(), None, usize::MAX);
    rows.into_iter().map(|(_, state)| (state.merged.bytes.from_source, state.merged.phase)).collect()
}

fn started() -> (Hub, Instant) {
    let (mut hub, now) = (Hub::new(0), Instant::now());
    open(&mut hub, 1, now);
    open(&mut hub, 2, now);
    (hub, now)
}

#[test]
fn both_ends_are_one_row() {
    let (mut hub, now) = started();
    let said = batch(1, vec![(1, described(1, ENDS, Source))], vec![(1, moved(1, 5, 0))]);
    say(&mut hub, 1, StreamNews::Batch(said), now);
    let said = batch(1, vec![(9, described(1, ENDS, Destination))], vec![(9, moved(1, 8, 0))]);
    say(&mut hub, 2, StreamNews::Batch(said), now);
    hub.turn(now + Duration::from_secs(1));
    assert_eq!((rows(&hub), hub.rows()), (vec![(8, Phase::Open)], 1));
}

#[test]
fn a_probe_that_connects_again_goes_on_with_its_rows() {
    let (mut hub, now) = started();
    let said = || batch(1, vec![(1, described(1, ENDS, Source))], vec![(1, moved(1, 5, 0))]);
    say(&mut hub, 1, StreamNews::Batch(said()), now);
    // The new stream is here before the end of the old one is known.
    open(&mut hub, 3, now);
    say(&mut hub, 3, StreamNews::Batch(said()), now);
    assert_eq!(hub.refused().get(&Refused::Held), Some(&1));
    say(&mut hub, 1, StreamNews::Ended, now);
    say(&mut hub, 3, StreamNews::Batch(batch(2, vec![(1, described(1, ENDS, Source))], vec![])), now);
    hub.turn(now + Duration::from_mins(1));
    assert_eq!(rows(&hub), [(5, Phase::Open)]);
}

#[test]
fn what_a_new_generation_does_not_describe_goes() {
    let (mut hub, now) = started();
    let two = vec![(1, described(1, ENDS, Source)), (2, described(2, ENDS, Source))];
    say(&mut hub, 1, StreamNews::Batch(batch(1, two, vec![])), now);
    // Number 1 is another one now.
    say(
        &mut hub,
        1,
        StreamNews::Batch(batch(2, vec![(1, described(2, ENDS, Source))], vec![(1, moved(1, 6, 0))])),
        now,
    );
    hub.turn(now + Duration::from_secs(1));
    assert_eq!(rows(&hub), [(0, Phase::Open), (6, Phase::Open)]);
    hub.turn(now + Duration::from_secs(20));
    assert_eq!(rows(&hub), [(6, Phase::Open)]);
}

#[test]
fn ends_come_by_number_or_with_their_description_and_once() {
    let (mut hub, now) = started();
    say(&mut hub, 1, StreamNews::Batch(batch(1, vec![(1, described(1, ENDS, Source))], vec![])), now);
    let closed = Ended { at: Some(3), how: Ending::Closed { by: None, reason: None }, handshake: None };
    let failed = Ended { how: Ending::Failed(FailReason::Refused), ..closed };
    let short = Whose::Described(Box::new(described(2, ENDS, Source)));
    let ended = vec![
        (Whose::Number(1), moved(3, 7, 0), closed),
        (short, moved(3, 1, 0), failed),
        (Whose::Number(5), moved(3, 1, 0), closed),
    ];
    let said = LiveBatch { ended, ..batch(1, vec![], vec![]) };
    say(&mut hub, 1, StreamNews::Batch(said.clone()), now);
    let expected = [(7, Phase::Closed), (1, Phase::Failed)];
    assert_eq!(rows(&hub), expected);
    // A history repeats it.
    let revision = hub.views().revision();
    say(&mut hub, 1, StreamNews::Batch(said), now);
    hub.turn(now + Duration::from_secs(30));
    assert_eq!((&rows(&hub)[..], hub.views().revision()), (&expected[..], revision));
}

#[test]
fn what_is_gone_goes_and_what_was_left_out_is_counted() {
    let (mut hub, now) = started();
    say(&mut hub, 1, StreamNews::Batch(batch(1, vec![(1, described(1, ENDS, Source))], vec![])), now);
    let said = LiveBatch { gone: vec![0, 1, 2], missed: 4, ..batch(1, vec![], vec![]) };
    say(&mut hub, 1, StreamNews::Batch(said), now);
    assert_eq!((rows(&hub), hub.missed()), (vec![], 4));
    let refused = hub.refused().clone();
    hub.begin(9);
    assert_eq!((hub.rows(), hub.views().revision(), hub.missed(), hub.refused()), (0, 9, 4, &refused));
}

#[test]
fn a_hostile_probe_reaches_nothing_of_others() {
    let (mut hub, now) = started();
    say(
        &mut hub,
        1,
        StreamNews::Batch(batch(1, vec![(1, described(1, ENDS, Source))], vec![(1, moved(1, 5, 0))])),
        now,
    );
    let forged = vec![
        // Another node's end, a number twice, an end that the other node holds.
        (1, described(1, ENDS, Source)),
        (2, described(2, ("vault", "cart"), Destination)),
        (2, described(3, ("vault", "cart"), Destination)),
        (3, described(1, ("vault", "cart"), Source)),
    ];
    let gone = LiveBatch { gone: vec![1, 3], ..batch(1, forged, vec![(1, moved(1, 999, 0)), (3, moved(1, 999, 0))]) };
    say(&mut hub, 2, StreamNews::Batch(gone), now);
    say(&mut hub, 2, StreamNews::Ended, now);
    // One that never opened.
    say(&mut hub, 4, StreamNews::Batch(batch(1, vec![(1, described(9, ("vault", "cart"), Source))], vec![])), now);
    hub.turn(now + Duration::from_secs(1));
    assert_eq!(rows(&hub), [(0, Phase::Open), (5, Phase::Open)]);
    let refused: Vec<_> = hub.refused().iter().map(|(reason, count)| (*reason, *count)).collect();
    assert_eq!(refused, [(Refused::ForeignPod, 1), (Refused::Held, 1), (Refused::Number, 1)]);
}

#[test]
fn a_stream_has_no_more_than_16384_connections() {
    let (mut hub, now) = started();
    let local = |id: u32| Described { name: LiveName::Local(id.into()), ..described(1, ENDS, Source) };
    let many = (1..=u32::try_from(MAX_OF_STREAM).unwrap() + 2).map(|id| (id, local(id))).collect();
    say(&mut hub, 1, StreamNews::Batch(batch(1, many, vec![])), now);
    assert_eq!((hub.rows(), hub.refused().get(&Refused::NodeFull)), (MAX_OF_STREAM, Some(&2)));
}

#[test]
fn who_has_answered_is_known_by_generation() {
    let (mut hub, now) = started();
    say(&mut hub, 1, StreamNews::Batch(batch(3, vec![], vec![])), now);
    say(&mut hub, 2, StreamNews::Batch(LiveBatch { complete: false, ..batch(3, vec![], vec![]) }), now);
    let answers = |hub: &Hub, generation| {
        let mut answers = hub.answers(generation);
        answers.sort_by(|one, two| one.node.cmp(&two.node));
        answers
            .into_iter()
            .map(|Answer { node, release, complete }| (node.to_string(), release, complete))
            .collect::<Vec<_>>()
    };
    let of = |node: &str, complete| (node.to_owned(), "1.2.3".to_owned(), complete);
    assert_eq!(answers(&hub, 3), [of("n1", true), of("n2", false)]);
    // What is asked for later includes it.
    assert_eq!(answers(&hub, 2), [of("n1", true), of("n2", false)]);
    assert_eq!(answers(&hub, 4), [of("n1", false), of("n2", false)]);
    say(&mut hub, 1, StreamNews::Ended, now);
    assert_eq!(answers(&hub, 3), [of("n2", false)]);
}

#[test]
fn nothing_happened_after_now() {
    let (mut hub, now) = started();
    let future = Described { start: u64::MAX, ..described(1, ENDS, Source) };
    let ended = Ended { at: Some(u64::MAX), how: Ending::Closed { by: None, reason: None }, handshake: None };
    let said = LiveBatch {
        ended: vec![(Whose::Number(1), moved(u64::MAX, 7, 0), ended)],
        ..batch(1, vec![(1, future)], vec![])
    };
    say(&mut hub, 1, StreamNews::Batch(said), now);
    let views = hub.views();
    let [(_, state)] = &views.list(&Scope::All, views.revision(), None, 9)[..] else { panic!("no row") };
    let merged = state.merged;
    assert_eq!((state.facts.start, merged.end, merged.observed), (CLOCK, Some(CLOCK), CLOCK));
}
