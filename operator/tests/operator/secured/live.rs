//! The live API behind a front proxy: who gets in, what a user may read, a standby, the registration.

mod access;
mod connections;
mod crowd;
mod edges;
mod effective;
mod estimates;
mod facts;
mod front_proxy;
mod registration;
mod relayed;

use super::{LONG, Secured};
use crate::api_server::ApiServer;
use front_proxy::{Connection, FrontProxy};
use kube::Client;
use longwire_operator::live::{self, Access, Context, Live};
use longwire_operator::publish::role::Role;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The name that the cluster allows.
const AGGREGATOR: &str = "aggregator";
const PROBES: &str = "/apis/live.telemetry.longwire.io/v1alpha1/probes";

/// An operator with the live API, and the API server's front proxy.
struct Served {
    operator: Secured,
    client: Client,
    proxy: FrontProxy,
    address: SocketAddr,
    role: watch::Sender<Role>,
    _live: Live,
}

impl Served {
    /// It leads, and node `n1`'s probe has connected.
    async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    async fn at(listen: &str) -> Self {
        let (api, client) = ApiServer::start().await;
        let proxy = FrontProxy::new();
        api.set_front_proxy(&proxy.authority, &["another", AGGREGATOR]);
        let flags = [&LONG[..], &["--live-listen", "127.0.0.1:0"]].concat();
        let mut operator = Secured::beside(api, &client, &flags).await;
        let listener = TcpListener::bind(listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (role, receiver) = watch::channel(Role::Standby { leader: None });
        let access = Access::FrontProxy { client: client.clone(), certificate: operator.guard.certificate.clone() };
        let reports = operator.take_reports();
        let context = Context {
            published: operator.published.clone(),
            acks: Arc::clone(&operator.acks),
            pods: Some(operator.guard.gate.pods()),
            seen_pods: operator.seen_pods.clone(),
            reports,
            to_writer: operator.questions.clone(),
            role: receiver,
            counters: Arc::clone(&operator.counters),
        };
        let live = live::start(listener, access, context);
        // An operator leads some time after it has begun to serve.
        role.send_replace(Role::Leader);
        Self { operator, client, proxy, address, role, _live: live }
    }

    fn api(&self) -> &ApiServer {
        &self.operator.api
    }

    /// As kube-apiserver connects.
    async fn connect(&self) -> Connection {
        self.connect_to(self.address).await
    }

    async fn connect_to(&self, address: SocketAddr) -> Connection {
        let trust = self.api().bundle(|_| true).await;
        let certificate = self.proxy.issue(AGGREGATOR);
        let connection = front_proxy::eventually(async || {
            let mut connection = Connection::open(address, &trust, Some(&certificate), "h2").await?;
            // The ConfigMap may not have been read yet.
            connection.get("/healthz", &[]).await?;
            Ok(connection)
        });
        connection.await
    }

    /// A request for this user, and the answer's code and body.
    async fn ask(&self, user: &str, path: &str) -> (u16, Value) {
        self.connect().await.get(path, &[("x-remote-user", user)]).await.unwrap()
    }
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_user_who_may_reads_the_state_of_every_probe() {
    let served = Served::start().await;
    served.api().allow("ops", "list", "");
    served.api().allow("ops", "get", "n1");
    let _stream = served.operator.admitted(&super::good()).await;
    let (code, list) = served.ask("ops", PROBES).await;
    assert_eq!((code, names(&list)), (200, vec!["n1", "n2"]), "{list}");
    // The pods of this test are not ready, and no probe has acknowledged anything.
    let first = json!({"connected": true, "ready": false, "release": "test"});
    let second = json!({"connected": false, "ready": false, "release": null});
    for (item, expected) in list["items"].as_array().unwrap().iter().zip([first, second]) {
        let status = &item["status"];
        assert_eq!((&status["connected"], &status["ready"]), (&expected["connected"], &expected["ready"]), "{status}");
        assert_eq!(
            (&status["release"], &status["revision"]["applied"]),
            (&expected["release"], &Value::Null),
            "{status}"
        );
    }
    let (code, one) = served.ask("ops", &format!("{PROBES}/n1")).await;
    assert_eq!((code, &one["metadata"]["uid"]), (200, &list["items"][0]["metadata"]["uid"]));
}
