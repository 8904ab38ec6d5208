//! The saved state of an earlier probe.

use crate::node::{S, check, options};
use longwire_pipeline::pipeline::{Pipeline, Restored};

pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(Restored { mut pipeline, dropped }) = Pipeline::restore(options(), bytes, 200 * S) else { return };
    assert_eq!(dropped.total() == 0, dropped.first.is_none(), "what is left out is counted");
    if dropped.must_adopt {
        pipeline.abandon(200 * S);
    }
    check(&mut pipeline, 200 * S);
    for minutes in 1..=11 {
        let now = (200 + 60 * minutes) * S;
        pipeline.begin_pass(now);
        pipeline.end_pass(true, now);
        pipeline.tick(now);
    }
    pipeline.abandon(900 * S);
    check(&mut pipeline, 900 * S);
}
