//! What the encoder keeps of each label set, and for how long.

use crate::exposition::{Cursor, Encoder, Format};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::metrics::{Budget, SeriesHandles, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use std::sync::{Arc, Mutex};

const MINUTE: u64 = 60_000_000_000;

struct Stage {
    store: SeriesStore,
    encoder: Arc<Mutex<Encoder>>,
}

impl Stage {
    /// `is_notified`: the encoder is notified of removed label sets.
    fn new(is_notified: bool) -> Self {
        let mut store = SeriesStore::new(Budget::undivided(10_000, 100));
        let encoder = Arc::<Mutex<Encoder>>::default();
        if is_notified {
            let forgets = Arc::clone(&encoder);
            store.when_removed(move |id| forgets.lock().unwrap().forget(id));
        }
        Self { store, encoder }
    }

    fn connect(&mut self, source: &str) -> SeriesHandles {
        let edge = edge(Reporter::Source, source, "server");
        let held = hold_edge(&mut self.store, &edge, Metrics::of(SeriesSet::Istio), 0);
        self.store.record(&held, Reporter::Source, &Delta { opened: 1, ..Delta::default() }, 0);
        self.store.publish();
        held
    }

    fn remove(&mut self, held: &SeriesHandles) {
        self.store.release(held, 0);
        self.store.expire(20 * MINUTE, &mut |_| false);
    }

    fn page(&mut self) -> String {
        let (mut cursor, mut out) = (Cursor::new(Format::Text), Vec::new());
        while self.encoder.lock().unwrap().render(&self.store, &mut cursor, 1_000, &mut out) {}
        String::from_utf8(out).unwrap()
    }

    fn kept(&self) -> usize {
        self.encoder.lock().unwrap().texts.count()
    }
}

#[test]
fn a_text_is_kept_from_the_first_scrape_of_a_label_set_until_it_is_removed() {
    let mut stage = Stage::new(true);
    let held: Vec<_> = ["one", "two"].iter().map(|source| stage.connect(source)).collect();
    assert_eq!(stage.kept(), 0);
    let page = stage.page();
    assert_eq!((stage.kept(), stage.page()), (2, page));
    stage.remove(&held[0]);
    assert_eq!(stage.kept(), 1);
    stage.remove(&held[1]);
    assert_eq!((stage.kept(), stage.page()), (0, String::new()));
}

#[test]
fn a_label_set_never_has_the_text_of_an_earlier_one_in_its_slot() {
    let mut stage = Stage::new(false);
    let held = stage.connect("one");
    assert!(stage.page().contains("source_workload=\"one\""));
    stage.remove(&held);
    stage.connect("two");
    let page = stage.page();
    assert!(page.contains("source_workload=\"two\"") && !page.contains("source_workload=\"one\""), "{page}");
    assert_eq!(stage.kept(), 1);
}
