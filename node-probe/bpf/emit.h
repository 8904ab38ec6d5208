/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends records to user space: through the ring, or through hash maps when it is full. */
#pragma once

static __always_inline struct control *controls(void)
{
	u32 slot = 0;

	return bpf_map_lookup_elem(&control, &slot);
}

static __always_inline struct adoption *adoptions(void)
{
	u32 slot = 0;

	return bpf_map_lookup_elem(&adoption, &slot);
}

/* User space polls the ring. It is woken only when the ring fills. */
static __always_inline u64 wakeup(const struct control *ctl)
{
	return bpf_ringbuf_query(&events, BPF_RB_PROD_POS) >= ctl->wake_at ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/*
 * Copies a complete record into the ring. A reserved one would block the reader while this program is preempted, for
 * long where the task in which it runs has little CPU quota.
 */
static __always_inline long send(const struct control *ctl, void *record, u64 bytes)
{
	return bpf_ringbuf_output(&events, record, bytes, wakeup(ctl));
}

/*
 * A container may nest cgroups below its pod's as deep as it likes, so the names nearest the root are kept: slots are
 * overwritten in turn on the way up, and the last ones stay.
 */
static __always_inline long name_cgroup(const struct control *ctl, struct sock *sk, u64 id, u32 place)
{
	struct kernfs_node *node, *above;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &place);
	struct cgroup_record *r;

	if (!scratch)
		return -1;
	r = &scratch->cgroup;
	r->kind = RECORD_CGROUP;
	r->cgroup = id;
	r->levels = CGROUP_OUTSIDE;
	node = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn);
	for (u32 i = 0; i < CGROUP_DEPTH; i++) {
		if (BPF_CORE_READ(node, id) == CGROUP_ROOT) {
			r->levels = i;
			break;
		}
		above = parent_of(node);
		if (!above)
			break;
		bpf_probe_read_kernel_str(r->name[i % CGROUP_LEVELS], CGROUP_NAME, BPF_CORE_READ(node, name));
		node = above;
	}
	return send(ctl, r, sizeof(*r));
}

static __always_inline long report_address(const struct control *ctl, struct sock *sk, u64 id)
{
	struct address_record r = {
		.kind = RECORD_ADDRESS,
		.netns = read_netns(sk, 1),
		.cgroup = id,
		.time = bpf_ktime_get_ns(),
	};

	read_local(r.local, sk, 1);
	return send(ctl, &r, sizeof(r));
}

/*
 * Sends a cgroup's names when it is first seen, because its directory may be gone before user space looks. Sends its
 * address with its first `fresh` connection that is not loopback and in a network namespace made by root, because
 * another pod may have the address a moment later. `place`: the calling program's.
 */
static __always_inline void see_cgroup(const struct control *ctl, struct sock *sk, const bool fresh, const u32 place)
{
	u64 id = read_cgroup(sk, 1);
	u8 *known, seen;

	if (!id)
		return;
	known = bpf_map_lookup_elem(&cgroups, &id);
	seen = known ? *known : 0;
	if (seen >= (fresh ? CGROUP_ADDRESS_SENT : CGROUP_NAMES_SENT))
		return;
	if (!seen) {
		if (name_cgroup(ctl, sk, id, place)) {
			count(LOSS_CGROUP);
			return;
		}
		seen = CGROUP_NAMES_SENT;
	}
	if (fresh && is_made_by_root(sk, 1) && !is_loopback(sk)) {
		if (report_address(ctl, sk, id))
			count(LOSS_CGROUP);
		else
			seen = CGROUP_ADDRESS_SENT;
	}
	if (!known || *known != seen)
		bpf_map_update_elem(&cgroups, &id, &seen, BPF_ANY);
}

/* `flags`: in addition to those of the connection. */
static __always_inline void fill(struct record *r, u32 kind, u32 flags, const struct connection *c, struct sock *sk,
				 struct tcp_sock *tp, bool own_fin, const bool direct)
{
	bool active = c->flags & FLAG_ACTIVE;
	bool named = c->flags & LIVE;

	r->kind = kind;
	r->flags = (c->flags & (BYPASSED - 1)) | flags;
	r->id = c->id;
	r->time = bpf_ktime_get_ns();
	r->syn_time = c->syn_time;
	r->established = c->established;
	r->cgroup = read_cgroup(sk, direct);
	r->netns = read_trusted_netns(sk, direct);
	r->error = LOAD(sk, sk_err);
	r->client_isn = named ? (active ? c->first_sent : c->first_received) - 1 : 0;
	r->server_isn = named ? (active ? c->first_received : c->first_sent) - 1 : 0;
	r->pad = 0;
	read_addresses(r, sk, tp, direct);
	if (named)
		read_counters(&r->counters, c, sk, tp, own_fin, direct);
	else
		__builtin_memset(&r->counters, 0, sizeof(r->counters));
	if (kind == RECORD_FAIL && !LOAD(tp, segs_out))
		r->flags |= FLAG_NEVER_SENT;
	if (kind == RECORD_CLOSE && !own_fin)
		r->flags |= FLAG_CUT;
}

#define SK_USER_DATA_PSOCK 4 /* bit of sk_user_data since 6.0; before, nothing marks sockets of a sockmap */

static __always_inline bool is_in_sockmap(struct sock *sk, const bool direct)
{
	return (u64)LOAD(sk, sk_user_data) & SK_USER_DATA_PSOCK;
}

