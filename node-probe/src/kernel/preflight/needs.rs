//! Kernel features that the programs use, and for what. Checked one by one, because distributions' kernels have more
//! than their version implies.

use super::btf::Wanted::{self, Function, Member, Typedef, Value};

/// The text names what is missing without the feature.
pub(super) const NEEDS: [(Wanted, &str, &str); 32] = [
    (Typedef("btf_trace_inet_sock_set_state"), "tracepoint inet_sock_set_state", "beginnings and ends of connections"),
    (Typedef("btf_trace_tcp_destroy_sock"), "tracepoint tcp_destroy_sock", "ends that the other tracepoint misses"),
    (Function("bpf_iter_task_file"), "iterator task_file", "connections older than the probe"),
    (Value("bpf_map_type", "BPF_MAP_TYPE_RINGBUF"), "ring buffer maps", "records of connections"),
    (helper("BPF_FUNC_sock_from_file"), "helper bpf_sock_from_file", "connections older than the probe"),
    (helper("BPF_FUNC_skc_to_tcp_sock"), "helper bpf_skc_to_tcp_sock", "counters of connections"),
    (helper("BPF_FUNC_ringbuf_output"), "helper bpf_ringbuf_output", "records of connections"),
    (helper("BPF_FUNC_probe_read_kernel"), "helper bpf_probe_read_kernel", "samples of live connections"),
    (helper("BPF_FUNC_for_each_map_elem"), "helper bpf_for_each_map_elem", "samples of live connections"),
    (Member("sock_cgroup_data", "cgroup"), "sock_cgroup_data.cgroup", "whose a connection is"),
    (Member("cgroup", "kn"), "cgroup.kn", "whose a connection is"),
    (Member("kernfs_node", "id"), "kernfs_node.id", "whose a connection is"),
    (Member("net", "user_ns"), "net.user_ns", "network namespaces"),
    (Member("ns_common", "inum"), "ns_common.inum", "network namespaces"),
    (Member("sock_common", "skc_daddr"), "sock_common.skc_daddr", "addresses"),
    (Member("sock_common", "skc_v6_daddr"), "sock_common.skc_v6_daddr", "addresses; CONFIG_IPV6"),
    (Member("sock_common", "skc_net"), "sock_common.skc_net", "network namespaces"),
    (Member("sock_common", "skc_flags"), "sock_common.skc_flags", "counters of connections"),
    (Member("inet_sock", "inet_sport"), "inet_sock.inet_sport", "addresses"),
    (Member("sock", "sk_err"), "sock.sk_err", "why a connection ended"),
    (Member("tcp_sock", "bytes_acked"), "tcp_sock.bytes_acked", "counters of connections"),
    (Member("tcp_sock", "bytes_received"), "tcp_sock.bytes_received", "counters of connections"),
    (Member("tcp_sock", "bytes_sent"), "tcp_sock.bytes_sent", "counters of connections"),
    (Member("tcp_sock", "bytes_retrans"), "tcp_sock.bytes_retrans", "counters of connections"),
    (Member("tcp_sock", "snd_nxt"), "tcp_sock.snd_nxt", "counters of connections"),
    (Member("tcp_sock", "snd_una"), "tcp_sock.snd_una", "counters of connections"),
    (Member("tcp_sock", "rcv_nxt"), "tcp_sock.rcv_nxt", "counters of connections"),
    (Member("tcp_sock", "write_seq"), "tcp_sock.write_seq", "counters of connections"),
    (Member("tcp_sock", "segs_out"), "tcp_sock.segs_out", "samples of live connections"),
    (Member("tcp_sock", "segs_in"), "tcp_sock.segs_in", "ends that the other tracepoint misses"),
    (Member("tcp_sock", "total_retrans"), "tcp_sock.total_retrans", "segments sent again"),
    (Member("tcp_sock", "srtt_us"), "tcp_sock.srtt_us", "round-trip times"),
];

const fn helper(name: &'static str) -> Wanted {
    Value("bpf_func_id", name)
}
