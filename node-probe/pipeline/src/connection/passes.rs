//! The sampler's passes over all live connections, by number.

/// Pass numbers begin at 1; 0 is the time before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passes {
    begun: u32,
    /// The last one that left nothing out.
    completed: u32,
    completions: u32,
}

impl Passes {
    /// The pass that runs, or ran last: whatever is seen now is seen in it, or after it.
    pub(crate) fn begun(self) -> u32 {
        self.begun
    }

    /// A pass that left nothing out has begun and ended after `seen`.
    pub(crate) fn completed_since(self, seen: u32) -> bool {
        self.completed > seen
    }

    /// How many passes left nothing out.
    pub(crate) fn completions(self) -> u32 {
        self.completions
    }

    pub(super) fn begin(&mut self) {
        self.begun += 1;
    }

    pub(super) fn end(&mut self, complete: bool) {
        if complete {
            self.completed = self.begun;
            self.completions += 1;
        }
    }
}
