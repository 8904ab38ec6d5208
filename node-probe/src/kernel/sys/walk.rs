//! Iterator programs, tied to what they walk.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

const BPF_LINK_CREATE: libc::c_long = 28;
const BPF_ITER_CREATE: libc::c_long = 33;
const BPF_TRACE_ITER: u32 = 28;

/// `union bpf_attr` of BPF_LINK_CREATE, as far as iterators use it.
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

/// `union bpf_iter_link_info`, whose largest member takes 16 bytes.
#[repr(C)]
struct IterInfo {
    map_fd: u32,
    rest: [u32; 3],
}

fn bpf<T>(command: libc::c_long, attr: &mut T) -> io::Result<OwnedFd> {
    // SAFETY: attr is a live, fully initialised, repr(C) prefix of union bpf_attr, and its size is passed with it.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attr), size_of::<T>()) };
    let fd = RawFd::try_from(fd).map_err(io::Error::other)?;
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both commands used here return a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A walk under way.
#[derive(Debug)]
pub(in crate::kernel) struct Steps {
    file: File,
}

/// An iterator program tied to what it walks: a map's elements, or for `None` what its type says.
#[derive(Debug)]
pub(in crate::kernel) struct Walk {
    link: OwnedFd,
}

impl Walk {
    /// aya's own link cannot point at a map.
    pub(in crate::kernel) fn attach(program: BorrowedFd<'_>, map: Option<BorrowedFd<'_>>) -> io::Result<Self> {
        let info = IterInfo { map_fd: map.map_or(0, |map| map.as_raw_fd().cast_unsigned()), rest: [0; 3] };
        let given = u32::from(map.is_some());
        let mut attr = LinkCreate {
            prog_fd: program.as_raw_fd().cast_unsigned(),
            target_fd: 0,
            attach_type: BPF_TRACE_ITER,
            flags: 0,
            iter_info: if map.is_some() { std::ptr::from_ref(&info) as u64 } else { 0 },
            iter_info_len: given * u32::try_from(size_of::<IterInfo>()).map_err(io::Error::other)?,
            pad: 0,
        };
        Ok(Self { link: bpf(BPF_LINK_CREATE, &mut attr)? })
    }

    pub(in crate::kernel) fn begin(&self) -> io::Result<Steps> {
        let mut attr = IterCreate { link_fd: self.link.as_raw_fd().cast_unsigned(), flags: 0 };
        Ok(Steps { file: File::from(bpf(BPF_ITER_CREATE, &mut attr)?) })
    }

    /// One whole walk.
    pub(in crate::kernel) fn run(&self) -> io::Result<()> {
        let mut steps = self.begin()?;
        while steps.step()? {}
        Ok(())
    }
}

impl Steps {
    /// Goes on until the program wants a breath, which it says with a byte, or has come to the end: then `false`.
    pub(in crate::kernel) fn step(&mut self) -> io::Result<bool> {
        // No longer than what the program writes at once, or one read would go on over many breaths.
        let mut breath = [0; 1];
        loop {
            match self.file.read(&mut breath) {
                Ok(read) => return Ok(read != 0),
                // The kernel takes a breath of its own after a million elements.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
