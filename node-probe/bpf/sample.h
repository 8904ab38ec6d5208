/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A pass over the live connections. */
#pragma once

/*
 * Was the socket this connection's own all the while it was read? A connection is forgotten before its socket is, and
 * ids do not come twice: then it still stands there.
 */
static __always_inline struct connection *still_there(const u64 *key, u64 id)
{
	struct connection *c = bpf_map_lookup_elem(&connections, key);

	return c && c->id == id ? c : 0;
}

static __always_inline void announce(struct control *ctl, const u64 *key, const struct connection *seen)
{
	struct sock *sk = (struct sock *)*key;
	struct connection *c;
	struct record *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);

	if (!r) {
		count(LOSS_ANNOUNCE);
		ctl->left++;
		return;
	}
	fill(r, RECORD_ANNOUNCE, 0, seen, sk, (struct tcp_sock *)sk, has_own_fin(BPF_CORE_READ(sk, __sk_common.skc_state)), 0);
	c = still_there(key, seen->id);
	if (!c) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return;
	}
	c->announced = ctl->generation;
	c->pass = ctl->pass;
	bpf_ringbuf_submit(r, wakeup(ctl));
}

/* Filled and then claimed: a slot whose connection has gone meanwhile is the next one's. */
static __always_inline void count_up(struct control *ctl, const u64 *key, const struct connection *seen)
{
	struct sock *sk = (struct sock *)*key;
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	u32 slot = ctl->used;
	struct sample *s = bpf_map_lookup_elem(&samples, &slot);
	struct stance stance = read_stance(tp);
	struct connection *c;

	if (!s) { /* a stretch has no more connections than slots */
		ctl->left++;
		return;
	}
	s->id = seen->id;
	if (seen->stance.owner == OWNER && is_same(&stance, &seen->stance)) {
		s->counters.still = 1;
		stance.owner = OWNER;
	} else {
		read_counters(&s->counters, seen, sk, tp, has_own_fin(BPF_CORE_READ(sk, __sk_common.skc_state)), 0);
		/* While somebody works on it, figures are held back or about to move. */
		stance.owner = is_busy(sk, 0) ? 0 : OWNER;
	}
	c = still_there(key, seen->id);
	if (c) {
		c->pass = ctl->pass;
		c->stance = stance;
		ctl->used = slot + 1;
	}
}

/* One live connection: announced if user space does not know it, else a sample. */
SEC("iter/bpf_map_elem")
int sample(struct bpf_iter__bpf_map_elem *ctx)
{
	struct connection *c = ctx->value, seen;
	struct control *ctl = controls();
	u64 *element = ctx->key, key;
	u8 breath = 0;

	if (!element || !c || !ctl)
		return 0;
	/* A byte ends the read at hand: between two reads the CPU belongs to others. */
	if (++ctl->visited % STRETCH == 0)
		bpf_seq_write(ctx->meta->seq, &breath, 1);
	key = *element;
	__builtin_memcpy(&seen, c, sizeof(seen));
	if (!seen.id || !(seen.flags & LIVE) || seen.pass == ctl->pass)
		return 0;
	if (seen.announced != ctl->generation)
		announce(ctl, &key, &seen);
	else
		count_up(ctl, &key, &seen);
	return 0;
}
