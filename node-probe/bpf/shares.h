/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fair shares of the maps: a pod that floods fills its own share and no more. Programs may be preempted anywhere and
 * run on several CPUs, so every count is atomic, and a share is taken before its entry is inserted.
 */
#pragma once

/* Entries of `connections`. */
const volatile u32 TABLE = 262144;
/* Half-open connections of all pods together. Established ones have the rest to themselves. */
#define HALF_OPEN (TABLE / 4)
/* An entry of `folded` lives for at most two epochs, so both together are a quarter. */
#define FOLDED_AN_EPOCH (FOLDED / 2)

/* A pod's cgroup is a few levels below the root. All cgroups nested deeper than 32 levels share one slot. */
#define SHARE_DEPTH 32
#define TOO_DEEP (~0ULL)
#define POD_NAME 96
#define UUID 36      /* a pod's UID */
#define STATIC_UID 32 /* of a static pod, which kubelet reads from a file */
#define SLICE 6      /* length of .slice */

/* A quarter for a pod. Three for the host's processes, which on a node without cgroup v2 include all pods. */
static __always_inline u32 part(u32 slot, u32 whole)
{
	return slot == SHARE_NO_POD ? whole - whole / 4 : whole / 4;
}

static __always_inline struct share *share_at(u32 slot)
{
	return bpf_map_lookup_elem(&shares, &slot);
}

static __always_inline bool take(u32 *count, u32 most)
{
	if (*(volatile u32 *)count >= most)
		return 0;
	if (__sync_fetch_and_add(count, 1) < most)
		return 1;
	__sync_fetch_and_add(count, -1);
	return 0;
}

/* Never below 0, because it would wrap to the largest number and lock the pod out. */
static __always_inline void release(u32 *count)
{
	if (!__sync_fetch_and_add(count, -1))
		__sync_fetch_and_add(count, 1);
}

static __always_inline bool take_half_open(u32 slot)
{
	struct share *share = share_at(slot), *all = share_at(SHARE_ALL);

	if (!share || !all)
		return 0;
	if (!take(&share->half_open, part(slot, HALF_OPEN))) {
		count(LOSS_HALF_OPEN_SHARE);
		return 0;
	}
	if (!take(&all->half_open, HALF_OPEN)) {
		release(&share->half_open);
		count(LOSS_HALF_OPEN);
		return 0;
	}
	return 1;
}

static __always_inline void release_half_open(u32 slot)
{
	struct share *share = share_at(slot), *all = share_at(SHARE_ALL);

	if (share && all) {
		release(&share->half_open);
		release(&all->half_open);
	}
}

static __always_inline bool take_established(u32 slot)
{
	struct share *share = share_at(slot);

	if (share && take(&share->established, part(slot, TABLE)))
		return 1;
	count(LOSS_CONNECTIONS_SHARE);
	return 0;
}

/* Releases the share of an entry with these flags. */
static __always_inline void release_share(u32 flags)
{
	struct share *share;

	if (!(flags & LIVE)) {
		release_half_open(flags >> SHARE_SHIFT);
		return;
	}
	share = share_at(flags >> SHARE_SHIFT);
	if (share)
		release(&share->established);
}

/*
 * If two programs delete one entry, the one that succeeds releases its share. An entry that stays because the map is
 * busy has ENDED set, or is replaced by the next connection at its address.
 */
static __always_inline void forget(const u64 *key, u32 flags)
{
	long failed = bpf_map_delete_elem(&connections, key);

	if (!failed)
		release_share(flags);
	else if (failed != -ENOENT)
		count(LOSS_BUSY);
}

/* Sets ENDED. Returns whether it was not set before. The entry stays until its socket is destroyed. */
static __always_inline bool end(const u64 *key)
{
	struct connection *c = bpf_map_lookup_elem(&connections, key);

	return c && !(__sync_fetch_and_or(&c->flags, ENDED) & ENDED);
}

/* Marks a socket as ignored: its end adds nothing. If this map is full too, it counts as missed, which is exact. */
static __always_inline void leave_out(const u64 *key, u32 first_received)
{
	bpf_map_update_elem(&unfollowed, key, &first_received, BPF_ANY);
}

static __always_inline bool is_left_out(const u64 *key, u32 first_received)
{
	u32 *marked = bpf_map_lookup_elem(&unfollowed, key);

	return marked && *marked == first_received;
}

/* Inserts an entry whose share was taken. On failure releases the share and returns why. */
static __always_inline long insert(const u64 *key, const struct connection *fresh)
{
	long failed = bpf_map_update_elem(&connections, key, fresh, BPF_NOEXIST);

	if (!failed)
		return 0;
	release_share(fresh->flags);
	if (failed == -E2BIG || failed == -ENOMEM) {
		count(LOSS_STORAGE);
		if (fresh->flags & LIVE)
			leave_out(key, fresh->first_received);
	} else if (failed != -EEXIST) {
		/* Busy only now: it is found later as a connection whose beginning was missed. */
		count(LOSS_BUSY);
	}
	return failed;
}

/* Like insert, but replaces an entry of an earlier connection of this socket or address. */
static __always_inline void insert_or_replace(const u64 *key, const struct connection *fresh)
{
	struct connection *stale;

	if (!bpf_map_update_elem(&connections, key, fresh, BPF_NOEXIST))
		return;
	stale = bpf_map_lookup_elem(&connections, key);
	if (stale)
		forget(key, stale->flags);
	insert(key, fresh);
}

/*
 * Marks a connection established and moves it between counts, once even if two programs find out. `must`: also above
 * the share, because it ends now.
 */
