/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Computes the counters of record.h from the fields that the kernel keeps for each socket. */
#pragma once

/* Orders the loads before it and those after it. */
#ifdef __TARGET_ARCH_arm64
/* arm64 reorders loads. It has no instruction for this in BPF, but an atomic that returns a value orders everything. */
#define load_barrier()                                                                                                      \
	({                                                                                                             \
		u64 nothing = 0;                                                                                       \
                                                                                                                       \
		asm volatile("" ::"r"(__sync_fetch_and_add(&nothing, 0)) : "memory");                                  \
	})
#else
#define load_barrier() asm volatile("" ::: "memory")
#endif

/*
 * A tracepoint's own socket is read directly. A pass has only addresses of sockets that may be freed: it reads with
 * bpf_probe_read_kernel, and checks afterwards that the connection is still there. `direct` is a compile-time constant.
 */
#define LOAD(p, field) (direct ? (p)->field : BPF_CORE_READ(p, field))

/* Unique on this boot, because no two connections begin on one CPU in the same nanosecond. */
static __always_inline u64 new_id(u64 now)
{
	return now << 10 | (bpf_get_smp_processor_id() & 1023);
}

static __always_inline bool has_own_fin(int state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSING || state == TCP_LAST_ACK;
}

#define ECONNABORTED 103

/*
 * Which end closed first? No program sees a FIN; the state before CLOSE shows whose came first. On the way to
 * TIME_WAIT, which is another structure, the socket goes to CLOSE from FIN_WAIT2 or CLOSING (tcp_time_wait). From
 * ESTABLISHED there was no FIN: a RST or timeout of the peer or a dead route set sk_err before. A local close with
 * unread data or SO_LINGER 0 has set none yet, and tcp_abort sets ECONNABORTED.
 */
static __always_inline bool is_by_remote(struct sock *sk, int state)
{
	int error = sk->sk_err;

	if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
		return 1;
	return state == TCP_ESTABLISHED && error && error != ECONNABORTED;
}

/* bytes_acked includes the SYN at the end that sent it. */
static __always_inline u32 acked_syn(const struct connection *c)
{
	return (c->flags & (FLAG_ACTIVE | NO_SYN)) == FLAG_ACTIVE;
}

/* Sequence number of the peer's first payload byte: the same for the life of a connection. */
static __always_inline u32 first_received(struct tcp_sock *tp, const bool direct)
{
	return LOAD(tp, rcv_nxt) - (u32)LOAD(tp, bytes_received);
}

/* Sequence numbers of the first payload bytes. */
static __always_inline void read_sequence(struct connection *c, struct tcp_sock *tp, const bool direct)
{
	u32 syn = acked_syn(c);
	u64 acked, una;

	/*
	 * The kernel adds to bytes_acked first and moves snd_una then. An adopted socket may be in the middle of that
	 * on another CPU: read in this order the difference is never too large, and in-flight bytes never negative.
	 */
	for (int i = 0; i < 4; i++) {
		acked = LOAD(tp, bytes_acked);
		load_barrier();
		una = LOAD(tp, snd_una);
		load_barrier();
		if (acked == LOAD(tp, bytes_acked))
			break;
	}
	c->first_sent = (u32)una - (u32)acked + syn;
	c->first_received = first_received(tp, direct);
}

/*
 * Has another socket the address of this live connection's? Both numbers must differ, because one of them may have been
 * read while it changed.
 */
static __always_inline bool is_anothers(const struct connection *c, struct tcp_sock *tp, const bool direct)
{
	struct connection now = { .flags = c->flags };

	read_sequence(&now, tp, direct);
	return now.first_sent != c->first_sent && now.first_received != c->first_received;
}

/* When the socket was established, or its application last read from its buffer, nanoseconds. 0: never established. */
static __always_inline u64 read_active(struct tcp_sock *tp, const bool direct)
{
	if (!bpf_core_field_exists(tp->rcvq_space.time))
		return 0;
	return LOAD(tp, rcvq_space.time) * 1000;
}

/* An established connection whose ESTABLISHED was missed. Without its time the SYN's has no use. */
static __always_inline void begin_late(struct connection *c, struct tcp_sock *tp, const bool direct)
{
	c->syn_time = 0;
	c->established = read_active(tp, direct);
	read_sequence(c, tp, direct);
}

/*
 * Payload bytes handed to the network, each once. Not bytes_sent - bytes_retrans, because bytes_sent includes packets
 * that the local stack dropped. All is computed from bytes_acked and a later read of snd_nxt, so that a sample taken
 * while another CPU uses the socket is a moment old, never too high.
 */
static __always_inline u64 read_sent(const struct connection *c, struct tcp_sock *tp, bool own_fin, const bool direct)
{
	u64 acked = LOAD(tp, bytes_acked);
	u32 next, in_flight;

	/* bytes_acked is 0 where the socket was disconnected before its end is seen. */
	if (acked && acked_syn(c))
		acked--;
	load_barrier();
	next = LOAD(tp, snd_nxt);
	in_flight = next - (c->first_sent + (u32)acked);
	if ((s32)in_flight < 0)
		in_flight = 0;
	load_barrier();
	/* A FIN takes the last sequence number. Seen before it is queued, this is one byte low until the next sample. */
	if (own_fin && next == LOAD(tp, write_seq) && acked + in_flight)
		return acked + in_flight - 1;
	return acked + in_flight;
}

/*
 * For on_destroy, when the state is lost: what was sent exceeds the payload by a FIN, and by the SYN at the end that
 * sent it. Packets dropped by the local stack hide the FIN; then the end of a connection that on_state missed counts
 * one byte too many.
 */
