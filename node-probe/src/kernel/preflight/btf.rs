//! Finds types, members, tracepoints, iterators and helpers in the kernel's type information (BTF).
//!
//! One walk over it, which looks at requested names only. The layout is that of `include/uapi/linux/btf.h`.

use std::collections::HashMap;

const HEADER: usize = 24;
const MAGIC: u16 = 0xeb9f;

/// Kinds of types.
const INT: u32 = 1;
const ARRAY: u32 = 3;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const TYPEDEF: u32 = 8;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;
const VAR: u32 = 14;
const DATASEC: u32 = 15;
const DECL_TAG: u32 = 17;
const ENUM64: u32 = 19;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Of a struct or union, or of an unnamed member of one.
    Member(&'static str, &'static str),
    /// A value of an enum.
    Value(&'static str, &'static str),
    Typedef(&'static str),
    Function(&'static str),
}

impl Wanted {
    fn name(self) -> &'static str {
        match self {
            Self::Member(name, _) | Self::Value(name, _) | Self::Typedef(name) | Self::Function(name) => name,
        }
    }
}

/// One type. Its kind defines what follows it.
#[derive(Clone, Copy)]
struct Type<'a> {
    name: u32,
    kind: u32,
    length: usize,
    /// After the common twelve bytes.
    rest: &'a [u8],
}

struct Types<'a> {
    types: Vec<Type<'a>>,
    strings: &'a [u8],
}

/// Which of them exist, in the same order. `None`: these bytes are not BTF.
pub(super) fn find(bytes: &[u8], wanted: &[Wanted]) -> Option<Vec<bool>> {
    let types = Types::read(bytes)?;
    let mut by_name: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (index, wanted) in wanted.iter().enumerate() {
        by_name.entry(wanted.name().as_bytes()).or_default().push(index);
    }
    let mut found = vec![false; wanted.len()];
    for one in &types.types {
        if !matches!(one.kind, STRUCT | UNION | ENUM | ENUM64 | TYPEDEF | FUNC) {
            continue;
        }
        for index in by_name.get(types.name(one.name)).into_iter().flatten() {
            found[*index] |= types.is(one, wanted[*index]);
        }
    }
    Some(found)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

impl<'a> Types<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let magic = u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?);
        if magic != MAGIC {
            return None;
        }
        let header = number(bytes, 4)? as usize;
        let section = |at| {
            let start = header.checked_add(number(bytes, at)? as usize)?;
            bytes.get(start..start.checked_add(number(bytes, at + 4)? as usize)?)
        };
        if header < HEADER {
            return None;
        }
        let (mut left, strings) = (section(8)?, section(16)?);
        // Types are counted from 1; 0 is void.
        let mut types = vec![Type { name: 0, kind: 0, length: 0, rest: &[] }];
        while !left.is_empty() {
            let (info, rest) = (number(left, 4)?, left.get(12..)?);
            let (kind, length) = (info >> 24 & 31, (info & 0xffff) as usize);
            let bytes = match kind {
                INT | VAR | DECL_TAG => 4,
                ARRAY => 12,
                STRUCT | UNION | DATASEC | ENUM64 => 12 * length,
                ENUM | FUNC_PROTO => 8 * length,
                _ => 0,
            };
            types.push(Type { name: number(left, 0)?, kind, length, rest: rest.get(..bytes)? });
            left = rest.get(bytes..)?;
        }
        Some(Self { types, strings })
    }

    fn name(&self, at: u32) -> &'a [u8] {
        let name = self.strings.get(at as usize..).unwrap_or_default();
        name.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    fn is(&self, one: &Type<'_>, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Member(_, member) => self.has_member(one, member, 0),
            Wanted::Value(_, value) => {
                let each = if one.kind == ENUM64 { 12 } else { 8 };
                matches!(one.kind, ENUM | ENUM64) && self.names(one, each).any(|(name, _)| name == value.as_bytes())
            }
            Wanted::Typedef(_) => one.kind == TYPEDEF,
            Wanted::Function(_) => one.kind == FUNC,
        }
    }

    /// Names and the numbers after them.
    fn names(&self, one: &Type<'a>, each: usize) -> impl Iterator<Item = (&'a [u8], u32)> {
        let entries = one.rest.chunks_exact(each).take(one.length);
        entries.filter_map(|entry| Some((self.name(number(entry, 0)?), number(entry, 4)?)))
    }

    fn has_member(&self, one: &Type<'a>, member: &str, depth: u32) -> bool {
        // A bound for malformed BTF, deeper than any kernel's.
        if !matches!(one.kind, STRUCT | UNION) || depth > 8 {
            return false;
        }
        self.names(one, 12).any(|(name, of)| {
            let within = || self.types.get(of as usize).is_some_and(|of| self.has_member(of, member, depth + 1));
            name == member.as_bytes() || (name.is_empty() && within())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_running_kernel_has_what_it_has_and_nothing_else() {
        let bytes = fs::read("/sys/kernel/btf/vmlinux").unwrap();
        let found = find(
            &bytes,
            &[
                Wanted::Member("tcp_sock", "bytes_acked"),
                // Within unnamed unions.
                Wanted::Member("sock_common", "skc_daddr"),
                Wanted::Member("tcp_sock", "bytes_eaten"),
                Wanted::Member("tcp_socks", "bytes_acked"),
                Wanted::Value("bpf_func_id", "BPF_FUNC_sock_from_file"),
                Wanted::Value("bpf_func_id", "BPF_FUNC_sock_from_fire"),
                Wanted::Typedef("btf_trace_inet_sock_set_state"),
                Wanted::Typedef("bpf_iter_task_file"),
                Wanted::Function("bpf_iter_task_file"),
            ],
        );
        assert_eq!(found, Some(vec![true, true, false, false, true, false, true, false, true]));
    }

    #[test]
    fn bytes_that_end_early_or_are_others_are_none() {
        let bytes = fs::read("/sys/kernel/btf/vmlinux").unwrap();
        for bytes in [&bytes[..bytes.len() - 1], &bytes[..30], &bytes[..3], b"", b"no type information at all, it is"] {
            assert_eq!(find(bytes, &[]), None);
        }
    }
}
