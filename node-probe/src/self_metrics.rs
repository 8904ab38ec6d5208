//! What the probe says of itself: one row of the model's table each, gathered by the `prometheus` crate at a scrape.