static __always_inline bool become_live(struct connection *c, const bool must)
{
	u32 flags = *(volatile u32 *)&c->flags, slot = flags >> SHARE_SHIFT;
	struct share *share = share_at(slot);

	if (!share)
		return 0;
	if (must)
		__sync_fetch_and_add(&share->established, 1);
	else if (!take_established(slot))
		return 0;
	if (__sync_fetch_and_or(&c->flags, LIVE) & LIVE)
		release(&share->established);
	else
		release_half_open(slot);
	return 1;
}

/* Takes a share for an entry that is inserted only to be ended, also above the limit. */
static __always_inline void take_regardless(u32 slot)
{
	struct share *share = share_at(slot);

	if (share)
		__sync_fetch_and_add(&share->established, 1);
}

/* Takes a share for a new entry of `folded`. */
static __always_inline bool take_folded(u32 slot, u32 epoch)
{
	struct share *share = share_at(slot);
	u64 seen;

	if (!share)
		return 0;
	seen = *(volatile u64 *)&share->folded;
	if (seen >> 32 != epoch)
		__sync_val_compare_and_swap(&share->folded, seen, (u64)epoch << 32);
	else if ((u32)seen >= part(slot, FOLDED_AN_EPOCH))
		return 0;
	return (u32)__sync_fetch_and_add(&share->folded, 1) < part(slot, FOLDED_AN_EPOCH);
}

/* Is this kubelet's name of a pod's cgroup: `pod<uid>`, or with systemd's driver `...-pod<uid>.slice`? */
static __always_inline bool is_pod(const char *name)
{
	const u32 mark = '-' | 'p' << 8 | 'o' << 16 | 'd' << 24;
	char text[POD_NAME];
	u32 found = 0;
	long length = bpf_probe_read_kernel_str(text, sizeof(text), name) - 1;

	if (length == 3 + UUID || length == 3 + STATIC_UID)
		return text[0] == 'p' && text[1] == 'o' && text[2] == 'd';
	if (length < 4 + STATIC_UID + SLICE)
		return 0;
	bpf_probe_read_kernel(&found, sizeof(found), name + length - (4 + STATIC_UID + SLICE));
	if (found == mark || length < 4 + UUID + SLICE)
		return found == mark;
	bpf_probe_read_kernel(&found, sizeof(found), name + length - (4 + UUID + SLICE));
	return found == mark;
}

/*
 * The id of the pod's cgroup; 0: not in a pod. The outermost one below the root counts, so that a pod cannot split its
 * share by nested cgroups with such names.
 */
static __always_inline u64 pod_of(struct kernfs_node *node)
{
	struct kernfs_node *above;
	u64 pod = 0, id;

#pragma clang loop unroll(disable)
	for (int i = 0; i < SHARE_DEPTH; i++) {
		above = node ? parent_of(node) : 0;
		id = node ? BPF_CORE_READ(node, id) : 0;
		if (!above || id == CGROUP_ROOT)
			return pod;
		if (is_pod(BPF_CORE_READ(node, name)))
			pod = id;
		node = above;
	}
	return TOO_DEEP;
}

/* Slots in which a pod's share may be. */
#define PLACES 16

static __always_inline u32 place(u64 pod, u32 at)
{
	return ((u32)(pod * 0x9e3779b97f4a7c15ULL >> 40) + at) & (SHARES - 1);
}

/*
 * The slot of the pod's share: the one it has, or a free or idle one. A pod whose idle slot was taken claims another. A
 * connection counts against the slot in its flags, so counts stay right when a slot changes its pod.
 */
static __always_inline u32 claim(u64 pod)
{
	struct share *share;
	u64 other;
	u32 slot;

#pragma clang loop unroll(disable)
	for (u32 at = 0; at < PLACES; at++) {
		slot = place(pod, at);
		share = share_at(slot);
		if (share && slot >= SHARE_FIRST && share->pod == pod)
			return slot;
	}
#pragma clang loop unroll(disable)
	for (u32 at = 0; at < PLACES; at++) {
		slot = place(pod, at);
		share = share_at(slot);
		if (!share || slot < SHARE_FIRST)
			continue;
		other = share->pod;
		if (other != pod && (share->established || share->half_open))
			continue;
		other = __sync_val_compare_and_swap(&share->pod, other, pod) == other ? pod : share->pod;
		if (other == pod)
			return slot;
	}
	count(LOSS_SHARES);
	return SHARE_NO_POD;
}

/*
 * Not static, so that the verifier checks it once instead of at each call; the arguments are
 * plain numbers for that. Its stack frame is its own.
 */
__noinline u32 find_share(u64 cgroup, u64 node)
{
	struct cgroup_share found;

	found.pod = pod_of((struct kernfs_node *)node);
	found.slot = found.pod ? claim(found.pod) : SHARE_NO_POD;
	bpf_map_update_elem(&cgroup_shares, &cgroup, &found, BPF_ANY);
	return found.slot;
}

/* The slot of the share that connections of this socket count against. */
static __always_inline u32 share_of(struct sock *sk)
{
	u64 cgroup = read_cgroup(sk, 1);
	struct cgroup_share *known = bpf_map_lookup_elem(&cgroup_shares, &cgroup);
	struct share *share;

	if (known && !known->pod)
		return SHARE_NO_POD;
	share = known ? share_at(known->slot) : 0;
	if (share && share->pod == known->pod)
		return known->slot & (SHARES - 1);
	return find_share(cgroup, (u64)BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn)) & (SHARES - 1);
}
