/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contract between the kernel and node-probe/pipeline/src/record.rs: same fields, same order, no holes. */
#pragma once

enum record_kind {
	RECORD_ANNOUNCE = 1, /* a live connection, at its first sample; with FLAG_ADOPTED its counters are a baseline */
	RECORD_CLOSE = 2,    /* an established connection ended; counters are final */
	RECORD_FAIL = 3,     /* a connect never established */
	RECORD_CGROUP = 4,   /* struct cgroup_record instead: a cgroup is first seen */
	RECORD_ADDRESS = 5,  /* struct address_record instead: a cgroup's first connection that is not loopback */
};

enum record_flag {
	FLAG_ACTIVE = 1,      /* this end sent the SYN */
	FLAG_PASSIVE = 2,     /* this end accepted; neither: the role is not known */
	FLAG_ADOPTED = 4,     /* older than the probe */
	FLAG_UNTRACKED = 8,   /* CLOSE of a socket that is not followed: no baseline, so it adds nothing */
	FLAG_NEVER_SENT = 16, /* FAIL without a segment sent: no free port, no route */
	FLAG_BY_REMOTE = 32,  /* CLOSE: the other end closed first, by FIN or RST or by a timeout */
	FLAG_CUT = 64,        /* CLOSE: this end sent no FIN */
};

/* `srtt_us` of a sample that is unchanged since the last one: its other fields are not set. */
#define STILL (~0U)

/* Cumulative since the handshake. */
struct counters {
	u64 sent;               /* payload bytes handed to the network, each once */
	u64 received;           /* payload bytes taken from the network, in order */
	u64 retransmitted_bytes; /* payload bytes sent again, tcp_sock.bytes_retrans */
	u32 retransmits;        /* segments sent again, tcp_sock.total_retrans */
	u32 lost;               /* packets marked lost, tcp_sock.lost */
	u32 srtt_us;            /* smoothed round-trip time now, microseconds; 0: none yet. STILL: see there */
	u32 min_rtt_us;         /* least round-trip time of the kernel's window, minutes, microseconds; 0: none yet */
};
_Static_assert(sizeof(struct counters) == 40, "counters");

/* A ring record of kind ANNOUNCE, CLOSE or FAIL. Times are CLOCK_MONOTONIC nanoseconds. */
struct record {
	u32 kind;
	u32 flags;
	u64 id;          /* unique on this boot; 0: untracked */
	u64 time;        /* when the record was made */
	u64 syn_time;    /* SYN sent, 0: not seen */
	u64 established; /* handshake complete, if syn_time is 0 perhaps a little earlier; 0: not known */
	u64 cgroup;      /* inode of the socket's cgroup v2 directory */
	u32 netns;       /* inode of the socket's network namespace */
	s32 error;       /* sock.sk_err at the end, errno */
	u32 client_isn;  /* initial sequence number of the end that sent the SYN */
	u32 server_isn;  /* and of the other end; both 0: not known */
	u8 local[16];    /* IPv4 as ::ffff:a.b.c.d */
	u8 remote[16];
	u16 local_port;  /* host order */
	u16 remote_port;
	u32 pad;
	struct counters counters;
};
_Static_assert(sizeof(struct record) == 144, "record");

/* One slot of the sample array. */
struct sample {
	u64 id;
	struct counters counters;
};
_Static_assert(sizeof(struct sample) == 48, "sample");

/*
 * Names of a cgroup's directory and of those above it, below the tree's root. `levels` counts them. The names of the
 * CGROUP_LEVELS nearest the root are kept: the directory n steps above the cgroup's own is name[n % CGROUP_LEVELS].
 */
#define CGROUP_LEVELS 8
#define CGROUP_NAME 96
#define CGROUP_DEPTH 512    /* steps up at most */
#define CGROUP_OUTSIDE ~0U  /* `levels` of one that is not below the root, or deeper than CGROUP_DEPTH */
struct cgroup_record {
	u32 kind; /* RECORD_CGROUP */
	u32 levels;
	u64 cgroup;
	char name[CGROUP_LEVELS][CGROUP_NAME]; /* NUL-terminated, cut at 95 bytes */
};
_Static_assert(sizeof(struct cgroup_record) == 16 + CGROUP_LEVELS * CGROUP_NAME, "cgroup_record");

/* The first address that a cgroup's connections use, and the time of the first. */
struct address_record {
	u32 kind; /* RECORD_ADDRESS */
	u32 netns;
	u64 cgroup;
	u64 time;     /* CLOCK_MONOTONIC nanoseconds */
	u8 local[16]; /* IPv4 as ::ffff:a.b.c.d */
};
_Static_assert(sizeof(struct address_record) == 40, "address_record");

/* Full ring: ends of connections that user space does not know, summed by these fields. */
struct folded_key {
	u64 cgroup;
	u32 epoch; /* of struct control when it was added: entries of earlier epochs do not change any more */
	u32 netns;
	u32 kind;  /* RECORD_CLOSE or RECORD_FAIL */
	u32 flags; /* as in struct record, without FLAG_BY_REMOTE and FLAG_CUT */
	s32 error; /* of a FAIL, else 0 */
	u16 port;  /* the server's; the client's is lost */
	u16 pad;
	u8 local[16];
	u8 remote[16];
};
_Static_assert(sizeof(struct folded_key) == 64, "folded_key");

struct folded {
	u64 first; /* when the first was added */
	u64 last;
	u64 connections;
	u64 closed_by_remote; /* with FLAG_BY_REMOTE */
	u64 sent, received, retransmitted_bytes, retransmits, lost; /* sums of struct counters */
};
_Static_assert(sizeof(struct folded) == 72, "folded");

/* Shared by user space and the programs; user space maps it. */
struct control {
	u64 instance;   /* id of this set of maps; 0: incomplete, its probe was killed while it made them */
	u64 alive;      /* when a probe last renewed this, CLOCK_MONOTONIC nanoseconds */
	u64 wake_at;    /* position in the ring from which a record wakes the reader */
	u32 owner;      /* the load whose programs count; those of others return at once */
	u32 epoch;      /* of struct folded_key */
	u32 generation; /* connections last announced in another generation are announced again; never 0 */
	u32 pass;       /* number of the current pass, kept when the pass is interrupted; never 0 */
	u32 batched;    /* keys in `batch` */
	u32 used;       /* slots of `samples` filled in this run */
	u32 left;       /* live connections that found no room in the ring: they are announced later in the pass */
	u32 pad;
};
_Static_assert(sizeof(struct control) == 56, "control");

/* Like `control`: the meaning of a socket without an entry. */
struct adoption {
	u64 since;    /* when the programs were attached, CLOCK_MONOTONIC nanoseconds */
	u32 complete; /* 0: the socket may be older than the probe; 1: its beginning was missed */
	u32 pad;
};
_Static_assert(sizeof(struct adoption) == 16, "adoption");
