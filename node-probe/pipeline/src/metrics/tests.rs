mod appearance;
mod budgets;
mod cost;
mod epochs;
mod lifetime;
mod shared;
mod shares;
mod shown;
mod sums;

use crate::metrics::{Budget, SeriesStore};
use longwire_model::series::{Metrics, SeriesSet};

const SECOND: u64 = 1_000_000_000;
const ISTIO: Metrics = Metrics::of(SeriesSet::Istio);
const LONGWIRE: Metrics = Metrics::of(SeriesSet::Longwire);
const ALL: Metrics =
    ISTIO.union(LONGWIRE).union(Metrics::of(SeriesSet::KmeshConnection)).union(Metrics::of(SeriesSet::KmeshWorkload));

fn roomy() -> SeriesStore {
    SeriesStore::new(Budget::undivided(10_000, 1_000))
}
