/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keeps ICMP errors that answer a SYN, see `icmp_error`. A program is attached where the kernel has its function. */
#pragma once

static __always_inline int keep_error(struct sock *sk, int error)
{
	u64 key = (u64)sk;
	struct control *ctl;
	struct connection *c;

	if (sk->sk_protocol != IPPROTO_TCP || sk->__sk_common.skc_state != TCP_SYN_SENT)
		return 0;
	ctl = controls();
	c = bpf_map_lookup_elem(&connections, &key);
	if (ctl && ctl->owner == OWNER && c && !(c->flags & (LIVE | ENDED)))
		c->first_sent = error;
	return 0;
}

SEC("fentry/ip_icmp_error")
int BPF_PROG(on_icmp4, struct sock *sk, struct sk_buff *skb, int error)
{
	return keep_error(sk, error);
}

SEC("fentry/ipv6_icmp_error")
int BPF_PROG(on_icmp6, struct sock *sk, struct sk_buff *skb, int error)
{
	return keep_error(sk, error);
}

enum {
	ICMP_DEST_UNREACH = 3,
	ICMP_NET_UNREACH = 0,
	ICMP_PORT_UNREACH = 3,
	ICMP_FRAG_NEEDED = 4,
	ICMP_NET_UNKNOWN = 6,
	ICMP_NET_ANO = 9,
	ICMP_NET_UNR_TOS = 11,
};
enum { ENETUNREACH = 101, ECONNREFUSED = 111, EHOSTUNREACH = 113 };

/* As the kernel's icmp_err_convert, as far as reasons of failures differ. */
static __always_inline s32 errno_of(int code)
{
	if (code == ICMP_PORT_UNREACH)
		return ECONNREFUSED;
	if (code == ICMP_NET_UNREACH || code == ICMP_NET_UNKNOWN || code == ICMP_NET_ANO || code == ICMP_NET_UNR_TOS)
		return ENETUNREACH;
	return EHOSTUNREACH;
}

#define TCP_FLAGS 13 /* byte of the header */
#define TCP_SYN_ACK 0x12
#define TCP_SYN 0x02

/*
 * Since 6.9, IPv4 only: errors that this machine itself sends, for a REJECT rule of kube-proxy or a missing route. They
 * come while the client's process is still in connect().
 */
SEC("tp_btf/icmp_send")
int BPF_PROG(on_icmp_send, const struct sk_buff *skb, int type, int code)
{
	struct control *ctl = controls();
	unsigned char *packet = skb->head + skb->network_header;
	u8 ip[20], tcp[14];
	s32 error = errno_of(code);
	u64 key;

	if (!ctl || ctl->owner != OWNER || type != ICMP_DEST_UNREACH || code == ICMP_FRAG_NEEDED)
		return 0;
	if (bpf_probe_read_kernel(ip, sizeof(ip), packet) || ip[9] != IPPROTO_TCP)
		return 0;
	if (bpf_probe_read_kernel(tcp, sizeof(tcp), packet + (ip[0] & 15) * 4))
		return 0;
	if ((tcp[TCP_FLAGS] & TCP_SYN_ACK) != TCP_SYN)
		return 0;
	/* In network order, as in the socket. */
	key = error_key((u32)tcp[4] << 24 | tcp[5] << 16 | tcp[6] << 8 | tcp[7], *(u16 *)tcp);
	bpf_map_update_elem(&errors, &key, &error, BPF_ANY);
	return 0;
}
