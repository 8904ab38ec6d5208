//! Iterator programs, attached to their targets.

use super::bpf::{Attr, bpf_fd};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

const BPF_LINK_CREATE: libc::c_long = 28;
const BPF_ITER_CREATE: libc::c_long = 33;
const BPF_TRACE_ITER: u32 = 28;

/// `union bpf_attr` of BPF_LINK_CREATE, the fields that iterators use.
#[repr(C)]
struct LinkCreate {
    prog_fd: u32,
    target_fd: u32,
    attach_type: u32,
    flags: u32,
    iter_info: u64,
    iter_info_len: u32,
    pad: u32,
}

/// `union bpf_attr` of BPF_ITER_CREATE.
#[repr(C)]
struct IterCreate {
    link_fd: u32,
    flags: u32,
}

// SAFETY: repr(C), integers only; `iter_info` is 0.
unsafe impl Attr for LinkCreate {}
// SAFETY: repr(C), integers only.
unsafe impl Attr for IterCreate {}

/// A running walk.
#[derive(Debug)]
pub(in crate::kernel) struct Steps {
    file: File,
}

/// An iterator program with its link.
#[derive(Debug)]
pub(in crate::kernel) struct Walk {
    link: OwnedFd,
}

impl Walk {
    pub(in crate::kernel) fn attach(program: BorrowedFd<'_>) -> io::Result<Self> {
        let mut attr = LinkCreate {
            prog_fd: program.as_raw_fd().cast_unsigned(),
            target_fd: 0,
            attach_type: BPF_TRACE_ITER,
            flags: 0,
            iter_info: 0,
            iter_info_len: 0,
            pad: 0,
        };
        Ok(Self { link: bpf_fd(BPF_LINK_CREATE, &mut attr)? })
    }

    pub(in crate::kernel) fn begin(&self) -> io::Result<Steps> {
        let mut attr = IterCreate { link_fd: self.link.as_raw_fd().cast_unsigned(), flags: 0 };
        Ok(Steps { file: File::from(bpf_fd(BPF_ITER_CREATE, &mut attr)?) })
    }
}

impl Steps {
    /// Runs the walk to its end.
    pub(in crate::kernel) fn finish(mut self) -> io::Result<()> {
        // The program writes nothing.
        let mut nothing = [0; 1];
        loop {
            match self.file.read(&mut nothing) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                // The kernel returns EAGAIN after a million elements.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
