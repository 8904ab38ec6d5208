# To be sourced. Packages of any suite and architecture, through apt with separate lists, so that the machine's own stay
# unchanged.

# open_lists DIRECTORY ARCH SUITE...: changes to DIRECTORY, which has the lists. `apt` then has the options for apt-get
# and apt-cache.
open_lists() {
	local directory=$1 arch=$2 key=/usr/share/keyrings/debian-archive-keyring.gpg sources suite place
	shift 2
	mkdir -p "$directory"/apt/{lists/partial,cache/archives/partial}
	cd "$directory"
	# The mirror of this machine's packages.
	sources=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
	mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' <<<"$sources" | tr ' ' '\n' | sed 's|/$||' | grep '/debian$' | tail -n 1 || true)
	[ -n "$mirror" ] || { echo "no Debian mirror among apt's sources: packages of $* cannot be had" >&2; return 1; }
	for suite in "$@"; do
		case $suite in *-security) place="${mirror%/debian}/debian-security" ;; *) place=$mirror ;; esac
		echo "deb [arch=$arch signed-by=$key] $place $suite main"
	done >sources.list
	[ -e status ] || touch status
	apt=(-o "Dir::Etc::sourcelist=$directory/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$directory/apt/lists"
		-o "Dir::State::status=$directory/status" -o "Dir::Cache=$directory/apt/cache" -o "APT::Architecture=$arch"
		-o "APT::Architectures=$arch" -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root)
	# A suite that the mirror lacks is no error here; a missing package is one later.
	[ -n "$(find apt/refreshed -mmin -720 2>/dev/null)" ] && return
	apt-get "${apt[@]}" update -qq >/dev/null 2>&1 || true
	touch apt/refreshed
}
