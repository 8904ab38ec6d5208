//! Returns free memory to the system.

/// Returns pages that the allocator keeps. Reading BTF takes many times the memory that the probe needs afterwards.
pub(crate) fn give_back() {
    // SAFETY: takes the allocator's own locks and touches free memory only.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0)
    };
}
