//! The options of a request, from its query. Those that are not known change nothing, as in every API server.

use super::status::{Cause, Failure};

#[cfg(test)]
mod tests;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::live) struct ListOptions {
    pub(in crate::live) label_selector: String,
    pub(in crate::live) field_selector: String,
    /// `None`: everything in one answer.
    pub(in crate::live) limit: Option<usize>,
    /// `continue`.
    pub(in crate::live) token: Option<String>,
    /// `resourceVersion`; 0 is any.
    pub(in crate::live) version: Option<u64>,
    pub(in crate::live) matching: Option<Match>,
    pub(in crate::live) watch: bool,
    /// `sendInitialEvents`, of a watch.
    pub(in crate::live) initial_events: Option<bool>,
    /// `allowWatchBookmarks`.
    pub(in crate::live) bookmarks: bool,
    /// `timeoutSeconds`.
    pub(in crate::live) timeout: Option<u64>,
    pub(in crate::live) include_object: IncludeObject,
}

/// `resourceVersionMatch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::live) enum Match {
    Exact,
    NotOlderThan,
}

/// What a row of a table has beside its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::live) enum IncludeObject {
    None,
    #[default]
    Metadata,
    Object,
}

/// As they were given.
#[derive(Default)]
struct Given {
    options: ListOptions,
    has_version: bool,
}

impl ListOptions {
    /// Those of a list, or of a watch, by [`ListOptions::watch`].
    pub(in crate::live) fn read(query: Option<&str>) -> Result<Self, Failure> {
        let mut given = Given::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !value.is_empty() {
                given.take(&name, &value)?;
            }
        }
        given.check()
    }
}

impl Given {
    fn take(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let options = &mut self.options;
        match name {
            "labelSelector" => value.clone_into(&mut options.label_selector),
            "fieldSelector" => value.clone_into(&mut options.field_selector),
            "limit" => {
                let limit: i64 = value.parse().map_err(|_| wrong(name, value, "a number"))?;
                // Below 1 means without a limit.
                options.limit = usize::try_from(limit).ok().filter(|limit| *limit > 0);
            }
            "continue" => options.token = Some(value.to_owned()),
            "resourceVersion" => {
                options.version = Some(value.parse().map_err(|_| wrong(name, value, "a version of this API"))?);
                self.has_version = true;
            }
            "resourceVersionMatch" => options.matching = Some(matching(value)?),
            "watch" => options.watch = boolean(name, value)?,
            "sendInitialEvents" => {
                options.initial_events = Some(boolean(name, value)?);
            }
            "allowWatchBookmarks" => options.bookmarks = boolean(name, value)?,
            "timeoutSeconds" => {
                let seconds: u64 = value.parse().map_err(|_| wrong(name, value, "a number of seconds"))?;
                options.timeout = Some(seconds).filter(|seconds| *seconds > 0);
            }
            "includeObject" => {
                options.include_object = match value {
                    "None" => IncludeObject::None,
                    "Metadata" => IncludeObject::Metadata,
                    "Object" => IncludeObject::Object,
                    _ => return Err(wrong(name, value, "None, Metadata or Object")),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What an API server refuses of a list, in its words.
    fn check(self) -> Result<ListOptions, Failure> {
        let Self { options, has_version } = self;
        if options.watch {
            return check_watch(options);
        }
        let mut causes = Vec::new();
        let field = "resourceVersionMatch";
        if options.matching.is_some() && !has_version {
            causes.push(forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }
        if options.matching.is_some() && options.token.is_some() {
            causes.push(forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
        }
        if options.matching == Some(Match::Exact) && options.version == Some(0) {
            causes.push(forbidden(field, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
        }
        if options.initial_events.is_some() {
            causes.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        if !causes.is_empty() {
            return Err(Failure::invalid_options(causes));
        }
        if options.token.is_some() && options.version.is_some_and(|version| version > 0) {
            return Err(Failure::bad_request(
                "specifying resource version is not allowed when using continue".to_owned(),
            ));
        }
        Ok(options)
    }
}

fn forbidden(field: &'static str, text: &str) -> Cause {
    Cause { reason: "FieldValueForbidden", field, message: format!("Forbidden: {text}") }
}

/// The same of a watch. A page of it makes no sense, and is passed over.
fn check_watch(options: ListOptions) -> Result<ListOptions, Failure> {
    let (field, matching) = ("resourceVersionMatch", options.matching);
    let cause = match options.initial_events {
        None if matching.is_some() => {
            Some("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        }
        Some(_) if matching != Some(Match::NotOlderThan) => {
            Some("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        }
        _ => None,
    };
    match cause {
        Some(text) => Err(Failure::invalid_options(vec![forbidden(field, text)])),
        None => Ok(options),
    }
}

fn matching(value: &str) -> Result<Match, Failure> {
    match value {
        "Exact" => Ok(Match::Exact),
        "NotOlderThan" => Ok(Match::NotOlderThan),
        _ => Err(Failure::invalid_options(vec![Cause {
            reason: "FieldValueNotSupported",
            field: "resourceVersionMatch",
            message: format!("Unsupported value: {value:?}: supported values: \"Exact\", \"NotOlderThan\""),
        }])),
    }
}

/// As Go's `strconv.ParseBool` has it.
fn boolean(name: &str, value: &str) -> Result<bool, Failure> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(wrong(name, value, "true or false")),
    }
}

fn wrong(name: &str, value: &str, expected: &str) -> Failure {
    Failure::bad_request(format!("{name}: {value:?} is not {expected}"))
}
