// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * TCP connections of the whole machine: two tracepoints tell when they begin and end, an iterator over what they noted
 * reads the counters that the kernel keeps anyway. Nothing here runs per packet.
 *
 *   on_state, on_destroy  CLOSE, FAIL, cgroups -> ring `events`; when it is full `closes`, `folded`
 *   sample                ANNOUNCE -> ring `events`; counters -> array `samples`
 *   find_listeners, adopt at start: connections older than the probe
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "record.h"
#include "maps.h"

/* Which load these programs are of. A successor attaches its own and then takes over, with one store. Never 0. */
const volatile u32 OWNER = 0;

/* Inode of the directory that is the root of the cgroup tree as this probe's node has it. */
const volatile u64 CGROUP_ROOT = 1;

#include "read.h"
#include "shares.h"
#include "emit.h"
#include "sample.h"
#include "adopt.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* So long after a probe last showed itself nothing new is followed; what is followed already still ends as it should. */
#define ABANDONED 900000000000ULL

static __always_inline bool is_abandoned(const struct control *ctl, u64 now)
{
	return now > ctl->alive + ABANDONED;
}

static __always_inline int connecting(struct control *ctl, struct sock *sk)
{
	u64 now = bpf_ktime_get_ns(), key = (u64)sk;
	struct connection fresh = { .id = new_id(now), .syn_time = now, .flags = FLAG_ACTIVE };
	u32 slot;

	if (is_abandoned(ctl, now)) {
		count(LOSS_INERT);
		return 0;
	}
	see_cgroup(ctl, sk, 1);
	slot = share_of(sk);
	/* Where its share is taken it is noted once it is established: no more is lost than how long the answer took. */
	if (!take_half_open(slot))
		return 0;
	fresh.flags |= slot << SHARE_SHIFT;
	note(&key, &fresh);
	return 0;
}

static __always_inline int established(struct control *ctl, struct sock *sk, struct tcp_sock *tp, int old_state)
{
	u64 now = bpf_ktime_get_ns(), key = (u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &key), fresh = {};
	u32 slot;

	if (c && !(c->flags & LIVE)) {
		c->established = now;
		read_sequence(c, tp);
		if (!become_live(c, 0))
			forget(&key, c->flags);
		return 0;
	}
	if (is_abandoned(ctl, now)) {
		count(LOSS_INERT);
		return 0;
	}
	see_cgroup(ctl, sk, 1);
	slot = share_of(sk);
	if (!take_established(slot))
		return 0;
	fresh.id = new_id(now);
	fresh.established = now;
	/* SYN_SENT here: its connect began before the probe. */
	fresh.flags = LIVE | (old_state == TCP_SYN_RECV ? FLAG_PASSIVE : FLAG_ACTIVE) | slot << SHARE_SHIFT;
	read_sequence(&fresh, tp);
	note(&key, &fresh);
	return 0;
}

/* Told first and forgotten then: what a pass does not find has its end in the ring already. */
static __always_inline int ended(struct control *ctl, u32 kind, u32 flags, const struct connection *c, struct sock *sk,
				 struct tcp_sock *tp, bool own_fin)
{
	u64 key = (u64)sk;
	u32 noted = c->flags;

	emit_end(ctl, kind, flags, c, sk, tp, own_fin);
	forget(&key, noted);
	return 0;
}

/* An end of what was never noted. A failure needs no baseline; a close does, and adds nothing. */
static __always_inline int unseen(struct control *ctl, struct sock *sk, struct tcp_sock *tp, int old_state)
{
	u64 now = bpf_ktime_get_ns();
	struct connection c = {};

	if (old_state == TCP_SYN_RECV || is_abandoned(ctl, now))
		return 0;
	see_cgroup(ctl, sk, 0);
	c.flags = share_of(sk) << SHARE_SHIFT;
	if (old_state == TCP_SYN_SENT) {
		c.id = new_id(now);
		c.flags |= FLAG_ACTIVE;
		emit_end(ctl, RECORD_FAIL, 0, &c, sk, tp, 0);
		return 0;
	}
	count(LOSS_UNTRACKED);
	c.flags |= FLAG_UNTRACKED;
	emit_end(ctl, RECORD_CLOSE, 0, &c, sk, tp, has_own_fin(old_state));
	return 0;
}

static __always_inline int closed(struct control *ctl, struct sock *sk, struct tcp_sock *tp, int old_state)
{
	u64 key = (u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &key);

	if (!c)
		return unseen(ctl, sk, tp, old_state);
	if (old_state == TCP_SYN_SENT || (old_state == TCP_SYN_RECV && !(c->flags & LIVE))) {
		if (c->flags & FLAG_ACTIVE)
			return ended(ctl, RECORD_FAIL, 0, c, sk, tp, 0);
		forget(&key, c->flags);
		return 0;
	}
	/* An ESTABLISHED that this program did not see, because it interrupted itself: nothing has moved before. */
	if (!(c->flags & LIVE)) {
		read_sequence(c, tp);
		become_live(c, 1);
	}
	return ended(ctl, RECORD_CLOSE, is_by_remote(sk, old_state) ? FLAG_BY_REMOTE : 0, c, sk, tp,
		     has_own_fin(old_state));
}

/*
 * For on_destroy, when the state no longer tells: what went out exceeds the payload by a FIN. Segments that the local stack
 * dropped hide it, and then the end of a connection that on_state did not see has a byte too many.
 */
static __always_inline bool sent_fin(const struct connection *c, struct tcp_sock *tp)
{
	return read_sent(c, tp, 0, 1) == tp->bytes_sent - tp->bytes_retrans + 1;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int old_state, int new_state)
{
	struct control *ctl;
	struct tcp_sock *tp;

	if (new_state != TCP_SYN_SENT && new_state != TCP_ESTABLISHED && new_state != TCP_CLOSE)
		return 0;
	if (sk->sk_protocol != IPPROTO_TCP || old_state == TCP_LISTEN || old_state == new_state)
		return 0;
	ctl = controls();
	if (!ctl || ctl->owner != OWNER)
		return 0;
	if (new_state == TCP_SYN_SENT)
		return connecting(ctl, sk);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	if (new_state == TCP_ESTABLISHED)
		return established(ctl, sk, tp, old_state);
	return closed(ctl, sk, tp, old_state);
}

/* on_state is skipped when it interrupts itself on its CPU. Every socket passes here later, with bottom halves off. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroy, struct sock *sk)
{
	bool own_fin, peer_fin;
	u64 key = (u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &key);
	struct control *ctl;
	struct tcp_sock *tp;

	if (!c)
		return 0;
	ctl = controls();
	tp = bpf_skc_to_tcp_sock(sk);
	if (!ctl || ctl->owner != OWNER || !tp)
		return 0;
	count(LOSS_RECOVERED);
	if (!(c->flags & LIVE))
		return ended(ctl, RECORD_FAIL, 0, c, sk, tp, 0);
	/* Whose FIN was first where both sent one is not to be had any more: that counts as ours. */
	own_fin = sent_fin(c, tp);
	peer_fin = sk->__sk_common.skc_flags & 1 << SOCK_DONE;
	return ended(ctl, RECORD_CLOSE, !own_fin && (peer_fin || is_by_remote(sk, TCP_ESTABLISHED)) ? FLAG_BY_REMOTE : 0,
		     c, sk, tp, own_fin);
}
