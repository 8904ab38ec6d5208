//! A panic anywhere ends the process: half of it would go on otherwise, answer `/healthz` and do nothing. Whoever started it
//! starts it anew, and it goes on from what was saved.

#[cfg(test)]
mod tests;

/// As Rust's own for a panic of `main`.
const EXIT_CODE: i32 = 101;

/// From now on, in every thread and task.
pub fn end_the_process() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        tracing::error!(thread = thread.name(), "{panic}; the process ends: please report this line");
        std::process::exit(EXIT_CODE);
    }));
}
