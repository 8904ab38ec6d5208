//! A Kubernetes namespace for one test.

use super::Kubernetes;
use anyhow::{Context, Result};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1 as core;
use kube::api::{Api, DeleteParams, ObjectMeta, PostParams};
use kube::runtime::wait::Condition;
use parking_lot::{Mutex, RwLockReadGuard, RwLockWriteGuard};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::{self, Debug, Formatter};
use std::net::Ipv4Addr;

/// Prefix of their names.
const PREFIX: &str = "e2e-";

/// Namespaces of ended tests.
static ENDED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

pub struct Namespace<'a> {
    kubernetes: &'a Kubernetes,
    client: kube::Client,
    pub name: String,
    _turn: Turn<'a>,
}

/// Whether other tests run at the same time.
#[derive(Debug)]
#[expect(dead_code, reason = "they are held, not looked at")]
pub(crate) enum Turn<'a> {
    Shared(RwLockReadGuard<'a, ()>),
    Alone(RwLockWriteGuard<'a, ()>),
    /// Another namespace of the same test has it.
    Anothers,
}

impl<'a> Namespace<'a> {
    pub(crate) fn new(kubernetes: &'a Kubernetes, turn: Turn<'a>) -> Result<Self> {
        let client = kubernetes.client()?;
        let metadata = ObjectMeta { generate_name: Some(PREFIX.to_owned()), ..ObjectMeta::default() };
        let namespace = core::Namespace { metadata, ..core::Namespace::default() };
        let all: Api<core::Namespace> = Api::all(client.clone());
        let made = kubernetes.block_on(all.create(&PostParams::default(), &namespace))?;
        let name = made.metadata.name.context("a namespace without a name")?;
        let namespace = Self { kubernetes, client, name, _turn: turn };
        // Pods cannot be created before this.
        namespace.wait_for("default", |account: Option<&core::ServiceAccount>| account.is_some())?;
        Ok(namespace)
    }

    /// One more for the same test, which has to drop it first.
    pub fn another(&self) -> Result<Self> {
        Self::new(self.kubernetes, Turn::Anothers)
    }

    /// Applies objects; those without a namespace go to this one.
    pub fn apply(&self, yaml: &str) -> Result<()> {
        let words = ["--namespace", &self.name, "apply", "--server-side", "--filename=-"];
        self.kubernetes.access.kubectl(&words, yaml).map(drop)
    }

    /// Its cluster.
    pub fn kubernetes(&self) -> &'a Kubernetes {
        self.kubernetes
    }

    /// Output of kubectl in this namespace.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.kubernetes.kubectl(&[&["--namespace", &self.name], arguments].concat())
    }

    /// What `kubectl get` prints of objects of this namespace for a JSONPath.
    pub fn json_path(&self, objects: &[&str], path: &str) -> Result<String> {
        self.kubernetes.json_path(&[&["--namespace", &self.name], objects].concat(), path)
    }

    /// The address of a Service.
    pub fn service_address(&self, name: &str) -> Result<Ipv4Addr> {
        self.kubernetes.address(&["--namespace", &self.name, "service", name], "{.spec.clusterIP}")
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: k8s_openapi::Metadata<Ty = ObjectMeta> + kube::Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// Watches one object of this namespace until the condition is met.
    pub fn wait_for<K>(&self, name: &str, condition: impl Condition<K>) -> Result<Option<K>>
    where
        K: k8s_openapi::Metadata<Ty = ObjectMeta> + kube::Resource<Scope = NamespaceResourceScope>,
        K: Clone + Debug + DeserializeOwned + Serialize + Send + 'static,
        K::DynamicType: Default,
    {
        self.kubernetes.wait_for(&self.api::<K>(), name, condition)
    }
}

/// Whether a series belongs to a test that has ended. Most series of the pages do after some tests.
pub(crate) fn has_ended(series: &str) -> bool {
    let mut values = series.split("=\"").filter_map(|behind| behind.split('"').next());
    values.find(|value| value.starts_with(PREFIX)).is_some_and(|name| ENDED.lock().contains(name))
}

impl Debug for Namespace<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Namespace").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let all: Api<core::Namespace> = Api::all(self.client.clone());
        ENDED.lock().insert(self.name.clone());
        // Remains are removed with the cluster.
        let _ = self.kubernetes.block_on(all.delete(&self.name, &DeleteParams::default()));
    }
}
