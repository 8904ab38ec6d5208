/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What lives in the kernel between two events. */
#pragma once

/* Flags of struct connection alone; the lower ones are enum record_flag. */
enum {
	LIVE = 1 << 16,    /* established, or adopted so */
	CLOSED = 1 << 17,  /* its CLOSE or FAIL went out */
	OWN_FIN = 1 << 18, /* this end's FIN was queued */
};

/* In the socket's own storage: found without hashing, freed with the socket. */
struct connection {
	u64 id;          /* 0: never seen */
	u64 syn_time;
	u64 established;
	u32 flags;
	u32 first_sent;     /* sequence number of the first payload byte this end sends */
	u32 first_received; /* and of the first the peer sends */
	u32 announced;      /* generation of the last ANNOUNCE, 0: none */
	u32 pass;           /* the last pass that sampled it */
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct connection);
} connections SEC(".maps");

#define RING_BYTES (4 << 20) /* 27,000 records */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

/* Read by mmap: a pass copies nothing and is linear, where seq_write rescans its bucket for every 32 KiB. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, struct sample);
} samples SEC(".maps");

/* Between user space and the sampler; written by one at a time. */
struct control {
	u32 generation; /* announce every connection whose last ANNOUNCE was of another generation; never 0 */
	u32 pass;       /* of the current pass; a pass that is cut goes on under the same number */
	u32 used;       /* slots of `samples` filled */
	u32 left;       /* live connections that found no slot, or no room in the ring: they come when the pass goes on */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct control);
} control SEC(".maps");

/* Ports in LISTEN, for the role of adopted connections; emptied after adoption. */
struct listener {
	u32 netns;
	u32 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct listener);
	__type(value, u8);
} listeners SEC(".maps");

/* Cgroups whose names went out. One that falls out of it is named again, which changes nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u8);
} cgroups SEC(".maps");

/* Every kind of loss and every odd turn, per CPU; `node-probe/src/kernel/losses.rs` names them. */
enum loss {
	LOSS_RECORD,        /* ring full: a CLOSE or FAIL was dropped */
	LOSS_ANNOUNCE,      /* ring full: an ANNOUNCE waits for the next pass */
	LOSS_CGROUP,        /* ring full: a cgroup's names wait for its next connection */
	LOSS_STORAGE,       /* no memory for a connection's storage */
	LOSS_SAMPLE,        /* no slot for a sample: it comes when the pass goes on */
	LOSS_LISTENER,      /* too many listening ports: roles of adopted connections may be missing */
	LOSS_UNTRACKED,     /* a close of a connection that was never seen before */
	LOSS_RECOVERED,     /* a close that only tcp_destroy_sock saw */
	LOSS_KINDS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_KINDS);
	__type(key, u32);
	__type(value, u64);
} losses SEC(".maps");

static __always_inline void count(u32 loss)
{
	u64 *value = bpf_map_lookup_elem(&losses, &loss);

	if (value)
		(*value)++;
}
