/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What lives in the kernel between two events. Pinned, so that a successor of the probe finds it. */
#pragma once

/*
 * Flags of struct connection alone; the lower ones are enum record_flag. From SHARE_SHIFT on stands the index into `shares`
 * of the share that the connection counts against: a field of its own would put an entry over 128 bytes, and the kernel
 * would then allocate 192.
 */
enum {
	BYPASSED = 1 << 13, /* some of its bytes pass elsewhere, and that was told */
	NO_SYN = 1 << 14, /* it was made with TCP_REPAIR: its connect sent nothing */
	ENDED = 1 << 15, /* its end was told: it stays until its socket goes, so that nobody tells it again */
	LIVE = 1 << 16, /* established, or adopted so; counts as such in its share, and without it as half-open */
};
#define SHARE_SHIFT 17

/*
 * What moves whenever a segment comes or goes. Where it stands as at the last sample, so does all else: most connections
 * are idle, and four reads tell.
 */
struct stance {
	u32 owner; /* who sampled it: a successor has not seen it; 0: nobody, or somebody worked on the socket then */
	u32 segs_out, snd_nxt, acked, received;
};

/* From the first sight of a connection until its socket goes. */
struct connection {
	u64 id;
	u64 syn_time;
	u64 established;
	u32 flags;
	u32 first_sent;     /* sequence number of the first payload byte this end sends; before LIVE: errno of an ICMP error */
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

/*
 * What one pod holds of the tables here. Counted when an entry is made and when it is deleted, by whoever did it, so that
 * the counts are the table's own whatever is skipped or preempted.
 */
struct share {
	u64 pod;         /* id of the pod's cgroup; 0: free */
	u64 folded;      /* epoch << 32 | entries of `folded` made in that epoch */
	u32 established; /* entries of `connections` with LIVE */
	u32 half_open;   /* and without */
	u64 pad[5];      /* a cache line each: CPUs that serve two pods do not wait for each other */
};
_Static_assert(sizeof(struct share) == 64, "share");

#define SHARES 2048 /* 15 bits of flags at most; a power of two */
enum {
	SHARE_NO_POD = 0, /* processes of the host, together */
	SHARE_ALL = 1,    /* the half-open connections of all */
	SHARE_FIRST = 2,  /* pods from here on */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHARES);
	__type(key, u32);
	__type(value, struct share);
} shares SEC(".maps");

/* Which share a cgroup belongs to. One that falls out of here is looked up again. */
struct cgroup_share {
	u64 pod; /* id of the pod's cgroup; 0: of no pod */
	u64 slot;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct cgroup_share);
} cgroup_shares SEC(".maps");

/*
 * Sockets that have no entry for a reason: older than the probe and not to be adopted, or refused for want of room. What is
 * neither here nor there is one whose beginning was missed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, u8);
} unfollowed SEC(".maps");

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
#define FOLDED 16384
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FOLDED);
	__type(key, struct folded_key);
	__type(value, struct folded);
} folded SEC(".maps");

/* Connections that one run of `sample` reads. It holds its CPU meanwhile. */
#define BATCH 128

/* Their keys, written by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BATCH);
	__type(key, u32);
	__type(value, u64);
} batch SEC(".maps");

/* Read by mmap: a run copies nothing. */
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
 * Where records are put together: too much for the stack, and one of the ring that is being filled would stop its reader for as
 * long as the program is preempted. One for each program that may stand on a CPU in the midst of it.
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

/* ICMP errors that this machine has answered SYNs with, by `error_key`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, s32);
} errors SEC(".maps");

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
	LOSS_UNTRACKED, /* a close of a connection that is not followed */
	LOSS_RECOVERED, /* a close that only tcp_destroy_sock saw */
	LOSS_INERT,     /* a connection that began while no probe had shown itself for long */
	LOSS_CONNECTIONS_SHARE, /* a pod holds its share of `connections`: a connection of it is not followed */
	LOSS_HALF_OPEN_SHARE,   /* a pod holds its share of half-open ones: followed only once it is established */
	LOSS_HALF_OPEN,         /* all pods together do */
	LOSS_FOLDED_SHARE,      /* ring full, and a pod holds its share of `folded`: a CLOSE or FAIL was dropped */
	LOSS_SHARES,            /* more pods than shares: one counts with the host's processes */
	LOSS_MISSED, /* a connection whose beginning no program saw: counted whole, when it is found or at its end */
	LOSS_BUSY,   /* a map that was busy: a connection is found later, or an entry stays longer */
	LOSS_SOCKMAP, /* a connection some of whose bytes pass its socket by: a program hands them from socket to socket */
	LOSS_TLS,     /* or a device makes the records of TLS */
	LOSS_SMC,     /* or it is SMC's, and they go through memory */
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

	/* Where programs are preempted, another one of this CPU may be counting. */
	if (value)
		__sync_fetch_and_add(value, 1);
}
