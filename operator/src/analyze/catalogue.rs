//! What analysis can find: one table, from which docs/analysis.md and the rules of SARIF are made.

use Severity::{Error, Info, Warning};
use serde::Serialize;
use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Perhaps meant so.
    Info,
    /// Used, but a part has no effect or does harm elsewhere.
    Warning,
    /// Not used, or refused by the API server.
    Error,
}

/// What is found. Each value is the place of one row of [`CATALOGUE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    Unreadable,
    Refused,
    NotRootNamespace,
    SelectsNothing,
    SelectorInRootNamespace,
    Shadowed,
    Conflict,
    SetIsOff,
    RemovesNothing,
    LabelIsRead,
    AlwaysUnknown,
    LabelOfNoPod,
    UnboundedValues,
    UndefinedTag,
    UnknownField,
    UnknownAnnotation,
    InvalidAnnotation,
    MatchesNoStatistic,
    UnknownExporter,
    LogHasEnded,
    TooLarge,
    SaysNothing,
    ChangesNothing,
    PodTooLarge,
    DefinedTwice,
    LogIntervalTooShort,
    OverLimit,
    MisplacedAnnotation,
    OfRequests,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub code: Code,
    pub id: &'static str,
    /// In kebab-case, for people who do not know numbers by heart.
    pub name: &'static str,
    pub severity: Severity,
    /// What is the matter, one line of Markdown.
    pub means: &'static str,
    /// What to do about it, one line of Markdown.
    pub remedy: &'static str,
}