static __always_inline bool is_tls_of_device(struct sock *sk, struct tcp_sock *tp, const bool direct)
{
	const struct tcp_ulp_ops *ulp = LOAD(tp, inet_conn.icsk_ulp_ops);
	u32 name = 0;

	if (!ulp || !bpf_core_field_exists(sk->sk_validate_xmit_skb) || !LOAD(sk, sk_validate_xmit_skb))
		return 0;
	bpf_probe_read_kernel(&name, sizeof(name), ulp->name);
	return name == ('t' | 'l' << 8 | 's' << 16);
}

/*
 * Counts a socket some of whose bytes bypass its counters. Called once a connection: at its announce, or at its end if
 * it was not announced. A sockmap is also looked for in later samples, because it has mostly let go of the socket at
 * the end.
 */
static __always_inline bool report_bypass(struct sock *sk, struct tcp_sock *tp, const bool direct)
{
	bool bypassed = 0;

	if (is_in_sockmap(sk, direct)) {
		count(LOSS_SOCKMAP);
		bypassed = 1;
	}
	if (bpf_core_field_exists(tp->syn_smc) && LOAD(tp, syn_smc)) {
		count(LOSS_SMC);
		bypassed = 1;
	}
	if (is_tls_of_device(sk, tp, direct)) {
		count(LOSS_TLS);
		bypassed = 1;
	}
	return bypassed;
}

/* A SYN, equal before and after NAT: the client's initial sequence number and port. */
static __always_inline u64 error_key(u32 isn, u16 port)
{
	return (u64)isn << 16 | port;
}

/*
 * The ICMP error that answered a connect. The kernel leaves it in sk_err_soft only if a process owned the socket at
 * that time, as in a non-blocking connect(), and SO_ERROR clears it.
 */
static __always_inline s32 icmp_error(const struct connection *c, struct sock *sk, struct tcp_sock *tp)
{
	u64 key = error_key(tp->snd_una, tp->inet_conn.icsk_inet.inet_sport);
	/* Not a direct read: the compiler would merge it with the next one, which the verifier refuses. */
	s32 *sent, soft = BPF_CORE_READ(sk, sk_err_soft);

	if (soft)
		return soft;
	if (!(c->flags & LIVE) && c->first_sent)
		return c->first_sent;
	sent = bpf_map_lookup_elem(&errors, &key);
	return sent ? *sent : 0;
}

/* Adds a record to `folded`. Returns what to count: enum loss. */
static __always_inline u32 fold(const struct control *ctl, u32 slot, const struct record *r)
{
	struct folded_key key = {
		.cgroup = r->cgroup,
		.epoch = ctl->epoch,
		.netns = r->netns,
		.kind = r->kind,
		.flags = r->flags & ~(FLAG_BY_REMOTE | FLAG_CUT),
		.error = r->kind == RECORD_FAIL ? r->error : 0,
		.port = r->flags & FLAG_ACTIVE ? r->remote_port : r->local_port,
	};
	struct folded none = { .first = r->time }, *sums;

	__builtin_memcpy(key.local, r->local, sizeof(key.local));
	__builtin_memcpy(key.remote, r->remote, sizeof(key.remote));
	sums = bpf_map_lookup_elem(&folded, &key);
	if (!sums) {
		if (!take_folded(slot, ctl->epoch))
			return LOSS_FOLDED_SHARE;
		bpf_map_update_elem(&folded, &key, &none, BPF_NOEXIST); /* another CPU may have inserted it first */
		sums = bpf_map_lookup_elem(&folded, &key);
		if (!sums)
			return LOSS_RECORD;
	}
	sums->last = r->time;
	__sync_fetch_and_add(&sums->connections, 1);
	if (r->flags & FLAG_BY_REMOTE)
		__sync_fetch_and_add(&sums->closed_by_remote, 1);
	__sync_fetch_and_add(&sums->sent, r->counters.sent);
	__sync_fetch_and_add(&sums->received, r->counters.received);
	__sync_fetch_and_add(&sums->retransmitted_bytes, r->counters.retransmitted_bytes);
	__sync_fetch_and_add(&sums->retransmits, r->counters.retransmits);
	__sync_fetch_and_add(&sums->lost, r->counters.lost);
	return LOSS_FOLDED;
}

/*
 * The ring is full. A connection that was announced keeps its own CLOSE, because its samples were counted by id; others
 * are added up. Unannounced adopted and untracked ones are dropped, because they have no baseline.
 */
static __always_inline u32 fall_back(const struct control *ctl, const struct connection *c, const struct record *r)
{
	if (c->announced)
		return bpf_map_update_elem(&closes, &r->id, r, BPF_ANY) ? LOSS_RECORD : LOSS_KEPT;
	if (r->flags & (FLAG_ADOPTED | FLAG_UNTRACKED))
		return LOSS_RECORD;
	return fold(ctl, c->flags >> SHARE_SHIFT, r);
}

static __always_inline void emit_end(const struct control *ctl, u32 kind, u32 flags, const struct connection *c,
				     struct sock *sk, struct tcp_sock *tp, bool own_fin, u32 place)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &place);
	struct record *r;

	if (!scratch)
		return;
	r = &scratch->record;
	fill(r, kind, flags, c, sk, tp, own_fin, 1);
	if (kind == RECORD_FAIL && !r->error)
		r->error = icmp_error(c, sk, tp);
	if (kind == RECORD_CLOSE && !c->announced)
		report_bypass(sk, tp, 1);
	if (send(ctl, r, sizeof(*r)))
		count(fall_back(ctl, c, r));
}
