/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps: the state between two events. Pinned, so that a successor of the probe goes on with it. */
#pragma once

/*
 * Flags of struct connection only; the lower bits are enum record_flag. From SHARE_SHIFT on: the index into `shares` of
 * the share that the connection counts against. A field for it would make an entry larger than 128 bytes, and the
 * kernel would allocate 192.
 */
enum {
	BYPASSED = 1 << 13, /* some of its bytes bypass the socket's counters, which was counted */
	NO_SYN = 1 << 14, /* its connect sent no SYN: made with TCP_REPAIR */
	ENDED = 1 << 15, /* its end was recorded; the entry stays with its socket, so that it is not recorded twice */
	LIVE = 1 << 16, /* established: counts as such in its share; without it as half-open */
};
#define SHARE_SHIFT 17

/*
 * The fields that change with every segment sent or received. If they equal those of the last sample, all counters do.
 * Most connections are idle, so four reads are enough for them.
 */
struct snapshot {
	u32 owner; /* load that took it; another load ignores it. 0: none, or the socket was busy then */
	u32 segs_out, snd_nxt, acked, received;
};

/* From the first event of a connection until its socket is destroyed. */
struct connection {
	u64 id;
	u64 syn_time;
	u64 established;
	u32 flags;
	u32 first_sent;     /* sequence number of the first payload byte this end sends; before LIVE: errno of an ICMP error */
	u32 first_received; /* the same for the peer */
	u32 announced;      /* generation of the last ANNOUNCE; 0: none */
	u32 pass;           /* the last pass that sampled it */
	struct snapshot snapshot;
};

/*
 * By the address of the socket. Not a socket storage map: it takes two allocations a connection, and a walk over it
 * cannot be split, because it has one bucket per CPU. Twice as large as user space's table.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, u64);
	__type(value, struct connection);
} connections SEC(".maps");

/*
 * What one pod uses of the maps here. Counted by the program that inserts or deletes an entry, so that the counts match
 * the map even if programs are skipped or preempted.
 */
struct share {
	u64 pod;         /* id of the pod's cgroup; 0: free */
	u64 folded;      /* epoch << 32 | entries that it added to `folded` in that epoch */
	u32 established; /* entries of `connections` with LIVE */
	u32 half_open;   /* entries without LIVE */
	u64 pad[5];      /* a cache line each: CPUs that serve two pods do not contend */
};
_Static_assert(sizeof(struct share) == 64, "share");

#define SHARES 2048 /* at most 15 bits of flags; a power of two */
enum {
	SHARE_NO_POD = 0, /* all processes of the host */
	SHARE_ALL = 1,    /* half-open connections of all shares */
	SHARE_FIRST = 2,  /* pods from here on */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHARES);
	__type(key, u32);
	__type(value, struct share);
} shares SEC(".maps");

/* The share of a cgroup. An evicted one is looked up again. */
struct cgroup_share {
	u64 pod; /* id of the pod's cgroup; 0: not in a pod */
	u64 slot;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct cgroup_share);
} cgroup_shares SEC(".maps");

/*
 * Sockets that intentionally have no entry: older than the probe and not adopted, or refused because a table was full.
 * A socket that is in neither map is one whose beginning was missed. The value is the connection's `first_received`: a
 * socket may be freed while it is marked, and another one at its address has another.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, u32);
} unfollowed SEC(".maps");

#define RING_BYTES (4 << 20) /* 27,000 records */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

/* Full ring: CLOSE records of connections that user space knows by id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, u64);
	__type(value, struct record);
} closes SEC(".maps");

/* Full ring: sums over connections that user space does not know, so that an outage of any length fits. */
#define FOLDED 16384
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FOLDED);
	__type(key, struct folded_key);
	__type(value, struct folded);
} folded SEC(".maps");

/* Connections that one run of `sample` reads. Few, because a run holds its CPU. */
#define BATCH 32