static __always_inline bool has_sent_fin(struct tcp_sock *tp, bool own_syn)
{
	u64 network = tp->bytes_acked + (u32)(tp->snd_nxt - tp->snd_una);

	return network > tp->bytes_sent - tp->bytes_retrans + own_syn;
}

/* Is the socket in use: softirq holds its spinlock, or a process owns it? */
static __always_inline bool is_busy(struct sock *sk, const bool direct)
{
	if (!bpf_core_field_exists(sk->sk_lock.slock.rlock.raw_lock.val.counter))
		return 1;
	return LOAD(sk, sk_lock.owned) || LOAD(sk, sk_lock.slock.rlock.raw_lock.val.counter);
}

/*
 * Payload bytes received in order. The kernel counts the peer's FIN in bytes_received an instant before it sets
 * SOCK_DONE, under the socket's lock. While the socket is in use the last byte is held back until the next sample. At
 * the end (`direct`) this program runs under the lock.
 */
static __always_inline u64 read_received(struct sock *sk, struct tcp_sock *tp, bool *held_back, const bool direct)
{
	u64 received = LOAD(tp, bytes_received);

	load_barrier();
	*held_back = !direct && is_busy(sk, direct);
	load_barrier();
	if (received && (*held_back || LOAD(sk, __sk_common.skc_flags) & 1 << SOCK_DONE))
		received--;
	return received;
}

/* tcp_min_rtt(). All ones before the first measurement. */
static __always_inline u32 read_min_rtt(struct tcp_sock *tp, const bool direct)
{
	u32 least = bpf_core_field_exists(tp->rtt_min) ? LOAD(tp, rtt_min.s[0].v) : 0;

	return least == ~0U ? 0 : least;
}

/* Returns whether a byte was held back, so that the next sample reads it again. */
static __always_inline bool read_counters(struct counters *to, const struct connection *c, struct sock *sk,
					  struct tcp_sock *tp, bool own_fin, const bool direct)
{
	bool held_back;

	to->sent = read_sent(c, tp, own_fin, direct);
	to->received = read_received(sk, tp, &held_back, direct);
	to->retransmitted_bytes = LOAD(tp, bytes_retrans);
	to->retransmits = LOAD(tp, total_retrans);
	to->lost = LOAD(tp, lost); /* cumulative; lost_out is only what is missing now */
	to->srtt_us = LOAD(tp, srtt_us) >> 3;
	to->min_rtt_us = read_min_rtt(tp, direct);
	return held_back;
}

static __always_inline struct snapshot read_snapshot(struct tcp_sock *tp)
{
	return (struct snapshot){
		.segs_out = BPF_CORE_READ(tp, segs_out),
		.snd_nxt = BPF_CORE_READ(tp, snd_nxt),
		.acked = BPF_CORE_READ(tp, bytes_acked),
		.received = BPF_CORE_READ(tp, bytes_received),
	};
}

static __always_inline bool is_same(const struct snapshot *one, const struct snapshot *other)
{
	return one->segs_out == other->segs_out && one->snd_nxt == other->snd_nxt && one->acked == other->acked &&
	       one->received == other->received;
}

static __always_inline void map_v4(u8 to[16], __be32 address)
{
	__builtin_memset(to, 0, 16);
	to[10] = to[11] = 0xff;
	__builtin_memcpy(to + 12, &address, 4);
}

static __always_inline void read_local(u8 to[16], struct sock *sk, const bool direct)
{
	if (LOAD(sk, __sk_common.skc_family) == AF_INET6)
		bpf_probe_read_kernel(to, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	else
		map_v4(to, LOAD(sk, __sk_common.skc_rcv_saddr));
}

/* 127.0.0.0/8 or ::1. */
static __always_inline bool is_loopback(struct sock *sk)
{
	u8 local[16];

	read_local(local, sk, 1);
	for (int i = 0; i < 10; i++)
		if (local[i])
			return 0;
	if (local[10] == 0xff)
		return local[12] == 127;
	return !local[10] && !local[11] && !local[12] && !local[13] && !local[14] && local[15] == 1;
}

static __always_inline void read_addresses(struct record *r, struct sock *sk, struct tcp_sock *tp, const bool direct)
{
	/* skc_num is gone at TCP_CLOSE, inet_sport is not. */
	r->local_port = __builtin_bswap16(LOAD(tp, inet_conn.icsk_inet.inet_sport));
	r->remote_port = __builtin_bswap16(LOAD(sk, __sk_common.skc_dport));
	read_local(r->local, sk, direct);
	if (LOAD(sk, __sk_common.skc_family) == AF_INET6)
		bpf_probe_read_kernel(r->remote, 16, &sk->__sk_common.skc_v6_daddr);
	else
		map_v4(r->remote, LOAD(sk, __sk_common.skc_daddr));
}

static __always_inline u32 read_netns(struct sock *sk, const bool direct)
{
	if (direct)
		return sk->__sk_common.skc_net.net->ns.inum;
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/*
 * Did the machine's root make the socket's network namespace, as a container runtime does for a pod? One that a
 * container makes itself, as with `unshare -Urn`, belongs to a user namespace below the initial one, and may use any
 * address.
 */
static __always_inline bool is_made_by_root(struct sock *sk, const bool direct)
{
	if (direct)
		return !sk->__sk_common.skc_net.net->user_ns->level;
	return !BPF_CORE_READ(sk, __sk_common.skc_net.net, user_ns, level);
}

/* The network namespace for user space; 0 for one that a container made itself, which identifies no pod. */
static __always_inline u32 read_trusted_netns(struct sock *sk, const bool direct)
{
	return is_made_by_root(sk, direct) ? read_netns(sk, direct) : 0;
}

static __always_inline u64 read_cgroup(struct sock *sk, const bool direct)
{
	if (direct)
		return sk->sk_cgrp_data.cgroup->kn->id;
	return BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
}

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *old = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ(old, parent);
}
