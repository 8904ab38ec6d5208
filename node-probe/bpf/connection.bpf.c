// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * TCP connections of the whole machine. Two tracepoints record when connections begin and end. User space runs a
 * program that reads the counters that the kernel keeps for each of them. Nothing here runs per packet.
 *
 *   on_state, on_destroy  CLOSE, FAIL, cgroups -> ring `events`; when it is full `closes`, `folded`
 *   on_icmp*              keep the ICMP error of a failed connect, before its process clears it
 *   sample                ANNOUNCE -> ring `events`; counters -> array `samples`
 *   find_listeners, adopt at start: connections older than the probe; later: those whose beginning was missed
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "record.h"
#include "maps.h"

/* The load that these programs belong to, never 0. A successor attaches its own, then enables them by one store. */
const volatile u32 OWNER = 0;

/* Inode of the root of the cgroup tree, as this probe's node sees it. */
const volatile u64 CGROUP_ROOT = 1;

#include "read.h"
#include "shares.h"
#include "emit.h"
#include "sample.h"
#include "adopt.h"
#include "icmp.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* So long after its last renewal of `alive` a probe is gone: only connections already followed are recorded. */
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
	see_cgroup(ctl, sk, 1, PLACE_STATE);
	slot = share_of(sk);
	/* Without a place in its share it gets an entry when established: only the time until the SYN-ACK is lost. */
	if (!take_half_open(slot))
		return 0;
	fresh.flags |= slot << SHARE_SHIFT;
	insert_or_replace(&key, &fresh);
	return 0;
}

/* Equal sequence numbers: the entry is of this connection, made by another load's program or by `adopt`. */
static __always_inline bool is_of_this(const struct connection *c, const struct connection *fresh)
{
	return (c->flags & (LIVE | ENDED)) == LIVE && c->first_sent == fresh->first_sent &&
	       c->first_received == fresh->first_received;
}

static __always_inline int established(struct control *ctl, struct sock *sk, struct tcp_sock *tp, int old_state)
{
	u64 now = bpf_ktime_get_ns(), key = (u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &key), fresh = {};
	u32 slot;

	if (c && !(c->flags & (LIVE | ENDED))) {
		c->established = now;
		if (!tp->bytes_acked)
			c->flags |= NO_SYN;
		read_sequence(c, tp, 1);
		if (!become_live(c, 0)) {
			forget(&key, c->flags);
			leave_out(&key, first_received(tp, 1));
		}
		return 0;
	}
	/* In SYN_SENT without an entry: its connect began before the probe, or was missed. */
	fresh.flags = LIVE | (old_state == TCP_SYN_RECV ? FLAG_PASSIVE : FLAG_ACTIVE);
	if (old_state != TCP_SYN_RECV && !tp->bytes_acked)
		fresh.flags |= NO_SYN;
	read_sequence(&fresh, tp, 1);
	if (c && is_of_this(c, &fresh))
		return 0;
	if (is_abandoned(ctl, now)) {
		count(LOSS_INERT);
		leave_out(&key, first_received(tp, 1));
		return 0;
	}
	see_cgroup(ctl, sk, 1, PLACE_STATE);
	slot = share_of(sk);
	if (!take_established(slot)) {
		leave_out(&key, first_received(tp, 1));
		return 0;
	}
	fresh.id = new_id(now);
	fresh.established = now;
	fresh.flags |= slot << SHARE_SHIFT;
	insert_or_replace(&key, &fresh);
	return 0;
}

/*
 * Is this the entry of an earlier socket at this address? Its destruction was skipped, as the kernel may do where
 * programs are preempted, and perhaps its close, too. A socket without segments was disconnected: its numbers are gone,
 * and an entry that has not ended is still its own.
 */
static __always_inline bool is_stale(const struct connection *c, struct tcp_sock *tp)
{
	return c->flags & LIVE && (c->flags & ENDED || tp->segs_in) && is_anothers(c, tp, 1);
}

