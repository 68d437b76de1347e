// SPDX-License-Identifier: MIT OR Apache-2.0

//! The API server, over HTTP without TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, patch};
use axum::serve::ListenerExt;
use futures::stream;
use k8s_openapi::api::resource::v1::{ResourceClaim, ResourceSlice};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::rights::{Right, Rights};
use crate::rules;
use crate::store::{Change, Key, Kind, Refused, Store, status};

/// Most objects in a page, however many are asked for: so that clients have to ask again.
const PAGE: usize = 3;

type Shared = Arc<Mutex<Store>>;

/// An API server, which can go and come back with all that it had.
pub struct ApiServer {
    store: Shared,
    rights: Arc<Mutex<Rights>>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl ApiServer {
    /// Serves at a port of this machine, with a node of that name, clients that may do what the
    /// ClusterRoles in a manifest grant.
    ///
    /// # Errors
    ///
    /// When it cannot listen, or the manifest is none.
    pub fn start(node: &str, manifest: &str) -> Result<Self> {
        let mut server = Self {
            store: Arc::new(Mutex::new(Store::new())),
            rights: Arc::new(Mutex::new(Rights::of_manifest(manifest)?)),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            runtime: None,
        };
        let key = (Kind::Nodes, String::new(), node.to_string());
        let made = server.store().create(&key, json!({"metadata": {}}));
        made.map_err(|it| anyhow!(it.2))?;
        server.come_back()?;
        Ok(server)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A configuration for clients.
    pub fn kubeconfig(&self) -> String {
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": self.url()}}],
            "users": [{"name": "test", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        })
        .to_string()
    }

    /// Goes away: connections end, and new ones are refused.
    pub fn go_away(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Comes back, where it was.
    ///
    /// # Errors
    ///
    /// When it cannot listen.
    pub fn come_back(&mut self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(self.address));
        let listener = listener.with_context(|| format!("cannot listen at {}", self.address))?;
        self.address = listener.local_addr()?;
        // As Go does: what is small is sent at once, and not when the client has acknowledged what
        // came before, which it does 40 ms later.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let authorized = middleware::from_fn_with_state(self.rights.clone(), authorize);
        let router = router(self.store.clone()).layer(authorized);
        runtime.spawn(async move { axum::serve(listener, router).await });
        self.runtime = Some(runtime);
        Ok(())
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// What clients may do and never did.
    pub fn unused(&self) -> Vec<Right> {
        lock(&self.rights).unused()
    }

    /// Refuses the next write to an object that is there, as if it had been changed meanwhile.
    pub fn conflict(&self) {
        self.store().conflicts += 1;
    }

    /// Forgets its changes: who watches has to list again, once it is connected anew.
    pub fn compact(&self) {
        self.store().compact();
    }

    /// Makes a claim as it is when the scheduler has allocated it.
    ///
    /// # Errors
    ///
    /// When there is one of that name.
    pub fn add_claim(&self, claim: &ResourceClaim) -> Result<()> {
        let key = claim_key(claim);
        let made = self.store().create(&key, serde_json::to_value(claim)?);
        made.map(drop).map_err(|it| anyhow!(it.2))
    }

    /// Deletes a claim.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn delete_claim(&self, claim: &ResourceClaim) -> Result<()> {
        let deleted = self.store().delete(&claim_key(claim));
        deleted.map(drop).map_err(|it| anyhow!(it.2))
    }

    /// A claim, as it is now.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn claim(&self, claim: &ResourceClaim) -> Result<ResourceClaim> {
        let store = self.store();
        let found = store.get(&claim_key(claim)).map_err(|it| anyhow!(it.2))?;
        Ok(serde_json::from_value(found.clone())?)
    }

    /// All slices.
    ///
    /// # Errors
    ///
    /// When one is not of the API's form.
    pub fn slices(&self) -> Result<Vec<ResourceSlice>> {
        let store = self.store();
        let slices = store.objects.iter().filter(|it| it.0.0 == Kind::Slices);
        let read = slices.map(|it| Ok(serde_json::from_value(it.1.clone())?));
        read.collect()
    }

    /// Deletes all slices, as kubelet does of a plugin that is gone.
    pub fn delete_slices(&self) {
        let mut store = self.store();
        let keys: Vec<_> = store.objects.keys().cloned().collect();
        for key in keys.iter().filter(|it| it.0 == Kind::Slices) {
            // It is there.
            store.delete(key).ok();
        }
    }

    /// Devices of the pool, if all of it is there.
    ///
    /// # Errors
    ///
    /// When slices are not of the API's form.
    pub fn pool(
        &self,
    ) -> Result<
        Result<std::collections::BTreeMap<String, k8s_openapi::api::resource::v1::Device>, String>,
    > {
        Ok(rules::pool(&self.slices()?))
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.go_away();
    }
}

fn claim_key(claim: &ResourceClaim) -> Key {
    let metadata = &claim.metadata;
    let namespace = metadata.namespace.clone().unwrap_or_default();
    (
        Kind::Claims,
        namespace,
        metadata.name.clone().unwrap_or_default(),
    )
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses what a client may not do.
async fn authorize(
    State(rights): State<Arc<Mutex<Rights>>>,
    request: Request,
    next: Next,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let watch = query.split('&').any(|it| it == "watch=true");
    let used = lock(&rights).use_for(request.method(), request.uri().path(), watch);
    match used {
        Ok(()) => next.run(request).await,
        Err(right) => answer(Err(Refused(403, "Forbidden", format!("cannot {right}")))),
    }
}

fn router(store: Shared) -> Router {
    let group = "/apis/resource.k8s.io/v1";
    Router::new()
        .route(
            &format!("{group}/resourceslices"),
            get(list_slices).post(create_slice),
        )
        .route(
            &format!("{group}/resourceslices/{{name}}"),
            get(get_slice).put(replace_slice).delete(delete_slice),
        )
        .route(&format!("{group}/resourceclaims"), get(list_claims))
        .route(
            &format!("{group}/namespaces/{{namespace}}/resourceclaims/{{name}}"),
            get(get_claim),
        )
        .route(
            &format!("{group}/namespaces/{{namespace}}/resourceclaims/{{name}}/status"),
            patch(patch_claim),
        )
        .route("/api/v1/nodes/{name}", get(get_node))
        .fallback(|| async { answer(Err(Refused(404, "NotFound", "no such path".into()))) })
        .with_state(store)
}

fn answer(result: Result<Value, Refused>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(refused) => {
            let code = StatusCode::from_u16(refused.0);
            let code = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (code, Json(status(&refused))).into_response()
        }
    }
}

fn slice_key(name: &str) -> Key {
    (Kind::Slices, String::new(), name.to_string())
}

fn body(bytes: &Bytes) -> Result<Value, Refused> {
    let value = serde_json::from_slice(bytes);
    value.map_err(|it| Refused(400, "BadRequest", it.to_string()))
}

async fn get_slice(State(store): State<Shared>, Path(name): Path<String>) -> Response {
    answer(lock(&store).get(&slice_key(&name)).cloned())
}

async fn create_slice(State(store): State<Shared>, bytes: Bytes) -> Response {
    let created = body(&bytes).and_then(|object| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let key = slice_key(name);
        lock(&store).create(&key, object)
    });
    answer(created)
}

