//! The allocator's leftovers.

/// Gives pages back to the system that the allocator keeps for later. Reading the kernel's type information takes many times
/// what the probe needs afterwards.
pub(crate) fn give_back() {
    // SAFETY: takes the allocator's own locks and touches free memory alone.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0)
    };
}