/* The entry of this socket's connection. Deletes one of an earlier socket. */
static __always_inline struct connection *entry_of(const u64 *key, struct tcp_sock *tp)
{
	struct connection *c = bpf_map_lookup_elem(&connections, key);

	if (!c || !is_stale(c, tp))
		return c;
	forget(key, c->flags);
	return 0;
}

/* Emits before it sets ENDED, so that a pass that sees ENDED knows the end to be in the ring. */
static __always_inline int ended(struct control *ctl, u32 kind, u32 flags, struct connection *c, struct sock *sk,
				 struct tcp_sock *tp, bool own_fin, const u32 place)
{
	emit_end(ctl, kind, flags, c, sk, tp, own_fin, place);
	__sync_fetch_and_or(&c->flags, ENDED);
	return 0;
}

/* The end of a connection whose beginning was missed. It is counted whole, by the program that inserts the entry. */
static __always_inline int missed(struct control *ctl, u32 flags, struct sock *sk, struct tcp_sock *tp, bool own_fin,
				  const u32 place)
{
	u64 key = (u64)sk;
	struct connection c = { .id = new_id(bpf_ktime_get_ns()) };
	u32 slot;

	see_cgroup(ctl, sk, 0, place);
	/* A client's beginning passes two events and a server's one, so a missed one is more likely a server's. */
	c.flags = LIVE | ENDED | role_of(sk, tp, own_fin, FLAG_PASSIVE, 1);
	begin_late(&c, tp, 1);
	slot = share_of(sk);
	take_regardless(slot);
	c.flags |= slot << SHARE_SHIFT;
	if (insert(&key, &c))
		return 0;
	count(LOSS_MISSED);
	emit_end(ctl, RECORD_CLOSE, flags, &c, sk, tp, own_fin, place);
	return 0;
}

/* The end of a connection without an entry. */
static __always_inline int unseen(struct control *ctl, struct sock *sk, struct tcp_sock *tp, int old_state)
{
	u64 now = bpf_ktime_get_ns(), key = (u64)sk;
	struct adoption *adoption = adoptions();
	struct connection c = {};

	if (!adoption || old_state == TCP_SYN_RECV || is_abandoned(ctl, now))
		return 0;
	if (old_state != TCP_SYN_SENT && is_missed(adoption, tp, &key, 1))
		return missed(ctl, is_by_remote(sk, old_state) ? FLAG_BY_REMOTE : 0, sk, tp, has_own_fin(old_state),
			      PLACE_STATE);
	see_cgroup(ctl, sk, 0, PLACE_STATE);
	c.flags = share_of(sk) << SHARE_SHIFT;
	if (old_state == TCP_SYN_SENT) {
		c.id = new_id(now);
		c.flags |= FLAG_ACTIVE;
		emit_end(ctl, RECORD_FAIL, 0, &c, sk, tp, 0, PLACE_STATE);
		return 0;
	}
	count(LOSS_UNTRACKED);
	leave_out(&key, first_received(tp, 1));
	c.flags |= FLAG_UNTRACKED;
	emit_end(ctl, RECORD_CLOSE, 0, &c, sk, tp, has_own_fin(old_state), PLACE_STATE);
	return 0;
}

static __always_inline int closed(struct control *ctl, struct sock *sk, struct tcp_sock *tp, int old_state)
{
	u64 key = (u64)sk;
	struct connection *c = entry_of(&key, tp);

	if (!c)
		return unseen(ctl, sk, tp, old_state);
	/* Another load's program has recorded this end. */
	if (c->flags & ENDED)
		return 0;
	if (old_state == TCP_SYN_SENT || (old_state == TCP_SYN_RECV && !(c->flags & LIVE)))
		return ended(ctl, RECORD_FAIL, 0, c, sk, tp, 0, PLACE_STATE);
	/* Its ESTABLISHED was missed, because on_state was skipped on this CPU. Nothing has moved before it. */
	if (!(c->flags & LIVE)) {
		begin_late(c, tp, 1);
		become_live(c, 1);
		count(LOSS_MISSED);
	}
	return ended(ctl, RECORD_CLOSE, is_by_remote(sk, old_state) ? FLAG_BY_REMOTE : 0, c, sk, tp,
		     has_own_fin(old_state), PLACE_STATE);
}

