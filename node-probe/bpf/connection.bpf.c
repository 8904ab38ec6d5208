// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * TCP connections of the whole machine: two tracepoints tell when they begin and end, an iterator over their storage
 * reads the counters that the kernel keeps anyway. Nothing here runs per packet.
 *
 *   on_state, on_destroy  CLOSE, FAIL, cgroup names -> ring `events`
 *   sample                ANNOUNCE -> ring `events`; counters -> array `samples`
 *   find_listeners, adopt once at start: connections older than the probe get their storage
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "record.h"
#include "maps.h"
#include "read.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A reader that polls finds most records; only a ring that fills wakes it. */
static __always_inline u64 wakeup(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > RING_BYTES / 4 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *old = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ(old, parent);
}

/* The names go out when a cgroup is first seen: its directory may be gone before user space could look. */
static __always_inline u64 see_cgroup(const struct sock *sk)
{
	struct kernfs_node *node = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn), *above;
	u64 id = BPF_CORE_READ(node, id);
	struct cgroup_record *r;
	u8 seen = 1;

	if (!id || bpf_map_lookup_elem(&cgroups, &id))
		return id;
	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r) {
		count(LOSS_CGROUP);
		return id;
	}
	r->kind = RECORD_CGROUP;
	r->cgroup = id;
	r->levels = 0;
	for (int i = 0; i < CGROUP_LEVELS; i++) {
		above = node ? parent_of(node) : 0;
		if (!above)
			break;
		bpf_probe_read_kernel_str(r->name[i], CGROUP_NAME, BPF_CORE_READ(node, name));
		r->levels = i + 1;
		node = above;
	}
	bpf_ringbuf_submit(r, wakeup());
	bpf_map_update_elem(&cgroups, &id, &seen, BPF_ANY);
	return id;
}

static __always_inline int emit(u32 kind, struct connection *c, const struct sock *sk, const struct tcp_sock *tp,
				bool own_fin, bool live)
{
	struct record *r;
	bool active = c->flags & FLAG_ACTIVE;
	bool named = c->flags & LIVE;

	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r)
		return -1;
	r->kind = kind;
	r->flags = c->flags & 0xffff;
	r->id = c->id;
	r->time = bpf_ktime_get_ns();
	r->syn_time = c->syn_time;
	r->established = c->established;
	r->cgroup = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	r->netns = sk->__sk_common.skc_net.net->ns.inum;
	r->error = sk->sk_err;
	r->client_isn = named ? (active ? c->first_sent : c->first_received) - 1 : 0;
	r->server_isn = named ? (active ? c->first_received : c->first_sent) - 1 : 0;
	r->pad = 0;
	read_addresses(r, sk, tp);
	if (named)
		read_counters(&r->counters, c, sk, tp, own_fin, live);
	else
		__builtin_memset(&r->counters, 0, sizeof(r->counters));
	if (kind == RECORD_FAIL && !tp->segs_out)
		r->flags |= FLAG_NEVER_SENT;
	bpf_ringbuf_submit(r, wakeup());
	return 0;
}

