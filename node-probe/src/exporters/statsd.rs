//! Metrics as packets of statsd: one flush after the other.

use super::trouble::Trouble;
use super::{Context, LAST_EXPORT};
use crate::kernel::monotonic;
use crate::removed::Forget;
use longwire_export::statsd::{Baseline, Encoder, Framing, Options, Packet};
use longwire_model::exporter::{Flush, Statsd};
use longwire_pipeline::metrics::Consumer;
use longwire_send::statsd::{Transport, TransportError};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Bytes that are encoded while the pipeline's lock is held.
const SLICE: usize = 64 << 10;
/// From the begin of a flush that failed to the begin of the next, however short the interval is: each looks at all series, and the
/// transport leaves the receiver alone for about as long.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

struct Flushing {
    context: Context,
    flush: Flush,
    /// Changes when a scrape is complete.
    scraped: watch::Receiver<u64>,
    encoder: Arc<Mutex<Encoder>>,
    transport: Transport,
    /// Of the values that were sent last. `None`: not all of them were sent.
    sent: Option<u64>,
    trouble: Trouble,
}

pub(super) fn spawn(context: Context, statsd: &Statsd) -> JoinHandle<()> {
    let transport = Transport::new(&statsd.address);
    let encoder = begin(&context, options(statsd, &transport));
    let forgets: Arc<Mutex<dyn Forget>> = Arc::clone(&encoder) as _;
    context.shared.removed.add(&forgets);
    let (scraped, trouble) = (context.shared.scraped.subscribe(), Trouble::sending("metrics"));
    let flushing = Flushing { flush: statsd.flush, context, scraped, encoder, transport, sent: None, trouble };
    tokio::spawn(flushing.run())
}

fn options(statsd: &Statsd, transport: &Transport) -> Options {
    Options {
        flavor: statsd.flavor,
        histograms: statsd.histograms,
        prefix: statsd.prefix.clone(),
        framing: if transport.wants_newlines() { Framing::Stream } else { Framing::Datagrams },
        max_bytes: statsd.max_packet_bytes.into(),
    }
}

/// What is counted by now is not new to the receiver.
fn begin(context: &Context, options: Options) -> Arc<Mutex<Encoder>> {
    let pipeline = context.shared.pipeline();
    let mut encoder = Encoder::new(options, Baseline::present(pipeline.store()));
    let (mut cursor, mut none) = (encoder.begin(), Vec::new());
    while encoder.render(pipeline.store(), &mut cursor, SLICE, &mut none) {}
    none.iter().for_each(|packet| encoder.failed(packet));
    Arc::new(Mutex::new(encoder))
}

impl Flushing {
    async fn run(mut self) {
        let mut due = Instant::now();
        loop {
            let is_last = self.wait(&mut due).await;
            let end = self.context.end();
            if is_last {
                // What has no time fails with the process.
                let _ = tokio::time::timeout(LAST_EXPORT, self.flush()).await;
                return;
            }
            tokio::select! {
                () = self.flush() => {}
                () = end => {}
            }
        }
    }

    /// Until the next flush. `true`: it is the last one.
    async fn wait(&mut self, due: &mut Instant) -> bool {
        match self.flush {
            Flush::Every(interval) => {
                // Of flushes that are late, one is enough.
                let interval = if self.sent.is_none() { interval.max(AFTER_FAILURE) } else { interval };
                *due = (*due + interval).max(Instant::now());
                let left = due.saturating_duration_since(Instant::now());
                self.context.sleep(left).await
            }
            Flush::OnScrape => {
                tokio::select! {
                    biased;
                    () = self.context.end() => true,
                    // An error means that nobody can scrape any more.
                    scraped = self.scraped.changed() => scraped.is_err(),
                }
            }
        }
    }

    async fn flush(&mut self) {
        let (snapshot, publication) = {
            let mut pipeline = self.context.shared.pipeline();
            let publication = pipeline.store().publications();
            if self.sent == Some(publication) {
                self.delivered();
                return;
            }
            let by = Consumer::Exporter(self.context.name.as_str().into());
            (pipeline.store_mut().open(Some(by), monotonic()), publication)
        };
        self.sent = None;
        let mut cursor = self.encoder.lock().begin();
        let (mut packets, mut is_whole, mut goes_on) = (Vec::new(), true, true);
        while goes_on {
            goes_on = {
                let pipeline = self.context.shared.pipeline();
                self.encoder.lock().render(pipeline.store(), &mut cursor, SLICE, &mut packets)
            };
            for packet in packets.drain(..) {
                is_whole &= self.send(packet).await;
            }
            tokio::task::yield_now().await;
        }
        self.count_lines();
        if is_whole {
            self.sent = Some(publication);
            self.delivered();
            self.context.shared.pipeline().store_mut().completed(&snapshot);
        }
    }

    async fn send(&mut self, packet: Packet) -> bool {
        let sent = self.transport.send(packet.bytes()).await;
        self.count(&sent);
        match sent {
            Ok(()) => {
                self.trouble.worked(&self.context.name);
                self.encoder.lock().sent(packet);
                true
            }
            Err(error) => {
                self.trouble.failed(&self.context.name, &error.to_string());
                self.encoder.lock().failed(&packet);
                false
            }
        }
    }

    fn count(&self, sent: &Result<(), TransportError>) {
        if let Some(counts) = &self.context.counts.metrics {
            let counter = if sent.is_ok() { &counts.accepted } else { &counts.gave_up };
            counter.fetch_add(1, Relaxed);
        }
    }

    fn delivered(&self) {
        if let Some(counts) = &self.context.counts.metrics {
            counts.delivered();
        }
    }

    fn count_lines(&self) {
        let encoder = self.encoder.lock();
        self.context.counts.too_long.store(encoder.too_long(), Relaxed);
        self.context.counts.removed.store(encoder.lost(), Relaxed);
    }
}
