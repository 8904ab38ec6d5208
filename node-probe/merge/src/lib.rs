//! What targets of a pod expose and Longwire's own series, as one exposition: no name has two families, and no series stands twice.
//!
//! ```text
//! body, Content-Type --grammar--> scan --Page: families, samples--> merge --Group: samples by family--> write --> a page
//!                                  \--Refusal: the line, and what is wrong with it
//! ```
//!
//! What Prometheus' parsers take is taken, and what they refuse is refused, since one bad line of a target would fail the scrape of
//! all ([decision 0043](../../../docs/decisions/0043-metrics-are-merged-by-family.md)). Samples are slices of the bodies until they
//! are written.

mod escape;
mod family;
mod grammar;
mod kind;
mod merge;
mod name;
mod page;
mod refusal;
mod scan;
mod time;
mod write;

pub use merge::{Accepted, Dropped, Merge, Reason};
pub use name::{Names, content_type};
pub use page::Limits;
pub use refusal::{Refusal, Wrong};
