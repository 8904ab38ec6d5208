//! Checks whether programs can use atomic operations that return the old value. BTF does not show it, so one is loaded.

use super::bpf::{Attr, bpf_fd};
use std::io;

const BPF_PROG_LOAD: libc::c_long = 5;
const SOCKET_FILTER: u32 = 1;

/// `r1 = 0; *(u64 *)(r10 - 8) = 0; r1 = fetch_add(r10 - 8, r1); r0 = 0; exit`, as (opcode, registers, offset, immediate).
const PROGRAM: [(u8, u8, i16, i32); 5] =
    [(0xb7, 0x01, 0, 0), (0x7a, 0x0a, -8, 0), (0xdb, 0x1a, -8, 1), (0xb7, 0x00, 0, 0), (0x95, 0, 0, 0)];

/// `union bpf_attr` of BPF_PROG_LOAD, the fields used here.
#[repr(C)]
struct ProgLoad {
    prog_type: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
}

// SAFETY: repr(C), integers only; `insns` and `license` are addresses of live bytes.
unsafe impl Attr for ProgLoad {}

/// `false` only if the kernel does not know them. Other errors are ignored, because the next load reports them better.
pub(in crate::kernel) fn has_atomics() -> bool {
    let instructions = PROGRAM.map(|(opcode, registers, offset, immediate)| {
        let mut bytes = [0; 8];
        bytes[0] = opcode;
        // dst in the low half, as compilers lay bit fields out on little-endian machines.
        bytes[1] = registers;
        bytes[2..4].copy_from_slice(&offset.to_ne_bytes());
        bytes[4..].copy_from_slice(&immediate.to_ne_bytes());
        bytes
    });
    let mut attr = ProgLoad {
        prog_type: SOCKET_FILTER,
        insn_cnt: 5,
        insns: instructions.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
    };
    !bpf_fd(BPF_PROG_LOAD, &mut attr).is_err_and(|error| is_unknown(&error))
}

fn is_unknown(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_kernel_knows_them() {
        assert!(has_atomics());
    }
}
