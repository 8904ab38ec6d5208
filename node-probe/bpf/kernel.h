/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Kernel types by hand, with only the fields that are read. CO-RE relocates their offsets at load, so their order here
 * means nothing. bpf_core_field_exists finds absent ones.
 */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __le16;
typedef __u16 __be16;
typedef __u16 __sum16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef _Bool bool;

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { ENOENT = 2, E2BIG = 7, ENOMEM = 12, EEXIST = 17 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_MMAPABLE = 1024 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_PROD_POS = 3 };

enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
};
enum { IPPROTO_TCP = 6, IPPROTO_MPTCP = 262 };
enum { AF_INET = 2, AF_INET6 = 10 };
enum { SOCK_STREAM = 1 };
enum { SOCK_DONE = 1 }; /* bit of skc_flags: the peer's FIN was received */

#define CORE __attribute__((preserve_access_index))

struct in6_addr {
	__u8 in6_u[16];
} CORE;

struct ns_common {
	u32 inum;
} CORE;

struct user_namespace {
	int level; /* 0: the initial one */
} CORE;

struct net {
	struct ns_common ns;
	struct user_namespace *user_ns; /* owner: root of it may do anything in this namespace */
} CORE;

typedef struct {
	struct net *net;
} possible_net_t;

struct kernfs_node {
	u64 id;
	const char *name;
	struct kernfs_node *__parent; /* since 6.15 */
} CORE;

struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
} CORE;

struct cgroup {
	struct kernfs_node *kn;
} CORE;

struct sock_cgroup_data {
	struct cgroup *cgroup;
} CORE;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	u8 skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
} CORE;

/* Layout of the lock without PREEMPT_RT. With it the fields are absent, and every socket counts as busy. */
typedef struct {
	int counter;
} atomic_t;

struct qspinlock {
	atomic_t val;
} CORE;

struct raw_spinlock {
	struct qspinlock raw_lock;
} CORE;

typedef struct spinlock {
	struct raw_spinlock rlock;
} spinlock_t;

typedef struct {
	spinlock_t slock;
	int owned;
} socket_lock_t;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	int sk_err;
	int sk_err_soft;
	void *sk_user_data;
	void *sk_validate_xmit_skb; /* in kernels with TLS offload to devices */
	u16 sk_type, sk_protocol;
	struct sock_cgroup_data sk_cgrp_data;
} CORE;

struct inet_sock {
	__be16 inet_sport;
} CORE;

struct request_sock {
	struct request_sock *dl_next;
	struct sock *sk;
} CORE;

/* Of a listener: connections that wait for accept(). */
struct request_sock_queue {
	struct request_sock *rskq_accept_head;
} CORE;

struct tcp_ulp_ops {
	char name[16];
} CORE;

struct inet_connection_sock {
	const struct tcp_ulp_ops *icsk_ulp_ops;
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
} CORE;

struct minmax_sample {
	u32 v;
} CORE;

struct minmax {
	struct minmax_sample s[3];
} CORE;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 segs_out, lost, total_retrans, srtt_us;
	u32 write_seq, snd_nxt, snd_una, rcv_nxt;
	u64 bytes_sent, bytes_received, bytes_acked, bytes_retrans;
	u32 segs_in;
	struct minmax rtt_min;
	bool syn_smc; /* in kernels with SMC: both ends support it */
	struct {
		u64 time;
	} rcvq_space;
} CORE;

struct socket {
	struct sock *sk;
} CORE;

struct sk_buff {
	unsigned char *head;
	u16 network_header;
} CORE;

struct seq_file;
struct task_struct;
struct file;
struct bpf_map;

struct bpf_iter_meta {
	struct seq_file *seq;
} CORE;

struct bpf_iter__bpf_map_elem {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct bpf_map *map;
	};
	union {
		void *key;
	};
	union {
		void *value;
	};
} CORE;

struct bpf_iter__task_file {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct task_struct *task;
	};
	u32 fd;
	union {
		struct file *file;
	};
} CORE;
