//! Where the values of a kind of label sets are kept: each counter and each histogram has a place in an array, in the order of the
//! table. So a new row of the table has a place without further code.

use longwire_model::series::{FAMILIES, Family, Kind, LabelKind, Metric, Quantity};

/// A counter or a histogram, and what it counts or observes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) metric: Metric,
    pub(super) quantity: Quantity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Counter,
    /// A counter with a line for each reason.
    Reasons,
    /// A counter with a line for each direction.
    Directions,
    Gauge,
    Histogram,
}

/// Where the value of a metric is, among those of its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) shape: Shape,
    /// Among those of one shape.
    pub(super) at: usize,
}

impl Shape {
    const fn of(family: &Family) -> Self {
        match family.kind {
            Kind::Counter if family.quantity as u8 == Quantity::FailuresByReason as u8 => Self::Reasons,
            Kind::Counter if family.quantity as u8 == Quantity::BytesByDirection as u8 => Self::Directions,
            Kind::Counter => Self::Counter,
            Kind::Gauge => Self::Gauge,
            Kind::Histogram(_) => Self::Histogram,
        }
    }
}

impl Place {
    pub(super) const fn of(metric: Metric) -> Self {
        PLACES[metric as usize]
    }
}

const PLACES: [Place; FAMILIES.len()] = {
    let mut places = [Place { shape: Shape::Gauge, at: 0 }; FAMILIES.len()];
    let mut row = 0;
    while row < FAMILIES.len() {
        let shape = Shape::of(&FAMILIES[row]);
        places[row] = Place { shape, at: count_before(row, FAMILIES[row].set.label_kind(), shape) };
        row += 1;
    }
    places
};

/// Families of this shape with these labels.
pub(super) const fn count(kind: LabelKind, shape: Shape) -> usize {
    count_before(FAMILIES.len(), kind, shape)
}

/// All of them: `N` is their [`count`].
pub(super) const fn rows<const N: usize>(kind: LabelKind, shape: Shape) -> [Row; N] {
    let mut rows = [Row { metric: FAMILIES[0].metric, quantity: FAMILIES[0].quantity }; N];
    let (mut row, mut at) = (0, 0);
    while row < FAMILIES.len() {
        if is_of(row, kind, shape) {
            rows[at] = Row { metric: FAMILIES[row].metric, quantity: FAMILIES[row].quantity };
            at += 1;
        }
        row += 1;
    }
    rows
}

const fn count_before(end: usize, kind: LabelKind, shape: Shape) -> usize {
    let (mut row, mut count) = (0, 0);
    while row < end {
        count += is_of(row, kind, shape) as usize;
        row += 1;
    }
    count
}

const fn is_of(row: usize, kind: LabelKind, shape: Shape) -> bool {
    FAMILIES[row].set.label_kind() as u8 == kind as u8 && Shape::of(&FAMILIES[row]) as u8 == shape as u8
}
