//! What an expression reads, and what of it becomes a part of its value: for those who check configuration before there is a
//! connection.

use super::tree::{Choice, Int, Label, Text, Truth};
use super::{Attribute, Condition, End, Expression};
use std::collections::BTreeSet;

/// A label of an end's pod.
pub type LabelOf<'a> = (End, &'a str);

type Labels<'a> = BTreeSet<LabelOf<'a>>;

/// Where a value comes from, as far as that bounds how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    Attribute(Attribute),
    Port(End),
}

impl Shown {
    /// As expressions write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attribute(attribute) => attribute.name(),
            Self::Port(end) => end.port_name(),
        }
    }
}

impl Expression {
    /// Labels that both ends' pods must have, or it has no value, whatever else is true of the connection.
    #[must_use]
    pub fn required_labels(&self) -> BTreeSet<LabelOf<'_>> {
        self.0.value().required()
    }

    /// Labels that it reads or asks for, with the end.
    #[must_use]
    pub fn labels_of_ends(&self) -> BTreeSet<LabelOf<'_>> {
        let mut found = BTreeSet::new();
        self.0.value().labels(&mut found);
        found
    }

    /// What becomes a part of the value; conditions do not.
    #[must_use]
    pub fn shown(&self) -> BTreeSet<Shown> {
        let mut found = BTreeSet::new();
        self.0.value().shown(&mut found);
        found
    }
}

impl Condition {
    /// Labels that both ends' pods must have, or it never holds.
    #[must_use]
    pub fn required_labels(&self) -> BTreeSet<LabelOf<'_>> {
        self.0.value().required()
    }
}

impl Text {
    fn required(&self) -> Labels<'_> {
        match self {
            Self::Literal(_) | Self::Attribute(_) | Self::Word(_) => Labels::new(),
            Self::Label(label) => Labels::from([label.of_end()]),
            Self::Join(sides) => &sides[0].required() | &sides[1].required(),
            Self::OfInt(int) => int.required(),
            Self::OfTruth(truth) => truth.required(),
            Self::Lower(text) | Self::Upper(text) => text.required(),
            Self::Choice(choice) => choice.required(Self::required),
        }
    }

    fn labels<'a>(&'a self, found: &mut Labels<'a>) {
        match self {
            Self::Literal(_) | Self::Attribute(_) | Self::Word(_) => {}
            Self::Label(label) => {
                found.insert(label.of_end());
            }
            Self::Join(sides) => sides.iter().for_each(|side| side.labels(found)),
            Self::OfInt(int) => int.labels(found),
            Self::OfTruth(truth) => truth.labels(found),
            Self::Lower(text) | Self::Upper(text) => text.labels(found),
            Self::Choice(choice) => choice.labels(found, Self::labels),
        }
    }

    fn shown(&self, found: &mut BTreeSet<Shown>) {
        match self {
            Self::Literal(_) | Self::Word(_) | Self::Label(_) | Self::OfTruth(_) => {}
            Self::Attribute(attribute) => {
                found.insert(Shown::Attribute(*attribute));
            }
            Self::Join(sides) => sides.iter().for_each(|side| side.shown(found)),
            Self::OfInt(int) => int.shown(found),
            Self::Lower(text) | Self::Upper(text) => text.shown(found),
            Self::Choice(choice) => [&choice.yes, &choice.no].into_iter().for_each(|text| text.shown(found)),
        }
    }
}

impl Int {
    fn required(&self) -> Labels<'_> {
        match self {
            Self::Literal(_) | Self::Port(_) | Self::Quantity(_) => Labels::new(),
            Self::Size(text) => text.required(),
            Self::Choice(choice) => choice.required(Self::required),
        }
    }

    fn labels<'a>(&'a self, found: &mut Labels<'a>) {
        match self {
            Self::Literal(_) | Self::Port(_) | Self::Quantity(_) => {}
            Self::Size(text) => text.labels(found),
            Self::Choice(choice) => choice.labels(found, Self::labels),
        }
    }

    fn shown(&self, found: &mut BTreeSet<Shown>) {
        match self {
            // The length of a name is a small number.
            Self::Literal(_) | Self::Quantity(_) | Self::Size(_) => {}
            Self::Port(end) => {
                found.insert(Shown::Port(*end));
            }
            Self::Choice(choice) => [&choice.yes, &choice.no].into_iter().for_each(|int| int.shown(found)),
        }
    }
}

impl Truth {
    fn required(&self) -> Labels<'_> {
        match self {
            Self::Literal(_) | Self::Has(_) => Labels::new(),
            Self::Not(truth) => truth.required(),
            // Either side may decide, whatever error the other has.
            Self::And(sides) | Self::Or(sides) => &sides[0].required() & &sides[1].required(),
            Self::Agree(sides) => &sides[0].required() | &sides[1].required(),
            Self::Same(sides) | Self::Part(_, sides) => &sides[0].required() | &sides[1].required(),
            Self::Compare(_, sides) => &sides[0].required() | &sides[1].required(),
            // Every element of a list is evaluated.
            Self::TextIn(text, list) => {
                list.iter().fold(text.required(), |required, element| &required | &element.required())
            }
            Self::IntIn(int, list) => {
                list.iter().fold(int.required(), |required, element| &required | &element.required())
            }
            Self::Matches(text, _) => text.required(),
            Self::Choice(choice) => choice.required(Self::required),
        }
    }

    fn labels<'a>(&'a self, found: &mut Labels<'a>) {
        match self {
            Self::Literal(_) => {}
            Self::Has(label) => {
                found.insert(label.of_end());
            }
            Self::Not(truth) => truth.labels(found),
            Self::And(sides) | Self::Or(sides) | Self::Agree(sides) => {
                sides.iter().for_each(|side| side.labels(found));
            }
            Self::Same(sides) | Self::Part(_, sides) => sides.iter().for_each(|side| side.labels(found)),
            Self::Compare(_, sides) => sides.iter().for_each(|side| side.labels(found)),
            Self::TextIn(text, list) => {
                text.labels(found);
                list.iter().for_each(|element| element.labels(found));
            }
            Self::IntIn(int, list) => {
                int.labels(found);
                list.iter().for_each(|element| element.labels(found));
            }
            Self::Matches(text, _) => text.labels(found),
            Self::Choice(choice) => choice.labels(found, Self::labels),
        }
    }
}

impl<T> Choice<T> {
    fn required<'a>(&'a self, of: fn(&'a T) -> Labels<'a>) -> Labels<'a> {
        &self.condition.required() | &(&of(&self.yes) & &of(&self.no))
    }

    fn labels<'a>(&'a self, found: &mut Labels<'a>, of: fn(&'a T, &mut Labels<'a>)) {
        self.condition.labels(found);
        of(&self.yes, found);
        of(&self.no, found);
    }
}

impl Label {
    fn of_end(&self) -> LabelOf<'_> {
        (self.end, &*self.name)
    }
}
