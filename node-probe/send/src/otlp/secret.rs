//! Files with what only an exporter and its receiver may know: those of a mounted Secret, and those that variables name.

#[cfg(test)]
mod tests;

use super::environment::Variables;
use super::pairs::{PairProblem, header_line, merged};
use longwire_model::exporter::{MAX_PAIRS, Pair};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::{fmt, str};

/// Of one file, bytes.
const MAX_FILE: usize = 64 << 10;

const HEADERS: &str = "headers";
const CA: &str = "ca.crt";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the Secret {0} is wanted, and none are mounted: list it in the chart's value exporters.secrets")]
    NoneMounted(String),
    #[error(
        "the Secret {name} is not mounted at {path}: create it, and list it in the chart's value exporters.secrets"
    )]
    NotMounted { name: String, path: PathBuf },
    #[error(
        "the Secret {name} at {path} has none of {HEADERS}, {CA}, {CERTIFICATE} and {KEY}: give it one of these keys"
    )]
    Nothing { name: String, path: PathBuf },
    #[error("{path} cannot be read: {error}")]
    Read { path: PathBuf, error: io::Error },
    #[error("{0} has more than {MAX_FILE} bytes, which are the most: make it shorter")]
    TooLong(PathBuf),
    #[error("{0} is no text: write lines name=value in UTF-8")]
    NoText(PathBuf),
    #[error("{path}: line {line} {problem}")]
    Header { path: PathBuf, line: usize, problem: PairProblem },
    #[error("{0} has more than {MAX_PAIRS} headers: leave some out")]
    TooMany(PathBuf),
    #[error("there is a client's {present}, but not its {missing}: give both or none")]
    Half { present: String, missing: String },
}

/// A file's content. It is compared, so that settings with a renewed one are other settings, and is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

/// For encrypted connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Certificates {
    /// Whom to trust, in place of those whom the system trusts.
    pub(super) ca: Option<Content>,
    pub(super) client: Option<Client>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) certificate: Content,
    pub(super) key: Content,
}

/// A directory that a Secret is mounted at, with at least one file for us.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    /// `secrets`: where all of them are mounted.
    pub(super) fn open(name: &str, secrets: Option<&Path>) -> Result<Self, SecretError> {
        let path = secrets.ok_or_else(|| SecretError::NoneMounted(name.to_owned()))?.join(name);
        if !path.is_dir() {
            return Err(SecretError::NotMounted { name: name.to_owned(), path });
        }
        if ![HEADERS, CA, CERTIFICATE, KEY].iter().any(|file| path.join(file).exists()) {
            return Err(SecretError::Nothing { name: name.to_owned(), path });
        }
        Ok(Self(path))
    }

    /// Empty without a file of them.
    pub(super) fn headers(&self) -> Result<Vec<Pair>, SecretError> {
        let Some(Content { path, bytes }) = read_if_there(self.0.join(HEADERS))? else { return Ok(Vec::new()) };
        let Ok(text) = str::from_utf8(&bytes) else { return Err(SecretError::NoText(path)) };
        let mut headers = Vec::new();
        for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match header_line(line) {
                Ok(header) => headers.push(header),
                Err(problem) => return Err(SecretError::Header { path, line: place + 1, problem }),
            }
        }
        if headers.len() > MAX_PAIRS { Err(SecretError::TooMany(path)) } else { Ok(merged(headers, &[])) }
    }
}

impl Certificates {
    /// Of the Secret, and what it does not have of the variables: those of the signal first.
    pub(super) fn read(directory: Option<&Directory>, variables: [&Variables; 2]) -> Result<Self, SecretError> {
        let of_secret = |file| directory.map_or(Ok(None), |directory| read_if_there(directory.0.join(file)));
        let named = |variable: fn(&Variables) -> &Option<PathBuf>| {
            variables.into_iter().find_map(|variables| variable(variables).clone()).map(read).transpose()
        };
        let ca = match of_secret(CA)? {
            Some(ca) => Some(ca),
            None => named(|variables| &variables.certificate)?,
        };
        let client = match (of_secret(CERTIFICATE)?, of_secret(KEY)?) {
            // Never one half from the Secret and one from elsewhere.
            (None, None) => {
                let certificate = named(|variables| &variables.client_certificate)?;
                let key = named(|variables| &variables.client_key)?;
                Client::of(
                    certificate,
                    key,
                    ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY"],
                )?
            }
            (certificate, key) => Client::of(certificate, key, [CERTIFICATE, KEY])?,
        };
        Ok(Self { ca, client })
    }
}

impl Client {
    fn of(
        certificate: Option<Content>,
        key: Option<Content>,
        [name_of_certificate, name_of_key]: [&str; 2],
    ) -> Result<Option<Self>, SecretError> {
        let half = |present: Content, missing: &str| {
            Err(SecretError::Half { present: present.path.display().to_string(), missing: missing.to_owned() })
        };
        match (certificate, key) {
            (Some(certificate), Some(key)) => Ok(Some(Self { certificate, key })),
            (None, None) => Ok(None),
            (Some(certificate), None) => half(certificate, name_of_key),
            (None, Some(key)) => half(key, name_of_certificate),
        }
    }
}

fn read_if_there(path: PathBuf) -> Result<Option<Content>, SecretError> {
    match read(path) {
        Err(SecretError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

fn read(path: PathBuf) -> Result<Content, SecretError> {
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(SecretError::Read { path, error }),
        Ok(len) if len > MAX_FILE => Err(SecretError::TooLong(path)),
        Ok(_) => Ok(Content { path, bytes }),
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Content").field(&self.path).finish()
    }
}