/* Keys of `connections`, written by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BATCH);
	__type(key, u32);
	__type(value, u64);
} batch SEC(".maps");

/* Filled by `sample`; user space reads them by mmap, without a copy. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BATCH);
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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct adoption);
} adoption SEC(".maps");

/*
 * Buffers for records: too large for the stack, and a reserved ring record would block the reader while the program is
 * preempted. One for each program that may interrupt another on a CPU.
 */
enum place {
	PLACE_STATE,
	PLACE_DESTROY,
	PLACE_ADOPT,
	PLACES_OF_RECORDS,
};

struct scratch {
	union {
		struct record record;
		struct cgroup_record cgroup;
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PLACES_OF_RECORDS);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* ICMP errors that this machine has sent in answer to SYNs, by `error_key`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, s32);
} errors SEC(".maps");

/* Ports in LISTEN, for the role of adopted connections. Emptied after adoption. */
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

/* What was sent of a cgroup. An evicted one is sent again, and user space keeps the first. */
enum cgroup_seen {
	CGROUP_NAMES_SENT = 1,
	CGROUP_ADDRESS_SENT = 2,
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u8);
} cgroups SEC(".maps");

/*
 * Sockets that on_destroy handled lately, and the loads of those programs. While a load takes over, its program and the
 * previous one's may both see one destruction, and the entry that would tell the second is deleted. By the socket's
 * address and not by CPU, because the task may be preempted between both.
 */
struct destroyed {
	u64 socket;
	u32 snd_nxt, rcv_nxt; /* another socket may have the address later */
	u32 owner;
	u32 pad;
};

#define DESTROYED 1024 /* a power of two */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DESTROYED);
	__type(key, u32);
	__type(value, struct destroyed);
} destroyed_lately SEC(".maps");

/* Losses and unusual paths, per CPU. `node-probe/src/kernel/losses.rs` names them. */
enum loss {
	LOSS_RECORD,    /* ring and fallback full: a CLOSE or FAIL was dropped */
	LOSS_KEPT,      /* ring full: a CLOSE waits in `closes` */
	LOSS_FOLDED,    /* ring full: a CLOSE or FAIL was added to `folded` */
	LOSS_ANNOUNCE,  /* ring full: an ANNOUNCE is retried later in the pass */
	LOSS_CGROUP,    /* ring full: a cgroup's names or address wait for its next connection */
	LOSS_STORAGE,   /* `connections` full, or out of memory: a connection is not followed */
	LOSS_LISTENER,  /* too many listening ports: roles of adopted connections may be missing */
	LOSS_UNTRACKED, /* a close of a connection that is not followed */
	LOSS_RECOVERED, /* a close that only tcp_destroy_sock saw */
	LOSS_INERT,     /* a connection that began after the probe was gone for ABANDONED */
	LOSS_CONNECTIONS_SHARE, /* a pod's share of `connections` is full: its connection is not followed */
	LOSS_HALF_OPEN_SHARE,   /* a pod's share of half-open ones is full: followed only once it is established */
	LOSS_HALF_OPEN,         /* all half-open connections together are too many */
	LOSS_FOLDED_SHARE,      /* ring full, and a pod's share of `folded` too: a CLOSE or FAIL was dropped */
	LOSS_SHARES,            /* more pods than shares: one counts against the host's share */
	LOSS_MISSED, /* the beginning of a connection was missed: counted whole, when it is found or at its end */
	LOSS_BUSY,   /* a map was busy: a connection is found later, or an entry stays longer */
	LOSS_SOCKMAP, /* some bytes of a connection bypass its counters: a sockmap moves them from socket to socket */
	LOSS_TLS,     /* the same: a device makes the records of TLS */
	LOSS_SMC,     /* the same: SMC moves them through shared memory */
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

	/* Atomic, because a program that preempts this one may count on the same CPU. */
	if (value)
		__sync_fetch_and_add(value, 1);
}