async fn replace_slice(
    State(store): State<Shared>,
    Path(name): Path<String>,
    bytes: Bytes,
) -> Response {
    let key = slice_key(&name);
    answer(body(&bytes).and_then(|object| lock(&store).replace(&key, object)))
}

async fn delete_slice(State(store): State<Shared>, Path(name): Path<String>) -> Response {
    answer(lock(&store).delete(&slice_key(&name)))
}

async fn get_claim(
    State(store): State<Shared>,
    Path((namespace, name)): Path<(String, String)>,
) -> Response {
    answer(lock(&store).get(&(Kind::Claims, namespace, name)).cloned())
}

async fn patch_claim(
    State(store): State<Shared>,
    Path((namespace, name)): Path<(String, String)>,
    bytes: Bytes,
) -> Response {
    let key = (Kind::Claims, namespace, name);
    answer(body(&bytes).and_then(|patch| lock(&store).apply_status(&key, &patch)))
}

async fn get_node(State(store): State<Shared>, Path(name): Path<String>) -> Response {
    answer(
        lock(&store)
            .get(&(Kind::Nodes, String::new(), name))
            .cloned(),
    )
}

/// What a list or a watch is of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Asked {
    watch: Option<bool>,
    resource_version: Option<String>,
    field_selector: Option<String>,
    limit: Option<usize>,
    r#continue: Option<String>,
}

