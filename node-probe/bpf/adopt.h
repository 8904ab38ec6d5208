/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections that began while nobody looked: found through the files of processes, in all network namespaces. */
#pragma once

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
	key.netns = read_netns(sk, 1);
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
static __always_inline u32 role_of(struct sock *sk, struct tcp_sock *tp)
{
	u64 network = tp->bytes_acked + (u32)(tp->snd_nxt - tp->snd_una);
	u64 payload = tp->bytes_sent - tp->bytes_retrans;
	struct listener key = {};

	if (has_own_fin(sk->__sk_common.skc_state) && tp->snd_nxt == tp->write_seq)
		network--;
	if (network == payload + 1)
		return FLAG_ACTIVE;
	key.netns = read_netns(sk, 1);
	key.port = sk->__sk_common.skc_num;
	if (bpf_map_lookup_elem(&listeners, &key))
		return FLAG_PASSIVE;
	return network == payload ? FLAG_PASSIVE : FLAG_ACTIVE;
}

SEC("iter/task_file")
int adopt(struct bpf_iter__task_file *ctx)
{
	struct sock *sk = socket_of(ctx->file);
	struct control *ctl = controls();
	struct connection c = {};
	struct tcp_sock *tp;
	u64 key;
	u32 slot;
	u8 state;

	if (!ctl || !sk || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	state = sk->__sk_common.skc_state;
	if (state == TCP_LISTEN || state == TCP_CLOSE || state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	key = (u64)sk;
	/* Held by several processes, or opened while the programs were on. */
	if (bpf_map_lookup_elem(&connections, &key))
		return 0;
	c.flags = FLAG_ADOPTED | LIVE | role_of(sk, tp);
	c.id = new_id(bpf_ktime_get_ns());
	read_sequence(&c, tp);
	see_cgroup(ctl, sk, 0);
	slot = share_of(sk);
	if (!take_established(slot))
		return 0;
	c.flags |= slot << SHARE_SHIFT;
	/* Its end may come between these two, and finds nothing: then what is made here must not stay. */
	if (bpf_map_update_elem(&connections, &key, &c, BPF_NOEXIST)) {
		give_back(c.flags);
		count(LOSS_STORAGE);
	} else if (sk->__sk_common.skc_state == TCP_CLOSE) {
		forget(&key, c.flags);
	}
	return 0;
}
