//! The figures as an operator reads them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use queqiao_storage::{ClientFigures, ClientId, StoreError};
use serde::Serialize;

use super::Clients;
use crate::serve::Rule;

/// All clients.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Figures {
    /// The contract of this server.
    pub(super) contract: String,
    /// The released ones first, the newest on top.
    pub(super) clients: Vec<Client>,
}

/// One client.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Client {
    pub(super) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contract: Option<String>,
    /// The releases that went out with this contract, the oldest first.
    pub(super) labels: Vec<String>,
    /// Whether all of them are retired.
    pub(super) retired: bool,
    /// The setting by which it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refused_by: Option<String>,
    #[serde(flatten)]
    pub(super) total: Total,
    pub(super) operations: BTreeMap<String, Total>,
    /// What the Referer said: a hint.
    pub(super) packages: Vec<Package>,
}

/// What a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Has the contract of this server, which is not released yet.
    Current,
    /// Went out with a release.
    Released,
    /// Has a contract that no release has.
    Unknown,
    /// Says to be a client, and is not told apart.
    Other,
    /// Does not say to be a client.
    Absent,
}

/// Calls.
#[derive(Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Total {
    /// The refused ones among them.
    pub(super) calls: u64,
    pub(super) refused: u64,
    pub(super) last_seen: Option<Timestamp>,
}

impl Total {
    fn add(&mut self, other: Total) {
        self.calls = self.calls.saturating_add(other.calls);
        self.refused = self.refused.saturating_add(other.refused);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}

/// A package of a mini-program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    pub(super) appid: String,
    pub(super) package: String,
    pub(super) last_seen: Timestamp,
}

impl Clients {
    /// Everything up to this moment, that of other processes on the same database up to their last write.
    pub(super) async fn figures(&self) -> Result<Figures, StoreError> {
        self.write().await?;
        Ok(self.arrange(self.store.client_figures().await?))
    }

    fn arrange(&self, stored: ClientFigures) -> Figures {
        let mut clients: BTreeMap<ClientId, Client> = BTreeMap::new();
        let known = self.known.iter().copied().map(ClientId::Contract);
        for id in known.chain([ClientId::Other, ClientId::Absent]) {
            clients.insert(id, self.client(id));
        }
        for count in stored.calls {
            let client = clients.entry(count.client).or_insert_with(|| self.client(count.client));
            let total =
                Total { calls: count.calls, refused: count.refused, last_seen: Some(count.last_seen) };
            client.total.add(total);
            client.operations.entry(count.operation).or_default().add(total);
        }
        for seen in stored.packages {
            let client = clients.entry(seen.client).or_insert_with(|| self.client(seen.client));
            let (appid, package, last_seen) = (seen.appid, seen.package, seen.last_seen);
            client.packages.push(Package { appid, package, last_seen });
        }
        let mut clients: Vec<Client> = clients.into_values().collect();
        let age = |client: &Client| client.labels.last().and_then(|label| self.releases.position(label));
        clients.sort_by(|a, b| {
            let newest = age(b).cmp(&age(a)).then(b.total.last_seen.cmp(&a.total.last_seen));
            a.kind.cmp(&b.kind).then(newest)
        });
        Figures { contract: self.own.to_string(), clients }
    }

    /// A client without calls.
    fn client(&self, id: ClientId) -> Client {
        let refused =
            |rule: Rule, name: &str| (rule == Rule::Refuse).then(|| format!("clients.{name} = \"refuse\""));
        let mut client = Client {
            kind: Kind::Unknown,
            contract: None,
            labels: Vec::new(),
            retired: false,
            refused_by: refused(self.policy.unknown, "unknown"),
            total: Total::default(),
            operations: BTreeMap::new(),
            packages: Vec::new(),
        };
        match id {
            ClientId::Other => client.kind = Kind::Other,
            ClientId::Absent => {
                client.kind = Kind::Absent;
                client.refused_by = refused(self.policy.missing, "missing");
            }
            ClientId::Contract(contract) => {
                client.contract = Some(contract.to_string());
                if let Some(why) = self.policy.known.get(&contract) {
                    client.refused_by.clone_from(why);
                }
                let releases: Vec<_> = self.releases.of(contract).map(|(_, release)| release).collect();
                client.retired = !releases.is_empty() && releases.iter().all(|release| release.retired);
                client.labels = releases.into_iter().map(|release| release.label.clone()).collect();
                client.kind = match (client.labels.is_empty(), contract == self.own) {
                    (false, _) => Kind::Released,
                    (true, true) => Kind::Current,
                    (true, false) => Kind::Unknown,
                };
            }
        }
        client
    }
}
