//! Ends the process on a panic in any thread or task. Otherwise the rest of it would answer `/healthz` and do nothing.
//! Its supervisor restarts it, and it continues from its saved state.

#[cfg(test)]
mod tests;

/// The exit code of a panic in `main`.
const EXIT_CODE: i32 = 101;

/// Installs the hook for all threads and tasks.
pub fn end_the_process() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        tracing::error!(thread = thread.name(), "{panic}; the process ends: please report this line");
        std::process::exit(EXIT_CODE);
    }));
}
