/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds connections whose beginning was missed, through the files of processes, in all network namespaces. */
#pragma once

static __always_inline struct sock *socket_of(struct file *file)
{
	struct socket *socket = file ? bpf_sock_from_file(file) : 0;

	return socket ? socket->sk : 0;
}

/*
 * Of a socket of a process. Not bpf_skc_to_tcp_sock(): some kernels do not trust the pointer that they read from the
 * file. So its fields are read as those of a socket that may be freed.
 */
static __always_inline struct tcp_sock *tcp_of(struct sock *sk)
{
	u16 family = sk->__sk_common.skc_family;

	if (sk->sk_protocol != IPPROTO_TCP || sk->sk_type != SOCK_STREAM || (family != AF_INET && family != AF_INET6))
		return 0;
	return (struct tcp_sock *)sk;
}

/* Most pending connections that are read of one listener: the verifier of Linux 5.15 follows no more steps. */
#define WAITING 2048

/*
 * Ignores connections that wait for accept(): they are older than the probe, and in no process's files until then. The
 * queue may change during the walk: then addresses are marked that are no sockets, or no more. No later connection there
 * has their value.
 */
static __always_inline void leave_out_waiting(struct sock *sk)
{
	struct tcp_sock *tp = tcp_of(sk);
	struct request_sock *request;
	u64 key = (u64)sk;

	/* Several processes may share a listener. */
	if (!tp || is_left_out(&key, first_received(tp, 0)))
		return;
	leave_out(&key, first_received(tp, 0));
	request = BPF_CORE_READ(tp, inet_conn.icsk_accept_queue.rskq_accept_head);
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < WAITING && request; i++) {
		key = (u64)BPF_CORE_READ(request, sk);
		if (!bpf_map_lookup_elem(&connections, &key))
			leave_out(&key, first_received((struct tcp_sock *)key, 0));
		request = BPF_CORE_READ(request, dl_next);
	}
}

/* A port in LISTEN marks the end that accepted an older connection. MPTCP listeners, Go's default, accept plain TCP. */
SEC("iter/task_file")
int find_listeners(struct bpf_iter__task_file *ctx)
{
	struct sock *sk = socket_of(ctx->file);
	struct adoption *adoption = adoptions();
	struct listener key = {};
	u8 yes = 1;

	if (!adoption || !sk || sk->__sk_common.skc_state != TCP_LISTEN)
		return 0;
	if (sk->sk_protocol != IPPROTO_TCP && sk->sk_protocol != IPPROTO_MPTCP)
		return 0;
	key.netns = read_netns(sk, 1);
	key.port = sk->__sk_common.skc_num;
	if (bpf_map_update_elem(&listeners, &key, &yes, BPF_ANY))
		count(LOSS_LISTENER);
	if (!adoption->complete)
		leave_out_waiting(sk);
	return 0;
}

/*
 * Which end sent the SYN of an older connection? A SYN takes one sequence number and is acknowledged, so at the end
 * that sent it, bytes acknowledged or in flight exceed the payload by one. Packets dropped locally make the payload
 * look larger, never smaller: an excess is proof. Without one the listening port decides.
 */
static __always_inline u32 role_of(struct sock *sk, struct tcp_sock *tp, bool own_fin, u32 in_doubt, const bool direct)
{
	u64 network = LOAD(tp, bytes_acked) + (u32)(LOAD(tp, snd_nxt) - LOAD(tp, snd_una));
	u64 payload = LOAD(tp, bytes_sent) - LOAD(tp, bytes_retrans);
	struct listener key = {};

	if (own_fin && LOAD(tp, snd_nxt) == LOAD(tp, write_seq))
		network--;
	if (network == payload + 1)
		return FLAG_ACTIVE;
	key.netns = read_netns(sk, 1);
	key.port = sk->__sk_common.skc_num;
	if (bpf_map_lookup_elem(&listeners, &key))
		return FLAG_PASSIVE;
	return network == payload ? FLAG_PASSIVE : in_doubt;
}

/* Makes a connection live whose handshake was seen but whose ESTABLISHED was missed, because on_state was skipped. */
static __always_inline void promote(struct connection *c, struct tcp_sock *tp)
{
	if (c->flags & (LIVE | ENDED))
		return;
	begin_late(c, tp, 0);
	if (become_live(c, 0))
		count(LOSS_MISSED);
}

/*
 * Was the beginning of a connection without an entry missed? During the first search it is older than the probe and
 * starts with a baseline. Later it is counted whole, unless its socket has not been active since then: no process's
 * files had it.
 */
static __always_inline bool is_missed(const struct adoption *adoption, struct tcp_sock *tp, const u64 *key,
				      const bool direct)
{
	return adoption->complete && read_active(tp, direct) > adoption->since &&
	       !is_left_out(key, first_received(tp, direct));
}

SEC("iter/task_file")
int adopt(struct bpf_iter__task_file *ctx)
{
	struct sock *sk = socket_of(ctx->file);
	struct control *ctl = controls();
	struct adoption *adoption = adoptions();
	struct connection c = {}, *known;
	struct tcp_sock *tp;
	u64 key = (u64)sk;
	bool is_whole;
	u32 slot;
	u8 state;

	tp = sk ? tcp_of(sk) : 0;
	if (!ctl || !adoption || !tp)
		return 0;
	state = sk->__sk_common.skc_state;
	if (state == TCP_LISTEN || state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return 0;
	/* Several processes share it, or it began after the programs were attached. */
	known = bpf_map_lookup_elem(&connections, &key);
	if (known) {
		if (state != TCP_CLOSE)
			promote(known, tp);
		return 0;
	}
	if (state == TCP_CLOSE) {
		if (!adoption->complete && read_active(tp, 0))
			leave_out(&key, first_received(tp, 0));
		return 0;
	}
	is_whole = is_missed(adoption, tp, &key, 0);
	c.flags = (is_whole ? 0 : FLAG_ADOPTED) | LIVE | role_of(sk, tp, has_own_fin(state), FLAG_ACTIVE, 0);
	c.id = new_id(bpf_ktime_get_ns());
	if (is_whole)
		begin_late(&c, tp, 0);
	else
		read_sequence(&c, tp, 0);
	see_cgroup(ctl, sk, 0, PLACE_ADOPT);
	slot = share_of(sk);
	if (!take_established(slot)) {
		leave_out(&key, c.first_received);
		return 0;
	}
	c.flags |= slot << SHARE_SHIFT;
	if (insert(&key, &c))
		return 0;
	bpf_map_delete_elem(&unfollowed, &key);
	if (is_whole)
		count(LOSS_MISSED);
	else if (sk->__sk_common.skc_state == TCP_CLOSE)
		end(&key); /* it ended during this program, when its entry was not there yet */
	return 0;
}
