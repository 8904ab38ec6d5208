//! Users' regular expressions: small, compiled at their first use, and shared in the process by text.
//!
//! ```text
//! text --parse, compile, drop--> Regex (its size is known) --first match--> NFA --> lazy DFA with a cache from `caches`
//! ```
//!
//! The operator checks regular expressions and never matches one, so there they take the memory of their text only.

use crate::intern::Interner;
use crate::limits::MAX_REGEX_BYTES;
use caches::CacheKey;
use regex_automata::Input;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_syntax::hir::{Hir, Look};
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

mod caches;
#[cfg(test)]
mod tests;

/// Memory of a lazy DFA beside its NFA: byte classes and start states.
const DFA_BYTES: usize = 1024;

static ANYWHERE: LazyLock<Interner<Program>> = LazyLock::new(Interner::default);
static WHOLE: LazyLock<Interner<Program>> = LazyLock::new(Interner::default);

/// A regular expression that compiles within [`MAX_REGEX_BYTES`]. Clones share it.
#[derive(Clone)]
pub(crate) struct Regex(Arc<Program>);

/// The part of a text that has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Anywhere,
    Whole,
}

struct Program {
    text: Box<str>,
    extent: Extent,
    /// Size when compiled.
    bytes: usize,
    engine: OnceLock<Option<Engine>>,
}

struct Engine {
    /// Key of its cache in `caches`.
    key: CacheKey,
    /// `None`: its states do not fit into a cache.
    dfa: Option<DFA>,
    /// For texts on which the lazy DFA gives up: with characters beyond ASCII, if the expression has `\b`.
    nfa: PikeVM,
}

impl Regex {
    /// The error is one line.
    pub(crate) fn parse(text: &str, extent: Extent) -> Result<Self, String> {
        let known = match extent {
            Extent::Anywhere => &ANYWHERE,
            Extent::Whole => &WHOLE,
        };
        let program = known.get_or_make(text, || {
            let bytes = compile(text, extent)?.memory_usage() + DFA_BYTES;
            Ok::<_, String>(Program { text: text.into(), extent, bytes, engine: OnceLock::new() })
        })?;
        Ok(Self(program))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    /// Memory after its first use.
    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes + self.0.text.len()
    }

    pub(crate) fn is_match(&self, haystack: &str) -> bool {
        let Program { text, extent, engine, .. } = &*self.0;
        let engine = engine.get_or_init(|| compile(text, *extent).ok().and_then(Engine::new));
        engine.as_ref().is_some_and(|engine| engine.is_match(haystack))
    }
}

impl Engine {
    fn new(nfa: NFA) -> Option<Self> {
        let config = DFA::config().cache_capacity(caches::CACHE_BYTES).unicode_word_boundary(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa.clone()).ok();
        let nfa = PikeVM::new_from_nfa(nfa).ok()?;
        Some(Self { key: CacheKey::next(), dfa, nfa })
    }

    fn is_match(&self, haystack: &str) -> bool {
        let input = Input::new(haystack).earliest(true);
        let found = self.dfa.as_ref().map(|dfa| caches::with(self.key, dfa, |cache| dfa.try_search_fwd(cache, &input)));
        match found {
            Some(Ok(found)) => found.is_some(),
            Some(Err(_)) | None => self.nfa.is_match(&mut self.nfa.create_cache(), input),
        }
    }
}

/// The syntax is checked without our parentheses, in which `a)|(b` would be valid.
fn compile(text: &str, extent: Extent) -> Result<NFA, String> {
    let syntax = regex_syntax::parse(text).map_err(|error| last_line(&error.to_string()))?;
    let syntax = match extent {
        Extent::Anywhere => syntax,
        Extent::Whole => Hir::concat(vec![Hir::look(Look::Start), syntax, Hir::look(Look::End)]),
    };
    let config = thompson::Config::new().nfa_size_limit(Some(MAX_REGEX_BYTES)).which_captures(WhichCaptures::None);
    let compiled = thompson::Compiler::new().configure(config).build_from_hir(&syntax);
    let nfa = compiled.map_err(|error| match error.size_limit() {
        Some(_) => too_large(),
        None => error.to_string(),
    })?;
    if nfa.memory_usage() > MAX_REGEX_BYTES { Err(too_large()) } else { Ok(nfa) }
}

fn too_large() -> String {
    format!(
        "it takes more than {MAX_REGEX_BYTES} bytes compiled: use fewer repetitions, and [a-z0-9_] instead of \\w, which is \
         every letter of Unicode"
    )
}

/// The last line has the error; those before it show its position.
fn last_line(drawn: &str) -> String {
    let last = drawn.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regex").field(&self.text()).finish()
    }
}
