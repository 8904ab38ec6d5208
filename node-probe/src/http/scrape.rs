//! One scrape, streamed in slices of series. The pipeline's lock is free between slices.

use crate::kernel::monotonic;
use crate::self_metrics;
use crate::shared::Shared;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::Response;
use futures::{StreamExt, stream};
use longwire_endpoint::Turn;
use longwire_export::exposition::{Cursor, Format};
use longwire_pipeline::metrics::{Scraper, Snapshot};
use std::convert::Infallible;
use std::sync::Arc;

/// Bytes that are copied in one slice, while the lock is held.
const SLICE: usize = 64 << 10;

struct Scrape {
    shared: Arc<Shared>,
    format: Format,
    snapshot: Snapshot,
    next: Next,
    /// Held until the last slice is taken, or the scraper disconnects.
    _turn: Turn,
}

enum Next {
    Series(Cursor),
    SelfMetrics,
    Completed,
}

/// `by`: a scraper that will come again, and first sees series that are new to it at 0.
pub(super) fn respond(shared: Arc<Shared>, format: Format, by: Option<Scraper>, turn: Turn) -> Response {
    let (snapshot, cursor) = {
        let mut pipeline = shared.pipeline();
        let snapshot = pipeline.store_mut().open(by.map(Into::into), monotonic());
        let cursor = Cursor::new(format).viewed(snapshot.view());
        let created = shared.created_timestamps.then(|| pipeline.wall_clock_offset());
        (snapshot, created.into_iter().fold(cursor, Cursor::with_created))
    };
    let scrape = Scrape { shared, format, snapshot, next: Next::Series(cursor), _turn: turn };
    // Compression polls once more after the end, which `fuse` allows.
    let body = Body::from_stream(stream::unfold(scrape, slice).fuse());
    let mut response = Response::new(body);
    let content_type = header::HeaderValue::from_static(format.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// A scrape counts as completed only at its last slice, which a scraper that disconnects earlier does not get.
async fn slice(mut scrape: Scrape) -> Option<(Result<Bytes, Infallible>, Scrape)> {
    let mut out = Vec::with_capacity(SLICE + SLICE / 4);
    match &mut scrape.next {
        Next::Series(cursor) => {
            let pipeline = scrape.shared.pipeline();
            let mut encoder = scrape.shared.encoder.lock();
            if !encoder.render(pipeline.store(), cursor, SLICE, &mut out) {
                scrape.next = Next::SelfMetrics;
            }
        }
        Next::SelfMetrics => {
            self_metrics::write(&scrape.shared, scrape.format, &mut out);
            if matches!(scrape.format, Format::OpenMetrics) {
                out.extend_from_slice(b"# EOF\n");
            }
            scrape.next = Next::Completed;
        }
        Next::Completed => {
            scrape.shared.pipeline().store_mut().completed(&scrape.snapshot);
            scrape.shared.scraped.send_modify(|scrapes| *scrapes += 1);
            return None;
        }
    }
    Some((Ok(out.into()), scrape))
}
