//! Which versions of the mini-program call what, and which of them are refused.

mod counters;
mod figures;
mod page;
mod policy;
pub(crate) mod releases;

use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, REFERER};
use http::{HeaderMap, HeaderName, HeaderValue};
use queqiao_storage::{ClientBounds, ClientCalls, ClientId, Clock, ContractId, StoreError};
use tokio::sync::oneshot;

use self::counters::Counters;
pub(crate) use self::page::routes;
pub(crate) use self::policy::Policy;
pub(crate) use self::releases::Releases;
use crate::problem::{self, Problem, Text};

/// The header in which a generated client names its contract.
const CLIENT: HeaderName = HeaderName::from_static("x-queqiao-client");
/// How often counts go to the store. A process that is killed loses the last ones.
const INTERVAL: Duration = Duration::from_secs(10);
/// Where calls of what is no operation are counted; no operation id has a dot.
const NO_OPERATION: &str = "route.not_found";

/// Counts calls by client and operation, and refuses the clients that the policy refuses.
pub(crate) struct Clients {
    clock: Clock,
    store: Arc<dyn ClientCalls>,
    /// The contract of this server.
    own: ContractId,
    releases: Releases,
    policy: Policy,
    /// The contracts of the policy.
    known: Vec<ContractId>,
    /// How many others are told apart.
    limit: usize,
    counters: Counters,
    /// The place of [`NO_OPERATION`].
    no_operation: usize,
}

/// What [`Clients`] counts, where, and for whom.
pub(crate) struct Counted<'a> {
    /// The operations' ids by place.
    pub(crate) operations: Vec<&'a str>,
    pub(crate) own: ContractId,
    pub(crate) releases: Releases,
    pub(crate) policy: Policy,
    pub(crate) limit: usize,
}

impl Clients {
    pub(crate) fn new(counted: Counted<'_>, store: Arc<dyn ClientCalls>, clock: Clock) -> Self {
        let Counted { operations, own, releases, policy, limit } = counted;
        let no_operation = operations.len();
        let operations = operations.into_iter().chain([NO_OPERATION]).map(str::to_owned).collect();
        Self {
            clock,
            store,
            own,
            releases,
            known: policy.known.keys().copied().collect(),
            limit,
            counters: Counters::new(operations, &policy, limit),
            policy,
            no_operation,
        }
    }

    /// Counts a call of the operation at a place, or of none, and refuses it where its client is too old.
    pub(crate) fn admit(&self, place: Option<usize>, headers: &HeaderMap) -> Result<(), Problem> {
        let client = match headers.get(&CLIENT) {
            None => ClientId::Absent,
            Some(id) => ContractId::parse(id.as_bytes()).map_or(ClientId::Other, ClientId::Contract),
        };
        let seen = self.clock.now().as_millisecond();
        let admitted = self.counters.with(client, |row| {
            if let Some(referer) = headers.get(REFERER) {
                row.note(referer.as_bytes(), seen);
            }
            row.call(place.unwrap_or(self.no_operation), seen)
        });
        if admitted {
            return Ok(());
        }
        let problem = Problem::from_case(&problem::CLIENT_TOO_OLD)
            .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Err(match client {
            ClientId::Absent => problem.with_detail(Text::both(
                "此服务器只接受生成的客户端的调用，它们会携带 `X-Queqiao-Client: <contract id>`。",
                "This server answers generated clients only, which send `X-Queqiao-Client: <contract id>`.",
            )),
            _ => problem,
        })
    }

    /// Writes to the store what was counted. What it does not take is counted again.
    pub(crate) async fn write(&self) -> Result<(), StoreError> {
        let figures = self.counters.take();
        if figures.calls.is_empty() && figures.packages.is_empty() {
            return Ok(());
        }
        let bounds = ClientBounds { known: &self.known, unknown: self.limit };
        let written = self.store.add_calls(&figures, bounds, self.clock.now()).await;
        if written.is_err() {
            self.counters.put_back(&figures);
        }
        written
    }

    /// Writes every few seconds, and once more when `stopped` comes or its sender is gone.
    pub(crate) async fn keep_writing(self: Arc<Self>, mut stopped: oneshot::Receiver<()>) {
        loop {
            let goes_on = tokio::time::timeout(INTERVAL, &mut stopped).await.is_err();
            if let Err(error) = self.write().await {
                tracing::warn!(%error, "the counts of clients were not stored; they are tried again");
            }
            if !goes_on {
                return;
            }
        }
    }
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients").field("policy", &self.policy).finish_non_exhaustive()
    }
}