async fn list_slices(State(store): State<Shared>, Query(asked): Query<Asked>) -> Response {
    list(&store, Kind::Slices, asked)
}

async fn list_claims(State(store): State<Shared>, Query(asked): Query<Asked>) -> Response {
    list(&store, Kind::Claims, asked)
}

fn list(store: &Shared, kind: Kind, asked: Asked) -> Response {
    if asked.watch == Some(true) {
        return follow(store, kind, asked);
    }
    let store = lock(store);
    // The place of an object in the order of a list, in which others may come and go between pages.
    let place = |key: &Key| format!("{}/{}", key.1, key.2);
    let begin = asked.r#continue.as_ref();
    let rest = store.objects.iter().filter(|it| {
        it.0.0 == kind && selected(it.1, &asked) && begin.is_none_or(|begin| place(it.0) > *begin)
    });
    let rest: Vec<_> = rest.collect();
    let limit = asked.limit.map_or(usize::MAX, |it| it.min(PAGE));
    let page = rest.get(..limit).unwrap_or(&rest);
    let items: Vec<_> = page.iter().map(|it| it.1).collect();
    let mut metadata = json!({"resourceVersion": store.version().to_string()});
    if let Some(last) = page.last().filter(|_| page.len() < rest.len()) {
        metadata["continue"] = place(last.0).into();
    }
    answer(Ok(json!({
        "apiVersion": kind.api_version(),
        "kind": format!("{}List", kind.name()),
        "metadata": metadata,
        "items": items,
    })))
}

/// Whether an object is what a field selector asks for.
fn selected(object: &Value, asked: &Asked) -> bool {
    let fields = asked.field_selector.as_deref().unwrap_or_default();
    let mut fields = fields.split(',').filter(|it| !it.is_empty());
    fields.all(|field| {
        let Some((path, value)) = field.split_once('=') else {
            return false;
        };
        let path = format!("/{}", path.replace('.', "/"));
        object.pointer(&path).and_then(Value::as_str) == Some(value)
    })
}

/// A watch, an event a line.
fn follow(store: &Shared, kind: Kind, asked: Asked) -> Response {
    let version = asked.resource_version.as_deref().unwrap_or("0");
    let Ok(version) = version.parse::<u64>() else {
        let sentence = format!("'{version}' is no version");
        return answer(Err(Refused(400, "BadRequest", sentence)));
    };
    let watch = Watch {
        store: store.clone(),
        told: lock(store).subscribe(),
        seen: version,
        kind,
        asked,
    };
    let lines = stream::unfold(watch, Watch::next);
    let lines = futures::StreamExt::map(lines, Ok::<_, Infallible>);
    Body::from_stream(lines).into_response()
}

struct Watch {
    store: Shared,
    told: watch::Receiver<u64>,
    /// The version up to which changes were looked at.
    seen: u64,
    kind: Kind,
    asked: Asked,
}

impl Watch {
    /// The next events.
    async fn next(mut self) -> Option<(String, Self)> {
        loop {
            let changes = lock(&self.store).since(self.seen);
            let changes: Vec<Change> = match changes {
                Ok(changes) => changes,
                Err(refused) => {
                    let line = json!({"type": "ERROR", "object": status(&refused)});
                    // The client is to end it.
                    self.seen = u64::MAX;
                    return Some((format!("{line}\n"), self));
                }
            };
            self.seen = changes.last().map_or(self.seen, |it| it.version);
            let ours = |it: &&Change| it.kind == self.kind && selected(&it.object, &self.asked);
            let lines: String = changes
                .iter()
                .filter(ours)
                .map(|it| format!("{}\n", json!({"type": it.what, "object": it.object})))
                .collect();
            if !lines.is_empty() {
                return Some((lines, self));
            }
            self.told.changed().await.ok()?;
        }
    }
}
