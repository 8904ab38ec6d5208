//! What stands around the points or records of a request. Its fields have the same numbers for metrics and logs.

use super::wire::{framed_len, write_bytes, write_length, write_text, write_text_attribute};

/// Name of the scope.
const SCOPE: &str = "longwire";
const VERSION: &str = env!("CARGO_PKG_VERSION");

// Of the request: `resource_metrics`, `resource_logs`. Of those: `resource` and `scope_metrics`, `scope_logs`. Of those: `scope`.
const OF_RESOURCE: u32 = 1;
const RESOURCE: u32 = 1;
const OF_SCOPE: u32 = 2;
const SCOPE_OF: u32 = 1;
/// `metrics`, `log_records`.
pub(super) const CONTENT: u32 = 2;

const ATTRIBUTES: u32 = 1;
const NAME_OF_SCOPE: u32 = 1;
const VERSION_OF_SCOPE: u32 = 2;

/// Where telemetry comes from: the resource with its attributes, and the scope, which is Longwire.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Both as fields of the messages that hold them.
    resource: Box<[u8]>,
    scope: Box<[u8]>,
}

impl Origin {
    /// `resource`: names and values of its attributes, each name once.
    #[must_use]
    pub fn new<'a>(resource: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut attributes, mut scope) = (Vec::new(), Vec::new());
        for (name, value) in resource {
            write_text_attribute(ATTRIBUTES, name, value.as_bytes(), &mut attributes);
        }
        write_text(NAME_OF_SCOPE, SCOPE, &mut scope);
        write_text(VERSION_OF_SCOPE, VERSION, &mut scope);
        Self { resource: field(RESOURCE, &attributes), scope: field(SCOPE_OF, &scope) }
    }

    /// Bytes of a request with so many bytes of content.
    pub(super) fn request_len(&self, content: usize) -> usize {
        framed_len(self.inner_len(content))
    }

    /// A request with this content: fields with the number [`CONTENT`].
    pub(super) fn request(&self, content: &[u8]) -> Vec<u8> {
        let mut request = Vec::with_capacity(self.request_len(content.len()));
        write_length(OF_RESOURCE, self.inner_len(content.len()), &mut request);
        request.extend_from_slice(&self.resource);
        write_length(OF_SCOPE, self.scope.len() + content.len(), &mut request);
        request.extend_from_slice(&self.scope);
        request.extend_from_slice(content);
        request
    }

    fn inner_len(&self, content: usize) -> usize {
        self.resource.len() + framed_len(self.scope.len() + content)
    }
}

fn field(number: u32, message: &[u8]) -> Box<[u8]> {
    let mut field = Vec::with_capacity(framed_len(message.len()));
    write_bytes(number, message, &mut field);
    field.into()
}
