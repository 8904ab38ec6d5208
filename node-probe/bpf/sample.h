/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A pass over the live connections. */
#pragma once

/*
 * Returns the entry if the connection has not ended. Ids are unique, and a connection ends before its socket is freed,
 * unless the kernel has skipped the programs that record its end.
 */
static __always_inline struct connection *still_there(const u64 *key, u64 id)
{
	struct connection *c = bpf_map_lookup_elem(&connections, key);

	return c && c->id == id && !(c->flags & ENDED) ? c : 0;
}

/*
 * Returns the entry if what was read from the socket is this connection's. The entry alone does not tell: where the end
 * was skipped it is still there, and another connection's socket may have begun here while this one was read. User
 * space ends a connection that no pass sees any more, with its last sample.
 */
static __always_inline struct connection *its_own_entry(const u64 *key, const struct connection *seen, struct tcp_sock *tp)
{
	load_barrier();
	return is_anothers(seen, tp, 0) ? 0 : still_there(key, seen->id);
}

static __always_inline void announce(struct control *ctl, const u64 *key, const struct connection *seen)
{
	struct sock *sk = (struct sock *)*key;
	struct connection *c;
	struct record *r;

	/* Reserved, not copied: an incomplete record blocks only the reader, which runs this program. */
	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r) {
		count(LOSS_ANNOUNCE);
		ctl->left++;
		return;
	}
	fill(r, RECORD_ANNOUNCE, 0, seen, sk, (struct tcp_sock *)sk, has_own_fin(BPF_CORE_READ(sk, __sk_common.skc_state)), 0);
	c = its_own_entry(key, seen, (struct tcp_sock *)sk);
	if (!c) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return;
	}
	if (!c->announced && report_bypass(sk, (struct tcp_sock *)sk, 0))
		__sync_fetch_and_or(&c->flags, BYPASSED);
	c->announced = ctl->generation;
	c->pass = ctl->pass;
	bpf_ringbuf_submit(r, wakeup(ctl));
}

/* Fills a slot, then claims it. If the connection has ended meanwhile, the next one reuses the slot. */
static __always_inline void sample_counters(struct control *ctl, const u64 *key, const struct connection *seen)
{
	struct sock *sk = (struct sock *)*key;
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	u32 slot = ctl->used;
	struct sample *s = bpf_map_lookup_elem(&samples, &slot);
	struct snapshot snapshot = read_snapshot(tp);
	struct connection *c;
	bool held_back;

	if (!s) { /* cannot happen: a batch has no more connections than slots */
		ctl->left++;
		return;
	}
	s->id = seen->id;
	if (seen->snapshot.owner == OWNER && is_same(&snapshot, &seen->snapshot)) {
		s->counters.srtt_us = STILL;
		snapshot.owner = OWNER;
		c = still_there(key, seen->id);
	} else {
		held_back =
			read_counters(&s->counters, seen, sk, tp, has_own_fin(BPF_CORE_READ(sk, __sk_common.skc_state)), 0);
		/* Not kept for a busy socket, whose counters are about to change, nor for one that was busy when read. */
		snapshot.owner = held_back || is_busy(sk, 0) ? 0 : OWNER;
		c = its_own_entry(key, seen, tp);
	}
	if (c) {
		if (s->counters.srtt_us != STILL && is_in_sockmap(sk, 0) && !(__sync_fetch_and_or(&c->flags, BYPASSED) & BYPASSED))
			count(LOSS_SOCKMAP);
		c->pass = ctl->pass;
		c->snapshot = snapshot;
		ctl->used = slot + 1;
	}
}

/* One connection of the batch: announced if user space does not know it, else sampled. It may have ended meanwhile. */
static long sample_one(struct bpf_map *map, const u32 *slot, const u64 *listed, void *context)
{
	struct control *ctl = controls();
	struct connection *c, seen;
	u64 key;

	if (!ctl || *slot >= ctl->batched)
		return 1;
	key = *listed;
	c = bpf_map_lookup_elem(&connections, &key);
	if (!c)
		return 0;
	__builtin_memcpy(&seen, c, sizeof(seen));
	if (!seen.id || (seen.flags & (LIVE | ENDED)) != LIVE || seen.pass == ctl->pass)
		return 0;
	if (seen.announced != ctl->generation)
		announce(ctl, &key, &seen);
	else
		sample_counters(ctl, &key, &seen);
	return 0;
}

/* User space runs it for each batch. It is attached to nothing. */
SEC("raw_tp")
int sample(void *ctx)
{
	bpf_for_each_map_elem(&batch, sample_one, 0, 0);
	return 0;
}
