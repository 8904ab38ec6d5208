//! A kind is read as a whole or not at all: with half of the pods, a selector would seem to match nothing.

use super::reduce::reduce;
use super::{Resource, Skipped};
use kube::Client;
use kube::api::ListParams;
use kube::core::Request;
use longwire_operator::source::manifests::MAX_BYTES;
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, Write};

/// Objects of a page, as kubectl asks for them.
const PAGE: u32 = 500;
/// A list that changes faster than it is read begins again this often.
const ATTEMPTS: usize = 3;

#[derive(Debug, thiserror::Error)]
#[error("with them more than {MAX_BYTES} bytes are read: analyze one namespace at a time with -n")]
pub(super) struct TooMany;

pub(super) struct Pages<'a> {
    client: &'a Client,
    pub(super) objects: Vec<Value>,
    bytes: u64,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    items: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, objects: Vec::new(), bytes: 0 }
    }

    pub(super) async fn one(&mut self, resource: Resource, name: &str) -> Result<(), Skipped> {
        let request = Request::new(resource.path(None)).get(name, &Default::default());
        let text = self.client.request_text(request.map_err(kube::Error::BuildRequest)?).await?;
        self.keep(resource, serde_json::from_str(&text)?)
    }

    pub(super) async fn all(&mut self, resource: Resource, namespace: Option<&str>) -> Result<(), Skipped> {
        let (objects, bytes) = (self.objects.len(), self.bytes);
        for _ in 0..ATTEMPTS {
            let outcome = self.pages(resource, namespace).await;
            if outcome.is_ok() {
                return Ok(());
            }
            self.objects.truncate(objects);
            self.bytes = bytes;
            match outcome {
                Err(Skipped::Refused(kube::Error::Api(status))) if status.code == 410 => {}
                other => return other,
            }
        }
        Err(Skipped::Expired)
    }

    async fn pages(&mut self, resource: Resource, namespace: Option<&str>) -> Result<(), Skipped> {
        let mut parameters = ListParams::default().limit(PAGE);
        loop {
            let request = Request::new(resource.path(namespace)).list(&parameters);
            let text = self.client.request_text(request.map_err(kube::Error::BuildRequest)?).await?;
            let Page { metadata, items } = serde_json::from_str(&text)?;
            for item in items.unwrap_or_default() {
                self.keep(resource, item)?;
            }
            match metadata.next.filter(|next| !next.is_empty()) {
                Some(next) => parameters = parameters.continue_token(&next),
                None => return Ok(()),
            }
        }
    }

    fn keep(&mut self, resource: Resource, object: Value) -> Result<(), Skipped> {
        let Some(object) = reduce(resource.kind, &resource.api_version(), object) else { return Ok(()) };
        let mut counter = Counter(0);
        serde_json::to_writer(&mut counter, &object)?;
        self.bytes += counter.0;
        if self.bytes > MAX_BYTES {
            return Err(TooMany.into());
        }
        self.objects.push(object);
        Ok(())
    }
}

struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
