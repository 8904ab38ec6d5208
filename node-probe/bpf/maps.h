/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What lives in the kernel between two events. Pinned, so that a successor of the probe finds it. */
#pragma once

/* Flags of struct connection alone; the lower ones are enum record_flag. */
enum {
	LIVE = 1 << 16, /* established, or adopted so */
};

/*
 * What moves whenever a segment comes or goes. Where it stands as at the last sample, so does all else: most connections
 * are idle, and four reads tell.
 */
struct stance {
	u32 owner; /* who sampled it: a successor has not seen it; 0: nobody, or somebody worked on the socket then */
	u32 segs_out, snd_nxt, acked, received;
};

/* From the first sight of a connection to its CLOSE or FAIL. */
struct connection {
	u64 id;
	u64 syn_time;
	u64 established;
	u32 flags;
	u32 first_sent;     /* sequence number of the first payload byte this end sends */
	u32 first_received; /* and of the first the peer sends */
	u32 announced;      /* generation of the last ANNOUNCE, 0: none */
	u32 pass;           /* the last pass that looked at it */
	struct stance stance;
};

/*
 * By the address of the socket. Not the socket's own storage: that costs two allocations a connection, and a walk over
 * it cannot be cut, because it has one bucket per CPU. Twice the connections that user space follows.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, u64);
	__type(value, struct connection);
} connections SEC(".maps");

#define RING_BYTES (4 << 20) /* 27,000 records */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

/* A full ring sends here what user space knows by id: its CLOSE, whole. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, u64);
	__type(value, struct record);
} closes SEC(".maps");

/* And here what it has never heard of: added up, so that no outage is too long for it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct folded_key);
	__type(value, struct folded);
} folded SEC(".maps");

/* Connections between two breaths of a pass, which holds its CPU meanwhile. */
#define STRETCH 512
/* Read by mmap: a stretch copies nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STRETCH);
	__type(key, u32);
	__type(value, struct sample);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
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

/* What went out of a cgroup. One that falls out of here is told of again, and who hears it keeps what was first. */
enum cgroup_seen {
	CGROUP_NAMED = 1,
	CGROUP_SIGHTED = 2,
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u8);
} cgroups SEC(".maps");

/* Every kind of loss and every odd turn, per CPU; `node-probe/src/kernel/losses.rs` names them. */
enum loss {
	LOSS_RECORD,    /* ring and fallback full: a CLOSE or FAIL was dropped */
	LOSS_KEPT,      /* ring full: a CLOSE waits in `closes` */
	LOSS_FOLDED,    /* ring full: a CLOSE or FAIL was added to `folded` */
	LOSS_ANNOUNCE,  /* ring full: an ANNOUNCE waits for the pass to go on */
	LOSS_CGROUP,    /* ring full: a cgroup's names or address wait for its next connection */
	LOSS_STORAGE,   /* `connections` full, or no memory: a connection is not followed */
	LOSS_LISTENER,  /* too many listening ports: roles of adopted connections may be missing */
	LOSS_UNTRACKED, /* a close of a connection that was never seen before */
	LOSS_RECOVERED, /* a close that only tcp_destroy_sock saw */
	LOSS_INERT,     /* a connection that began while no probe had shown itself for long */
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
