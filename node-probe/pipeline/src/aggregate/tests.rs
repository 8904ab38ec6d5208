mod appearance;
mod budgets;
mod lifetime;
mod sums;

use crate::aggregate::{Aggregate, Attribution, Budget, ServiceSeries};
use longwire_model::series::{SeriesSet, SeriesSets};

const SECOND: u64 = 1_000_000_000;
const ISTIO: SeriesSets = SeriesSets::NONE.with(SeriesSet::Istio);
const LONGWIRE: SeriesSets = SeriesSets::NONE.with(SeriesSet::Longwire);
const ALL: SeriesSets = ISTIO.with(SeriesSet::Longwire).with(SeriesSet::KmeshConnection).with(SeriesSet::KmeshWorkload);

fn roomy() -> Aggregate {
    Aggregate::new(Budget { series: 10_000, connections: 1_000 })
}

fn to(service: ServiceSeries) -> Attribution {
    Attribution { service: Some(service), workload: None, connection: None }
}
