/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The reference for benchmarks, which counts every packet: two programs run for each packet of a cgroup and add its bytes
 * to its connection's entry, a third follows connections' states. Nothing of Longwire loads this.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { IPV4 = 4, TCP = 6, PASS = 1 };

struct tuple {
	__u32 local, remote;
	__u16 local_port, remote_port;
	__u32 protocol;
};

struct counts {
	__u64 opened; /* CLOCK_MONOTONIC, nanoseconds */
	__u64 sent, sent_packets;
	__u64 received, received_packets;
};

struct ended {
	struct tuple tuple;
	struct counts counts;
	__u64 closed;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 131072);
	__type(key, struct tuple);
	__type(value, struct counts);
} connections SEC(".maps");

/* Without a reader: it is soon full, and a refused record is cheaper than one that is written. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps");

/* The first 20 bytes of either header, without options. */
struct ipv4 {
	__u8 version_length, service;
	__be16 length, id, fragment;
	__u8 hops, protocol;
	__u16 checksum;
	__be32 source, destination;
};

struct ports {
	__be16 source, destination;
};

static __always_inline struct counts *find(struct __sk_buff *skb, int is_sent)
{
	struct tuple tuple = {.protocol = TCP};
	struct ipv4 ip;
	struct ports ports;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.version_length >> 4 != IPV4 || ip.protocol != TCP)
		return 0;
	if (bpf_skb_load_bytes(skb, (ip.version_length & 15) * 4, &ports, sizeof(ports)))
		return 0;
	tuple.local = is_sent ? ip.source : ip.destination;
	tuple.remote = is_sent ? ip.destination : ip.source;
	tuple.local_port = bpf_ntohs(is_sent ? ports.source : ports.destination);
	tuple.remote_port = bpf_ntohs(is_sent ? ports.destination : ports.source);
	return bpf_map_lookup_elem(&connections, &tuple);
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	struct counts *counts = find(skb, 1);

	if (counts) {
		__sync_fetch_and_add(&counts->sent, skb->len);
		__sync_fetch_and_add(&counts->sent_packets, 1);
	}
	return PASS;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	struct counts *counts = find(skb, 0);

	if (counts) {
		__sync_fetch_and_add(&counts->received, skb->len);
		__sync_fetch_and_add(&counts->received_packets, 1);
	}
	return PASS;
}

static __always_inline struct tuple tuple_of(struct bpf_sock_ops *ops)
{
	struct tuple tuple = {
		.local = ops->local_ip4,
		.remote = ops->remote_ip4,
		.local_port = ops->local_port,
		.remote_port = bpf_ntohl(ops->remote_port),
		.protocol = TCP,
	};

	return tuple;
}

static __always_inline void end(struct bpf_sock_ops *ops)
{
	struct tuple tuple = tuple_of(ops);
	struct counts *counts = bpf_map_lookup_elem(&connections, &tuple);
	struct ended *ended;

	if (!counts)
		return;
	ended = bpf_ringbuf_reserve(&events, sizeof(*ended), 0);
	if (ended) {
		ended->tuple = tuple;
		ended->counts = *counts;
		ended->closed = bpf_ktime_get_ns();
		bpf_ringbuf_submit(ended, BPF_RB_NO_WAKEUP);
	}
	bpf_map_delete_elem(&connections, &tuple);
}

SEC("sockops")
int states(struct bpf_sock_ops *ops)
{
	struct counts counts = {};
	struct tuple tuple;

	switch (ops->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		tuple = tuple_of(ops);
		counts.opened = bpf_ktime_get_ns();
		bpf_map_update_elem(&connections, &tuple, &counts, BPF_ANY);
		bpf_sock_ops_cb_flags_set(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ops->args[1] == BPF_TCP_CLOSE)
			end(ops);
		break;
	}
	return PASS;
}
