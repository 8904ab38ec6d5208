//! Access to the API server from this process: a client, and kubectl.

use super::control_plane;
use super::layout::{CONTROL_PLANE, Layout, NODES, text};
use super::place::Place;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Node, ServiceAccount};
use kube::api::Api;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use longwire_testkit::command;
use std::future::Future;
use std::net::TcpStream;
use std::time::Duration;
use tokio::runtime::Runtime;

#[derive(Debug)]
pub struct Access {
    layout: Layout,
    runtime: Runtime,
}

impl Access {
    pub fn new(layout: &Layout) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { layout: layout.clone(), runtime })
    }

    /// Runs a future. Not from inside another future.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// A new client, as the administrator.
    pub fn client(&self) -> Result<Client> {
        self.block_on(async {
            let file = Kubeconfig::read_from(self.layout.kubeconfig("admin"))?;
            let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
            Ok(Client::try_from(config)?)
        })
    }

    /// What kubectl prints.
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> Result<String> {
        let (program, kubeconfig) = (self.layout.program("kubectl"), self.layout.kubeconfig("admin"));
        let words = [&["--kubeconfig", text(&kubeconfig)?], arguments].concat();
        command::feed(text(&program)?, &words, input.as_bytes())
    }

    pub(crate) fn await_api_server(&self) -> Result<()> {
        let daemon = Place::new(&self.layout, control_plane::NAME).daemon("kube-apiserver");
        let client = self.client()?;
        longwire_testkit::wait::eventually(Duration::from_secs(60), || {
            // A TCP connect is cheaper than a handshake while no server listens.
            drop(TcpStream::connect((CONTROL_PLANE, 6443))?);
            let request = http::Request::get("/readyz").body(Vec::new())?;
            self.block_on(client.request_text(request)).with_context(|| daemon.last_words())?;
            Ok(())
        })
    }

    /// Waits until both nodes are Ready and pods can be created.
    pub(crate) fn await_nodes(&self, patience: Duration) -> Result<()> {
        let client = self.client()?;
        let nodes: Api<Node> = Api::all(client.clone());
        let accounts: Api<ServiceAccount> = Api::default_namespaced(client);
        longwire_testkit::wait::eventually(patience, || {
            self.block_on(async {
                for name in NODES {
                    let node = nodes.get(name).await.with_context(|| self.kubelet(name))?;
                    ensure!(is_ready(&node), "{name} is not ready\n{}", self.kubelet(name));
                }
                accounts.get("default").await.context("no default service account")?;
                Ok(())
            })
        })
    }

    fn kubelet(&self, node: &str) -> String {
        Place::new(&self.layout, node).daemon("kubelet").last_words()
    }
}

pub fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