static __always_inline int connecting(struct sock *sk)
{
	struct connection *c = bpf_sk_storage_get(&connections, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	u64 now = bpf_ktime_get_ns();

	if (!c) {
		count(LOSS_STORAGE);
		return 0;
	}
	__builtin_memset(c, 0, sizeof(*c)); /* a socket may connect again after AF_UNSPEC */
	c->id = new_id(now);
	c->syn_time = now;
	c->flags = FLAG_ACTIVE;
	see_cgroup(sk);
	return 0;
}

static __always_inline int established(struct sock *sk, struct tcp_sock *tp, int old_state)
{
	struct connection *c = bpf_sk_storage_get(&connections, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	u64 now = bpf_ktime_get_ns();

	if (!c) {
		count(LOSS_STORAGE);
		return 0;
	}
	if (!c->id || c->flags & CLOSED) {
		__builtin_memset(c, 0, sizeof(*c));
		c->id = new_id(now);
		/* SYN_SENT here: its connect began before the probe. */
		c->flags = old_state == TCP_SYN_RECV ? FLAG_PASSIVE : FLAG_ACTIVE;
		see_cgroup(sk);
	}
	c->established = now;
	c->flags |= LIVE;
	read_sequence(c, tp);
	return 0;
}

static __always_inline int ended(u32 kind, struct connection *c, struct sock *sk, struct tcp_sock *tp, bool own_fin)
{
	if (c->flags & CLOSED)
		return 0;
	if (emit(kind, c, sk, tp, own_fin, 0))
		count(LOSS_RECORD);
	c->flags |= CLOSED; /* afterwards: what a pass skips has its CLOSE in the ring already */
	return 0;
}

static __always_inline int closed(struct sock *sk, struct tcp_sock *tp, int old_state)
{
	struct connection *c = bpf_sk_storage_get(&connections, sk, 0, 0);
	struct connection unseen = {};

	if (c && c->id) {
		bool failed = old_state == TCP_SYN_SENT || (old_state == TCP_SYN_RECV && !(c->flags & LIVE));

		if (failed)
			return c->flags & FLAG_ACTIVE ? ended(RECORD_FAIL, c, sk, tp, 0) : 0;
		/* An ESTABLISHED that this program did not see, because it interrupted itself: nothing has moved before. */
		if (!(c->flags & LIVE)) {
			read_sequence(c, tp);
			c->flags |= LIVE;
		}
		return ended(RECORD_CLOSE, c, sk, tp, has_own_fin(old_state));
	}
	if (old_state == TCP_SYN_RECV)
		return 0;
	see_cgroup(sk);
	if (old_state == TCP_SYN_SENT) { /* began before the probe; a failure needs no baseline */
		unseen.id = new_id(bpf_ktime_get_ns());
		unseen.flags = FLAG_ACTIVE;
		return ended(RECORD_FAIL, &unseen, sk, tp, 0);
	}
	count(LOSS_UNTRACKED);
	unseen.flags = FLAG_UNTRACKED;
	return ended(RECORD_CLOSE, &unseen, sk, tp, has_own_fin(old_state));
}

/* For on_destroy alone: by then the state no longer tells. */
static __always_inline int own_fin_queued(struct sock *sk)
{
	struct connection *c = bpf_sk_storage_get(&connections, sk, 0, 0);

	if (c)
		c->flags |= OWN_FIN;
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int old_state, int new_state)
{
	struct tcp_sock *tp;

	if (sk->sk_protocol != IPPROTO_TCP || old_state == TCP_LISTEN || old_state == new_state)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	switch (new_state) {
	case TCP_SYN_SENT:
		return connecting(sk);
	case TCP_ESTABLISHED:
		return established(sk, tp, old_state);
	case TCP_CLOSE:
		return closed(sk, tp, old_state);
	case TCP_FIN_WAIT1:
	case TCP_LAST_ACK:
		return own_fin_queued(sk);
	}
	return 0;
}

/* on_state is skipped when it interrupts itself on its CPU. Every socket passes here later, with bottom halves off. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroy, struct sock *sk)
{
	struct connection *c = bpf_sk_storage_get(&connections, sk, 0, 0);
	struct tcp_sock *tp;

	if (!c || !c->id || c->flags & CLOSED)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	count(LOSS_RECOVERED);
	return ended(c->flags & LIVE ? RECORD_CLOSE : RECORD_FAIL, c, sk, tp, c->flags & OWN_FIN);
}

/* One live connection: announced if user space does not know it, else a sample. */
SEC("iter/bpf_sk_storage_map")
int sample(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct connection *c = ctx->value;
	struct sock *sk = ctx->sk;
	struct control *ctl;
	struct tcp_sock *tp;
	struct sample *s;
	bool own_fin;
	u32 slot = 0;

	if (!sk || !c || !(c->flags & LIVE) || c->flags & CLOSED)
		return 0;
	ctl = bpf_map_lookup_elem(&control, &slot);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!ctl || !tp || c->pass == ctl->pass)
		return 0;
	own_fin = has_own_fin(sk->__sk_common.skc_state);
	if (c->announced != ctl->generation) {
		if (emit(RECORD_ANNOUNCE, c, sk, tp, own_fin, 1)) {
			count(LOSS_ANNOUNCE);
			ctl->left++;
			return 0;
		}
		c->announced = ctl->generation;
		c->pass = ctl->pass;
		return 0;
	}
	slot = ctl->used;
	s = bpf_map_lookup_elem(&samples, &slot);
	if (!s) {
		count(LOSS_SAMPLE);
		ctl->left++;
		return 0;
	}
	ctl->used = slot + 1;
	c->pass = ctl->pass;
	s->id = c->id;
	read_counters(&s->counters, c, sk, tp, own_fin, 1);
	return 0;
}

static __always_inline struct sock *socket_of(struct file *file)
{
	struct socket *socket = file ? bpf_sock_from_file(file) : 0;

	return socket ? socket->sk : 0;
}

/* A port in LISTEN tells which end of an older connection accepted. MPTCP listeners, Go's default, accept plain TCP. */
SEC("iter/task_file")
int find_listeners(struct bpf_iter__task_file *ctx)
{
	struct sock *sk = socket_of(ctx->file);
	struct listener key = {};
	u8 yes = 1;

	if (!sk || sk->__sk_common.skc_state != TCP_LISTEN)
		return 0;
	if (sk->sk_protocol != IPPROTO_TCP && sk->sk_protocol != IPPROTO_MPTCP)
		return 0;
	key.netns = sk->__sk_common.skc_net.net->ns.inum;
	key.port = sk->__sk_common.skc_num;
	if (bpf_map_update_elem(&listeners, &key, &yes, BPF_ANY))
		count(LOSS_LISTENER);
	return 0;
}

/*
 * Who sent the SYN of an older connection? Only the end that did has had a SYN acked, so that what was acked or is in
 * flight exceeds its payload by one. Local drops make the payload look larger, never smaller: an excess is proof, its
 * absence is not, and then the listening port decides.
 */
static __always_inline u32 role_of(const struct sock *sk, const struct tcp_sock *tp)
{
	u64 network = tp->bytes_acked + (u32)(tp->snd_nxt - tp->snd_una);
	u64 payload = tp->bytes_sent - tp->bytes_retrans;
	struct listener key = {};

	if (has_own_fin(sk->__sk_common.skc_state) && tp->snd_nxt == tp->write_seq)
		network--;
	if (network == payload + 1)
		return FLAG_ACTIVE;
	key.netns = sk->__sk_common.skc_net.net->ns.inum;
	key.port = sk->__sk_common.skc_num;
	if (bpf_map_lookup_elem(&listeners, &key))
		return FLAG_PASSIVE;
	return network == payload ? FLAG_PASSIVE : FLAG_ACTIVE;
}

SEC("iter/task_file")
int adopt(struct bpf_iter__task_file *ctx)
{
	struct sock *sk = socket_of(ctx->file);
	struct connection *c;
	struct tcp_sock *tp;
	u8 state;

	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	state = sk->__sk_common.skc_state;
	if (state == TCP_LISTEN || state == TCP_CLOSE || state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	c = bpf_sk_storage_get(&connections, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!c) {
		count(LOSS_STORAGE);
		return 0;
	}
	if (c->id) /* held by several processes, or opened after the tracepoints were on */
		return 0;
	c->flags = FLAG_ADOPTED | role_of(sk, tp);
	read_sequence(c, tp);
	see_cgroup(sk);
	c->id = new_id(bpf_ktime_get_ns());
	c->flags |= LIVE;
	return 0;
}
