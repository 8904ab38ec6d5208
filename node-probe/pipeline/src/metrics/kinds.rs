//! All kinds of label sets. What is done to every kind, or to the one of a handle, is written once, with `each_kind!` and `of_kind!`.

use super::budget::{Amount, Measure, lines_of};
use super::sets::Sets;
use super::values::{ConnectionValues, EnvoyValues, LocalityValues, ServiceValues, Values, WorkloadValues};
use crate::labels::{
    ConnectionLabels, EnvoyLabels, LabelSet, LocalityLabels, SavedLabels, ServiceLabels, WorkloadLabels,
};
use longwire_model::series::LabelKind;

#[derive(Debug)]
pub(crate) struct Kinds {
    pub(super) services: Sets<ServiceLabels, ServiceValues>,
    pub(super) localities: Sets<LocalityLabels, LocalityValues>,
    pub(super) workloads: Sets<WorkloadLabels, WorkloadValues>,
    pub(super) connections: Sets<ConnectionLabels, ConnectionValues>,
    pub(super) clusters: Sets<EnvoyLabels, EnvoyValues>,
}

/// Labels with their values among the [`Kinds`].
pub(crate) trait KnownLabels: SavedLabels + 'static {
    type Values: Values + 'static;

    const KIND: LabelKind;
    /// What a budget counts of them.
    const MEASURE: Measure = Measure::Lines;

    fn sets(kinds: &Kinds) -> &Sets<Self, Self::Values>
    where
        Self: Sized;

    fn sets_mut(kinds: &mut Kinds) -> &mut Sets<Self, Self::Values>
    where
        Self: Sized;
}

impl KnownLabels for ServiceLabels {
    type Values = ServiceValues;

    const KIND: LabelKind = LabelKind::Service;

    fn sets(kinds: &Kinds) -> &Sets<Self, ServiceValues> {
        &kinds.services
    }

    fn sets_mut(kinds: &mut Kinds) -> &mut Sets<Self, ServiceValues> {
        &mut kinds.services
    }
}

impl KnownLabels for LocalityLabels {
    type Values = LocalityValues;

    const KIND: LabelKind = LabelKind::Locality;

    fn sets(kinds: &Kinds) -> &Sets<Self, LocalityValues> {
        &kinds.localities
    }

    fn sets_mut(kinds: &mut Kinds) -> &mut Sets<Self, LocalityValues> {
        &mut kinds.localities
    }
}

impl KnownLabels for WorkloadLabels {
    type Values = WorkloadValues;

    const KIND: LabelKind = LabelKind::Workload;

    fn sets(kinds: &Kinds) -> &Sets<Self, WorkloadValues> {
        &kinds.workloads
    }

    fn sets_mut(kinds: &mut Kinds) -> &mut Sets<Self, WorkloadValues> {
        &mut kinds.workloads
    }
}

impl KnownLabels for ConnectionLabels {
    type Values = ConnectionValues;

    const KIND: LabelKind = LabelKind::Connection;
    const MEASURE: Measure = Measure::Sets;

    fn sets(kinds: &Kinds) -> &Sets<Self, ConnectionValues> {
        &kinds.connections
    }

    fn sets_mut(kinds: &mut Kinds) -> &mut Sets<Self, ConnectionValues> {
        &mut kinds.connections
    }
}

impl KnownLabels for EnvoyLabels {
    type Values = EnvoyValues;

    const KIND: LabelKind = LabelKind::Cluster;

    fn sets(kinds: &Kinds) -> &Sets<Self, EnvoyValues> {
        &kinds.clusters
    }

    fn sets_mut(kinds: &mut Kinds) -> &mut Sets<Self, EnvoyValues> {
        &mut kinds.clusters
    }
}

impl Kinds {
    pub(super) fn new() -> Self {
        Self {
            services: Sets::new(),
            localities: Sets::new(),
            workloads: Sets::new(),
            connections: Sets::new(),
            clusters: Sets::new(),
        }
    }

    /// What the node's overflow sets can grow to.
    pub(super) fn reserve() -> Amount {
        let mut all = reserve::<ServiceLabels>();
        all += reserve::<LocalityLabels>();
        all += reserve::<WorkloadLabels>();
        all += reserve::<ConnectionLabels>();
        all += reserve::<EnvoyLabels>();
        all
    }
}

fn reserve<K: KnownLabels>() -> Amount {
    let sets = <K as LabelSet>::REPORTERS.len();
    match K::MEASURE {
        Measure::Lines => Amount { lines: sets * lines_of(K::Values::METRICS), ..Amount::default() },
        Measure::Sets => Amount { connections: sets, ..Amount::default() },
    }
}

/// `each_kind!(&mut self.kinds, |sets| ...)`
macro_rules! each_kind {
    (&mut $kinds:expr, |$sets:ident| $do:expr) => {
        for kind in longwire_model::series::LabelKind::ALL {
            $crate::metrics::kinds::of_kind!(&mut $kinds, kind, |$sets| {
                $do;
            });
        }
    };
    (&$kinds:expr, |$sets:ident| $do:expr) => {
        for kind in longwire_model::series::LabelKind::ALL {
            $crate::metrics::kinds::of_kind!(&$kinds, kind, |$sets| {
                $do;
            });
        }
    };
}

/// `of_kind!(&mut self.kinds, kind, |sets| ...)`
macro_rules! of_kind {
    (&mut $kinds:expr, $kind:expr, |$sets:ident| $do:expr) => {
        $crate::metrics::kinds::of_kind!(
            $kind,
            $sets,
            $do,
            &mut $kinds.services,
            &mut $kinds.localities,
            &mut $kinds.workloads,
            &mut $kinds.connections,
            &mut $kinds.clusters
        )
    };
    (&$kinds:expr, $kind:expr, |$sets:ident| $do:expr) => {
        $crate::metrics::kinds::of_kind!(
            $kind,
            $sets,
            $do,
            &$kinds.services,
            &$kinds.localities,
            &$kinds.workloads,
            &$kinds.connections,
            &$kinds.clusters
        )
    };
    (
        $kind:expr, $sets:ident, $do:expr,
        $services:expr, $localities:expr, $workloads:expr, $connections:expr, $clusters:expr
    ) => {
        match $kind {
            longwire_model::series::LabelKind::Service => {
                let $sets = $services;
                $do
            }
            longwire_model::series::LabelKind::Locality => {
                let $sets = $localities;
                $do
            }
            longwire_model::series::LabelKind::Workload => {
                let $sets = $workloads;
                $do
            }
            longwire_model::series::LabelKind::Connection => {
                let $sets = $connections;
                $do
            }
            longwire_model::series::LabelKind::Cluster => {
                let $sets = $clusters;
                $do
            }
        }
    };
}

pub(super) use {each_kind, of_kind};
