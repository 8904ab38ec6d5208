//! ExtraStatTags, checked.

use super::refusal::{Refusal, at_most, within};
use super::selector::Selector;
use super::{Policy, policy};
use crate::source::object::{InvalidObject, Kind};
use longwire_crds::extra_stat_tags as crd;
use longwire_crds::limits::{MAX_TAG_VALUES, MAX_TAGS};
use longwire_model::expression::Expression;
use longwire_model::tag::TagName;

/// Values of a tag without a limit of its own.
const VALUES: u32 = 100;

pub type ExtraStatTags = Policy<TagsSpec>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagsSpec {
    pub(crate) selector: Option<Selector>,
    /// No name twice, and none of a standard label.
    pub(crate) tags: Vec<ExtraTag>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExtraTag {
    pub name: TagName,
    pub value: Expression,
    /// Only for pods whose annotation names it.
    pub(crate) opt_in: bool,
    pub max_values: u32,
}

impl TryFrom<longwire_crds::ExtraStatTags> for ExtraStatTags {
    type Error = InvalidObject;

    fn try_from(object: longwire_crds::ExtraStatTags) -> Result<Self, InvalidObject> {
        policy(Kind::ExtraStatTags, object.metadata, read_spec(object.spec))
    }
}

fn read_spec(spec: crd::ExtraStatTagsSpec) -> Result<TagsSpec, Refusal> {
    let crd::ExtraStatTagsSpec { selector, tags } = spec;
    let selector = Selector::read(selector)?;
    if tags.is_empty() {
        return Err(Refusal::invalid("spec.tags: must have at least one tag"));
    }
    at_most("spec.tags", "tags", tags.len(), MAX_TAGS as usize)?;
    let mut checked: Vec<ExtraTag> = Vec::with_capacity(tags.len());
    for (at, tag) in tags.into_iter().enumerate() {
        let field = format!("spec.tags[{at}]");
        let tag = read_tag(&field, tag)?;
        if checked.iter().any(|known| known.name == tag.name) {
            return Err(Refusal::invalid(format!("{field}.name: {} is in the list twice", tag.name)));
        }
        checked.push(tag);
    }
    Ok(TagsSpec { selector, tags: checked })
}

fn read_tag(field: &str, tag: crd::ExtraTag) -> Result<ExtraTag, Refusal> {
    let crd::ExtraTag { name, value, opt_in, max_values } = tag;
    let name = TagName::parse(&name).map_err(Refusal::at(format!("{field}.name")))?;
    if name.is_standard() {
        return Err(Refusal::invalid(format!(
            "{field}.name: {name} is a standard label: override it in a TelemetryPolicy, or choose another name"
        )));
    }
    if value.is_empty() {
        return Err(Refusal::invalid(format!("{field}.value: is empty: write an expression, as source.zone")));
    }
    Ok(ExtraTag {
        name,
        value: Expression::parse(&value).map_err(Refusal::at(format!("{field}.value")))?,
        opt_in: opt_in.unwrap_or(false),
        max_values: within(&format!("{field}.maxValues"), max_values.unwrap_or(VALUES), 1, MAX_TAG_VALUES)?,
    })
}
