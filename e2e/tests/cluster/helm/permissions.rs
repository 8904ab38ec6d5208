//! Accounts have exactly the permissions in docs/security.md, and a probe has three capabilities on its node.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Kubernetes, longwire, running::process_running};
use longwire_testkit::checkout;
use std::collections::BTreeSet;
use std::fs;

/// CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF.
const THREE: u64 = 1 << 12 | 1 << 38 | 1 << 39;

/// Resource, names, verbs.
type Permission = (String, String, String);

/// Permissions of an account in a namespace, without those of every account.
fn allowed(kubernetes: &Kubernetes, account: &str, namespace: &str) -> Result<BTreeSet<Permission>> {
    let of = |account: &str| -> Result<BTreeSet<Permission>> {
        let who = format!("--as=system:serviceaccount:{}:{account}", longwire::NAMESPACE);
        let words = ["auth", "can-i", "--list", "--no-headers", "--namespace", namespace, &who];
        kubernetes.kubectl(&words)?.lines().map(permission).collect()
    };
    Ok(&of(account)? - &of("default")?)
}

/// A line of `kubectl auth can-i --list`: resources, then paths, names and verbs in brackets.
fn permission(line: &str) -> Result<Permission> {
    let parts: Vec<&str> = line.split(['[', ']']).map(str::trim).collect();
    let [resource, _paths, _, names, _, verbs, ..] = parts[..] else { anyhow::bail!("what is {line:?}?") };
    Ok((resource.to_owned(), names.to_owned(), sorted(verbs)))
}

fn sorted(words: &str) -> String {
    let words: BTreeSet<_> = words.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// The rows of the operator's table with this first cell.
fn documented(scope: &str) -> Result<BTreeSet<Permission>> {
    let page = fs::read_to_string(checkout().join("docs/security.md"))?;
    let (_, section) = page.split_once("## What the operator may do\n").context("no such section")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<String> = row.split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let [_, place, resources, names, verbs, ..] = &cells[..] else { continue };
        if place == scope {
            let row = |resource: &str| (resource.to_owned(), names.clone(), sorted(verbs));
            found.extend(resources.split(", ").map(row));
        }
    }
    ensure!(!found.is_empty(), "no row of {scope:?}");
    Ok(found)
}

#[test]
fn the_accounts_have_exactly_the_permissions_of_the_security_page() -> Result<()> {
    let (kubernetes, _namespace) = longwire::installed()?;
    let (everywhere, at_home) = (documented("cluster")?, documented("its namespace")?);
    assert_eq!(allowed(kubernetes, "longwire-operator", "default")?, everywhere);
    assert_eq!(allowed(kubernetes, "longwire-operator", longwire::NAMESPACE)?, &everywhere | &at_home);
    for namespace in ["default", longwire::NAMESPACE] {
        assert_eq!(allowed(kubernetes, "longwire-probe", namespace)?, BTreeSet::new());
    }
    Ok(())
}

#[test]
fn a_probe_has_three_capabilities_and_cannot_get_more() -> Result<()> {
    let (kubernetes, _namespace) = longwire::installed()?;
    let uids = "{range .items[*]}{.metadata.uid} {end}";
    let said = longwire::json_path(kubernetes, &["pods", "--selector=app=longwire-probe"], uids)?;
    for uid in said.split_whitespace() {
        let process = process_running(uid, "longwire-probe")?;
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        for (field, wanted) in [("CapEff", THREE), ("CapPrm", THREE), ("CapBnd", THREE), ("CapInh", 0), ("CapAmb", 0)] {
            let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(":\t"));
            let value = u64::from_str_radix(value.with_context(|| format!("no {field}"))?, 16)?;
            assert_eq!(value, wanted, "{field} of the probe of pod {uid}: {value:x}");
        }
        ensure!(status.lines().any(|line| line == "NoNewPrivs:\t1"), "it may get new privileges");
        ensure!(status.lines().any(|line| line == "Seccomp:\t2"), "no seccomp filter is on: {status}");
    }
    Ok(())
}
