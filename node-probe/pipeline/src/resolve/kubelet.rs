//! Where a kubelet makes the cgroups of its pods. Only names at these places identify the pod of a cgroup: a user of the node
//! may make cgroups below a session's, and a pod below its own, and call them what they like.
//!
//! ```text
//! cgroupfs  ROOT/kubepods/[burstable|besteffort/]pod<uid>/...
//! systemd   ROOT.slice/ROOT-kubepods.slice/[ROOT-kubepods-burstable.slice/]ROOT-kubepods-burstable-pod<uid with _>.slice/...
//! ```

#[cfg(test)]
mod tests;

use crate::record::CGROUP_LEVELS;

/// Directories from a kubelet's cgroup root to a pod's cgroup.
const BELOW_ROOT: usize = 3;
/// Where a kubelet has its cgroups by default: at the top, and in nodes that kind makes.
const USUAL: [&str; 2] = ["/", "/kubelet"];
const CLASSES: [&str; 2] = ["burstable", "besteffort"];

/// The kubelet's cgroup roots that count, for both of its drivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeletCgroups {
    /// Directories from the root of the tree on.
    roots: Vec<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{path:?} is {depth} directories deep, and pods' cgroups are looked for below {most} at most: mount the node's cgroup tree \
     deeper and name the mount with --cgroup-root"
)]
pub struct TooDeep {
    path: String,
    depth: usize,
    most: usize,
}

impl Default for KubeletCgroups {
    fn default() -> Self {
        Self { roots: USUAL.into_iter().flat_map(with_slices).collect() }
    }
}

impl KubeletCgroups {
    /// Below this directory of the tree, `cgroupRoot` of the kubelet's configuration, and nowhere else.
    ///
    /// # Errors
    /// It is so deep that the kernel side does not report pods below it.
    pub fn below(path: &str) -> Result<Self, TooDeep> {
        let (depth, most) = (components(path).len(), CGROUP_LEVELS - BELOW_ROOT);
        if depth > most {
            return Err(TooDeep { path: path.to_owned(), depth, most });
        }
        Ok(Self { roots: with_slices(path) })
    }

    /// The UID of the pod that a cgroup is of; `names` are its directories from the root of the tree on. The outermost pod: what
    /// a kubelet within a pod makes is that pod's.
    #[must_use]
    pub fn pod_uid(&self, names: &[&str]) -> Option<String> {
        self.roots.iter().find_map(|root| uid_below(root, names))
    }

    /// Where the cgroup of a pod with this UID can be, below the root of the tree.
    pub fn paths<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = String> + 'a {
        let classes = || CLASSES.iter().map(Some).chain([None]);
        self.roots.iter().flat_map(move |root| classes().flat_map(move |class| paths_below(root, class, uid)))
    }

    /// How many of these paths are of pods; and if none is, below which other directory some look like it.
    #[must_use]
    pub fn survey<'a>(&self, paths: impl Iterator<Item = &'a str> + Clone) -> (usize, Option<String>) {
        let of_pods = paths.clone().filter(|path| self.pod_uid(&components(path)).is_some()).count();
        let elsewhere = (of_pods == 0).then(|| paths.into_iter().find_map(root_of_pod)).flatten();
        (of_pods, elsewhere)
    }
}

impl std::fmt::Display for KubeletCgroups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let roots: Vec<String> = self.roots.iter().map(|root| format!("/{}", root.join("/"))).collect();
        f.write_str(&roots.join(", "))
    }
}

/// In some kubelet's layout, wherever that has its cgroups.
pub(super) fn is_pods_anywhere(names: &[&str]) -> bool {
    root_above(names).is_some()
}

/// Where the kubelet's root would have to be for this path to be a pod's.
fn root_of_pod(path: &str) -> Option<String> {
    root_above(&components(path)).map(|root| format!("/{}", root.join("/")))
}

