/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contract between the kernel and node-probe/pipeline/src/record.rs: same fields, same order, no holes. */
#pragma once

enum record_kind {
	RECORD_ANNOUNCE = 1, /* a live connection, at its first sample; with FLAG_ADOPTED its counters are a baseline */
	RECORD_CLOSE = 2,    /* an established connection ended; counters are final */
	RECORD_FAIL = 3,     /* a connect never established */
	RECORD_CGROUP = 4,   /* struct cgroup_record instead: a cgroup's first sight */
};

enum record_flag {
	FLAG_ACTIVE = 1,      /* this end sent the SYN */
	FLAG_PASSIVE = 2,     /* this end accepted; neither: the role could not be told */
	FLAG_ADOPTED = 4,     /* older than the probe */
	FLAG_UNTRACKED = 8,   /* CLOSE of a socket never seen before: no baseline, it adds nothing */
	FLAG_NEVER_SENT = 16, /* FAIL without a segment sent: no free port, no route */
};

/* Cumulative since the handshake. */
struct counters {
	u64 sent;               /* payload bytes handed to the network, each once */
	u64 received;           /* payload bytes taken from the network, in order */
	u64 retransmitted_bytes; /* payload bytes sent again, tcp_sock.bytes_retrans */
	u32 retransmits;        /* segments sent again, tcp_sock.total_retrans */
	u32 lost;               /* packets taken for lost, tcp_sock.lost */
	u32 srtt_us;            /* smoothed round-trip time now, microseconds; 0: none yet */
	u32 pad;
};
_Static_assert(sizeof(struct counters) == 40, "counters");

/* What a ring record of kind ANNOUNCE, CLOSE or FAIL says. Times are CLOCK_MONOTONIC nanoseconds. */
struct record {
	u32 kind;
	u32 flags;
	u64 id;          /* unique on this boot; 0: untracked */
	u64 time;        /* when the record was made */
	u64 syn_time;    /* SYN sent, 0: not seen */
	u64 established; /* handshake complete, 0: not seen */
	u64 cgroup;      /* inode of the socket's cgroup v2 directory */
	u32 netns;       /* inode of the socket's network namespace */
	s32 error;       /* sock.sk_err at the end, errno */
	u32 client_isn;  /* initial sequence number of the end that sent the SYN */
	u32 server_isn;  /* and of the other; both 0: not known */
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

/* The names of a cgroup's directory and those above it, nearest first, the root left out. */
#define CGROUP_LEVELS 8
#define CGROUP_NAME 96
struct cgroup_record {
	u32 kind; /* RECORD_CGROUP */
	u32 levels;
	u64 cgroup;
	char name[CGROUP_LEVELS][CGROUP_NAME]; /* NUL-terminated, cut at 95 bytes */
};
_Static_assert(sizeof(struct cgroup_record) == 16 + CGROUP_LEVELS * CGROUP_NAME, "cgroup_record");
