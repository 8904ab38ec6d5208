//! A store, an encoder that is notified by it, and a receiver that may not be there.

use super::parsed::{Line, parse, texts};
use crate::statsd::{Baseline, Encoder, Flavor, Histograms, Options, Packet};
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::metrics::{Budget, Consumer, SeriesHandles, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::Monotonic;
use std::sync::{Arc, Mutex};

pub(super) const SECOND: Monotonic = 1_000_000_000;
pub(super) const SENT: &str = "istio_tcp_sent_bytes_total";

pub(super) struct Stage {
    pub(super) store: SeriesStore,
    pub(super) encoder: Arc<Mutex<Encoder>>,
    pub(super) options: Options,
    pub(super) now: Monotonic,
}

pub(super) fn everything() -> Metrics {
    SeriesSet::ALL.into_iter().collect::<SeriesSets>().into()
}

pub(super) fn options(flavor: Flavor, histograms: Histograms) -> Options {
    Options { flavor, histograms, ..Options::default() }
}

/// What Istio's series say of bytes from server to client.
pub(super) fn bytes(received: u64) -> Delta {
    Delta { received, ..Delta::default() }
}

impl Stage {
    pub(super) fn new(options: Options) -> Self {
        Self::of(SeriesStore::new(Budget::undivided(100_000, 1_000)), options, |_| Baseline::ZERO)
    }

    pub(super) fn of(
        mut store: SeriesStore,
        options: Options,
        baseline: impl FnOnce(&SeriesStore) -> Baseline,
    ) -> Self {
        let encoder = Arc::new(Mutex::new(Encoder::new(options.clone(), baseline(&store))));
        let forgets = Arc::clone(&encoder);
        store.when_removed(move |id| forgets.lock().unwrap().forget(id));
        Self { store, encoder, options, now: 1_000 * SECOND }
    }

    pub(super) fn edge(&mut self, source: &str) -> SeriesHandles {
        hold_edge(&mut self.store, &edge(Reporter::Source, source, "server"), everything(), self.now)
    }

    pub(super) fn add(&mut self, to: &SeriesHandles, delta: &Delta) {
        self.store.record(to, Reporter::Source, delta, self.now);
        self.store.publish();
    }

    /// All packets of a flush, none of which is sent yet.
    pub(super) fn packets(&mut self) -> Vec<Packet> {
        self.now += SECOND;
        let (mut out, mut encoder) = (Vec::new(), self.encoder.lock().unwrap());
        let mut cursor = encoder.begin();
        while encoder.render(&self.store, &mut cursor, 1_000, &mut out) {}
        out
    }

    /// A flush to a receiver that gets the packets with these numbers.
    pub(super) fn flush_some(&mut self, mut is_sent: impl FnMut(usize) -> bool) -> Vec<Line> {
        let snapshot = self.store.open(Some(Consumer::Exporter("statsd".into())), self.now);
        let (mut lines, mut are_all_sent) = (Vec::new(), true);
        for (number, packet) in self.packets().into_iter().enumerate() {
            let mut encoder = self.encoder.lock().unwrap();
            if is_sent(number) {
                lines.extend(self.read(&packet));
                encoder.sent(packet);
            } else {
                are_all_sent = false;
                encoder.failed(&packet);
            }
        }
        if are_all_sent {
            self.store.completed(&snapshot);
            self.store.publish();
        }
        lines
    }

    pub(super) fn flush(&mut self) -> Vec<Line> {
        self.flush_some(|_| true)
    }

    pub(super) fn read(&self, packet: &Packet) -> Vec<Line> {
        let texts = texts(packet.bytes(), self.options.framing);
        assert!(texts.len() == 1 || packet.bytes().len() <= self.options.max_bytes, "{}", packet.bytes().len());
        texts.iter().map(|line| parse(line, self.options.flavor)).collect()
    }

    /// It is idle for so long that it goes, no matter who has seen it.
    pub(super) fn remove(&mut self, held: &SeriesHandles) {
        self.store.release(held, self.now);
        self.store.publish();
        self.now += 1_000 * SECOND;
        self.store.expire(self.now, &mut |_| false);
    }

    pub(super) fn known(&self) -> usize {
        self.encoder.lock().unwrap().memory.label_sets()
    }

    pub(super) fn lost(&self) -> u64 {
        self.encoder.lock().unwrap().lost()
    }
}

/// The values of a name, with their types.
pub(super) fn values<'a>(lines: &'a [Line], name: &str) -> Vec<&'a str> {
    lines.iter().filter(|line| line.name == name).map(|line| line.value.as_str()).collect()
}