/* If both ends sent a FIN, their order is not known any more; the local end is taken for the first then. */
static __always_inline u32 destroyed_by(struct sock *sk, bool own_fin)
{
	bool peer_fin = sk->__sk_common.skc_flags & 1 << SOCK_DONE;

	return !own_fin && (peer_fin || is_by_remote(sk, TCP_ESTABLISHED)) ? FLAG_BY_REMOTE : 0;
}

/* Neither beginning nor end was seen. A socket that reconnected or never connected has nothing left to count. */
static __always_inline void unseen_at_all(struct control *ctl, const struct adoption *adoption, struct sock *sk,
					  struct tcp_sock *tp)
{
	u64 key = (u64)sk;
	bool own_fin;

	if (!tp->segs_in || !is_missed(adoption, tp, &key, 1))
		return;
	if (is_abandoned(ctl, bpf_ktime_get_ns()))
		return;
	/* An excess of one is taken for a server's FIN rather than for a client's SYN without a FIN. */
	own_fin = has_sent_fin(tp, 0);
	count(LOSS_RECOVERED);
	missed(ctl, destroyed_by(sk, own_fin), sk, tp, own_fin, PLACE_DESTROY);
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

/* Has another load's program handled this destruction just now? If not, this program does. */
static __always_inline bool is_handled(struct sock *sk, struct tcp_sock *tp)
{
	/* Sockets are aligned to cache lines. */
	u32 slot = (u64)sk >> 6 & (DESTROYED - 1);
	struct destroyed *last = bpf_map_lookup_elem(&destroyed_lately, &slot);

	if (!last)
		return 0;
	if (last->socket == (u64)sk && last->snd_nxt == tp->snd_nxt && last->rcv_nxt == tp->rcv_nxt &&
	    last->owner != OWNER)
		return 1;
	last->socket = (u64)sk;
	last->snd_nxt = tp->snd_nxt;
	last->rcv_nxt = tp->rcv_nxt;
	last->owner = OWNER;
	return 0;
}

/*
 * The kernel skips on_state on a CPU that already runs it: in an interrupt, or, where programs are preempted, in
 * another task's event. Every socket passes here later, mostly with bottom halves off, so that this program is skipped
 * far less often.
 */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroy, struct sock *sk)
{
	u64 key = (u64)sk;
	struct adoption *adoption = adoptions();
	struct control *ctl = controls();
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct connection *c;
	bool own_fin;

	if (!ctl || ctl->owner != OWNER || !tp || !adoption || is_handled(sk, tp))
		return 0;
	c = entry_of(&key, tp);
	if (!c) {
		unseen_at_all(ctl, adoption, sk, tp);
		c = bpf_map_lookup_elem(&connections, &key);
	}
	if (!c) {
		bpf_map_delete_elem(&unfollowed, &key);
		return 0;
	}
	if (!(c->flags & ENDED)) {
		count(LOSS_RECOVERED);
		/* At least its SYN was acknowledged, so it was established. */
		if (!(c->flags & LIVE) && tp->bytes_acked) {
			begin_late(c, tp, 1);
			become_live(c, 1);
			count(LOSS_MISSED);
		}
		own_fin = has_sent_fin(tp, acked_syn(c));
		if (c->flags & LIVE)
			ended(ctl, RECORD_CLOSE, destroyed_by(sk, own_fin), c, sk, tp, own_fin, PLACE_DESTROY);
		else
			ended(ctl, RECORD_FAIL, 0, c, sk, tp, 0, PLACE_DESTROY);
	}
	forget(&key, c->flags);
	return 0;
}