/// New rows stand at the end, because codes keep their numbers.
pub static CATALOGUE: [Check; 29] = [
    check(
        Code::Unreadable,
        "LW001",
        "unreadable",
        Error,
        "A document is neither YAML nor JSON, or no object of the kind that it names. Nothing of it is used.",
        "Correct the place that the message names.",
    ),
    check(
        Code::Refused,
        "LW002",
        "refused",
        Error,
        "The operator does not accept the object: its condition Accepted would be False with this message. Nothing of it is used.",
        "Correct the field that the message names; docs/configuration.md lists what each may have.",
    ),
    check(
        Code::NotRootNamespace,
        "LW003",
        "not-root-namespace",
        Error,
        "A field for the whole cluster is set outside the operator's root namespace. The object is not accepted, and nothing of it is used.",
        "Leave the field out, or write it into an object without a selector in the root namespace (`--root-namespace`).",
    ),
    check(
        Code::SelectsNothing,
        "LW004",
        "selects-nothing",
        Warning,
        "The selector matches none of the pods of its namespace that were read, pod templates in files included.",
        "Compare the selector with the labels of the pods' template, not with those of the Deployment itself.",
    ),
    check(
        Code::SelectorInRootNamespace,
        "LW005",
        "selector-in-root-namespace",
        Warning,
        "An object in the root namespace has a selector and selects no pod there. In the root namespace too a selector selects pods of its own namespace alone.",
        "Leave the selector out to mean the whole cluster, or write the object into the pods' namespace.",
    ),
    check(
        Code::Shadowed,
        "LW006",
        "shadowed",
        Warning,
        "A later entry of `spec.overrides` or `spec.metrics` of the same object sets the same for the same metrics and reporters, so that this part has no effect.",
        "Remove it, give it a narrower `match` and put it after the broader entry.",
    ),
    check(
        Code::Conflict,
        "LW007",
        "conflict",
        Warning,
        "Another object at the same place sets the same part to another value and wins: the older one, then the first by name. Objects in files have no age. A TelemetryPolicy's override wins over a tag of its name.",
        "Set the part in one object only, or use selectors that select different pods.",
    ),
    check(
        Code::SetIsOff,
        "LW008",
        "set-is-off",
        Warning,
        "An override, or `longConnections.threshold`, is about a series set that no selected pod has.",
        "Add the set to `spec.seriesSets`, or remove the part.",
    ),
    check(
        Code::RemovesNothing,
        "LW009",
        "removes-nothing",
        Warning,
        "REMOVE names a label that no metric of the override has and that no object adds.",
        "Correct the label's name; docs/metrics.md lists the labels of each metric.",
    ),
    check(
        Code::LabelIsRead,
        "LW010",
        "label-is-read",
        Warning,
        "An override changes or removes a label that Kiali's graph or one of the chart's dashboards reads. Graphs there may be doubled, wrong or empty.",
        "Add a label with a name of its own instead, if you use what the message names; docs/kiali.md lists the labels that Kiali needs.",
    ),
    check(
        Code::AlwaysUnknown,
        "LW011",
        "always-unknown",
        Warning,
        "An expression needs a label that none of the pods at hand has: the tag is always `unknown`, or the filter never holds.",
        "Correct the label's name, add the label to the pods' template, or ask for it first, as in `\"team\" in source.labels ? source.labels[\"team\"] : \"none\"`.",
    ),
    check(
        Code::LabelOfNoPod,
        "LW012",
        "label-of-no-pod",
        Info,
        "An expression asks for a label that none of the pods at hand has, so it always takes the same branch.",
        "Compare the label's name with those of the pods' templates.",
    ),
    check(
        Code::UnboundedValues,
        "LW013",
        "unbounded-values",
        Warning,
        "A tag has another value for each pod, address or client port, and no `maxValues`: an override has no bound, and a tag of ExtraStatTags has 100 values before `overflow`. Each value is another series of every edge.",
        "Use a class instead, such as the workload or the zone. If each value is needed, define the tag in ExtraStatTags with a `maxValues` that you have room for.",
    ),
    check(
        Code::UndefinedTag,
        "LW014",
        "undefined-tag",
        Warning,
        "The annotation sidecar.istio.io/extraStatTags, or proxy.istio.io/config, chooses a tag that no ExtraStatTags object defines for the pod.",
        "Define the tag with `optIn: true` in an ExtraStatTags object that selects the pod, or leave it out of the annotation.",
    ),
    check(
        Code::UnknownField,
        "LW015",
        "unknown-field",
        Error,
        "A field is not part of the kind. kubectl and server-side apply refuse the object; elsewhere the field is dropped.",
        "Correct the field's name or its indentation; `kubectl explain` and docs/configuration.md list the fields.",
    ),
    check(
        Code::UnknownAnnotation,
        "LW016",
        "unknown-annotation",
        Warning,
        "An annotation of a pod or a Namespace looks like one of Longwire's or Istio's statistics, and is none.",
        "Correct the annotation's name; docs/configuration.md lists them.",
    ),
    check(
        Code::InvalidAnnotation,
        "LW017",
        "invalid-annotation",
        Error,
        "The value of an annotation, or an entry of it, cannot be used. The annotation, or the entry, has no effect.",
        "Correct the value; docs/configuration.md says what each annotation may have.",
    ),
    check(
        Code::MatchesNoStatistic,
        "LW018",
        "matches-no-statistic",
        Warning,
        "A pattern of a StatsMatcher matches no statistic, whatever Services there are.",
        "Write patterns for names such as `cluster.outbound|80||web.shop.svc.cluster.local.upstream_cx_total`; docs/metrics.md lists their endings.",
    ),
    check(
        Code::UnknownExporter,
        "LW019",
        "unknown-exporter",
        Error,
        "`spec.accessLogs.exporters` names an exporter that no object defines, or one that takes no access logs. The object is not accepted. Only files that define some exporter are compared.",
        "Correct the name, or define the exporter in `spec.exporters` of a TelemetryPolicy in the root namespace.",
    ),
    check(
        Code::LogHasEnded,
        "LW020",
        "log-has-ended",
        Warning,
        "`spec.accessLogs.until` is in the past: nothing is logged.",
        "Choose a later time, or remove `until` or the access log.",
    ),
    check(
        Code::TooLarge,
        "LW021",
        "too-large",
        Error,
        "An object is larger than one may be, or the objects of its namespace take more than a namespace may have. It is not accepted.",
        "Use fewer tags, patterns and overrides, or shorter ones; docs/configuration.md has the limits.",
    ),
    check(
        Code::SaysNothing,
        "LW022",
        "says-nothing",
        Warning,
        "An object sets nothing: its spec has at most a selector.",
        "Write what it is for, or delete it.",
    ),
    check(
        Code::ChangesNothing,
        "LW023",
        "changes-nothing",
        Info,
        "Without the object the pods at hand that it selects would have the same series, labels and logs: all that it says is said by other objects, is the default, or is overridden by narrower objects and annotations.",
        "Delete it, unless it is to hold whatever other objects say later.",
    ),
    check(
        Code::PodTooLarge,
        "LW024",
        "pod-too-large",
        Warning,
        "A pod has more labels than are read, or more is configured for it than a probe takes for one pod: narrower objects and the pod's annotations are left out.",
        "Use fewer tags, patterns and regular expressions for the pod.",
    ),
    check(
        Code::DefinedTwice,
        "LW025",
        "defined-twice",
        Warning,
        "Two documents define one object differently. The last one counts, in the order of the files.",
        "Keep one of them, or analyze the directories of different clusters by themselves.",
    ),
    check(
        Code::LogIntervalTooShort,
        "LW026",
        "log-interval-too-short",
        Warning,
        "`spec.accessLogs.interval` is shorter than the `reportingInterval` that another object sets for the cluster, and a connection is read once in that time.",
        "Write an interval that is at least the reporting interval.",
    ),
    check(
        Code::OverLimit,
        "LW027",
        "over-limit",
        Warning,
        "A part is left out because a pod has more extra tags, or the cluster more exporters, than there may be.",
        "Use fewer, or raise `spec.limits.extraTags` in the root namespace.",
    ),
    check(
        Code::MisplacedAnnotation,
        "LW028",
        "misplaced-annotation",
        Warning,
        "An annotation is read on pods, and stands on the object that makes them or on their Namespace, where it has no effect.",
        "Write it into the metadata of the pod template.",
    ),
    check(
        Code::OfRequests,
        "LW029",
        "of-requests",
        Info,
        "An override in the words of Istio's Telemetry names a metric of requests, such as `REQUEST_COUNT`. Longwire sees connections, so that it changes nothing.",
        "Leave it out; docs/from-istio.md has the metrics that there are.",
    ),
];

const fn check(
    code: Code,
    id: &'static str,
    name: &'static str,
    severity: Severity,
    means: &'static str,
    remedy: &'static str,
) -> Check {
    Check { code, id, name, severity, means, remedy }
}

impl Code {
    /// The row of the table.
    #[must_use]
    pub fn check(self) -> &'static Check {
        &CATALOGUE[self as usize]
    }
}

impl Check {
    /// Its section in docs/analysis.md, as a link's fragment.
    #[must_use]
    pub fn anchor(&self) -> String {
        format!("{}-{}", self.id.to_lowercase(), self.name)
    }

    #[must_use]
    pub fn page(&self) -> String {
        format!("docs/analysis.md#{}", self.anchor())
    }
}

impl Severity {
    pub const ALL: [Self; 3] = [Error, Warning, Info];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Info => "info",
            Warning => "warning",
            Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