/// The cgroup root of some kubelet in whose layout these names are.
fn root_above(names: &[&str]) -> Option<Vec<String>> {
    let root_at = |depth: usize| {
        let root: Vec<String> = names[..depth].iter().map(ToString::to_string).collect();
        uid_below(&root, names).map(|_| root)
    };
    (0..names.len()).find_map(root_at)
}

fn components(path: &str) -> Vec<&str> {
    path.split('/').filter(|name| !name.is_empty()).collect()
}

/// The directory itself, as the cgroupfs driver takes it, and the slice that systemd's driver makes of its name.
fn with_slices(path: &str) -> Vec<Vec<String>> {
    let plain: Vec<String> = components(path).into_iter().map(str::to_owned).collect();
    if plain.is_empty() || plain.iter().any(|name| name.ends_with(".slice")) {
        return vec![plain];
    }
    let mut slice = String::new();
    let slices = plain.iter().map(|name| {
        slice = format!("{slice}{}{}", if slice.is_empty() { "" } else { "-" }, name.replace('-', "_"));
        format!("{slice}.slice")
    });
    let slices = slices.collect();
    vec![plain, slices]
}

fn uid_below(root: &[String], names: &[&str]) -> Option<String> {
    let below = names.get(root.len()..).filter(|_| root.iter().zip(names).all(|(one, other)| one == other))?;
    let uid = by_cgroupfs(below).or_else(|| by_systemd(root, below))?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (!uid.is_empty() && uid.bytes().all(is_part)).then_some(uid)
}

fn by_cgroupfs(below: &[&str]) -> Option<String> {
    let pod = match below {
        ["kubepods", class, pod, ..] if CLASSES.contains(class) => pod,
        ["kubepods", pod, ..] => pod,
        _ => return None,
    };
    pod.strip_prefix("pod").map(str::to_owned)
}

/// The name of a slice begins with those of the slices above it; `-` in a UID is written `_`.
fn by_systemd(root: &[String], below: &[&str]) -> Option<String> {
    let above =
        root.last().and_then(|name| name.strip_suffix(".slice")).map_or(String::new(), |name| format!("{name}-"));
    let rest = below.first()?.strip_prefix(above.as_str())?.strip_prefix("kubepods").filter(|rest| *rest == ".slice");
    let of_class = |class: &str| format!("{above}kubepods-{class}.slice");
    let (prefix, pod) = match (rest, below) {
        (Some(_), [_, class, pod, ..]) if CLASSES.iter().any(|name| of_class(name) == *class) => {
            (class.strip_suffix(".slice")?.to_owned(), pod)
        }
        (Some(_), [_, pod, ..]) => (format!("{above}kubepods"), pod),
        _ => return None,
    };
    let uid = pod.strip_prefix(prefix.as_str())?.strip_prefix("-pod")?.strip_suffix(".slice")?;
    Some(uid.replace('_', "-"))
}

fn paths_below(root: &[String], class: Option<&&str>, uid: &str) -> [String; 2] {
    let at = |below: &[&str]| {
        let root = root.iter().map(String::as_str);
        root.chain(below.iter().copied()).collect::<Vec<_>>().join("/")
    };
    let top = format!("{}kubepods", slice_prefix(root));
    let (of_class, plain, pod) = match class {
        Some(class) => (format!("{top}-{class}"), format!("kubepods/{class}"), format!("pod{uid}")),
        None => (top.clone(), "kubepods".to_owned(), format!("pod{uid}")),
    };
    let slice = format!("{of_class}-pod{}.slice", uid.replace('-', "_"));
    let slices = match class {
        Some(_) => at(&[&format!("{top}.slice"), &format!("{of_class}.slice"), &slice]),
        None => at(&[&format!("{top}.slice"), &slice]),
    };
    [at(&[&plain, &pod]), slices]
}

/// What the names of slices below begin with.
fn slice_prefix(root: &[String]) -> String {
    root.last().and_then(|name| name.strip_suffix(".slice")).map_or(String::new(), |name| format!("{name}-"))
}
