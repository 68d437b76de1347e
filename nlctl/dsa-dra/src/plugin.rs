// SPDX-License-Identifier: MIT OR Apache-2.0

//! What kubelet calls: `DRAPlugin` v1.

use std::sync::Arc;
use std::time::Instant;

use k8s_openapi::api::resource::v1::ResourceClaim;
use kube::{Api, Client};
use tonic::{Request, Response, Status};
use tracing::{error, info};

use crate::claim::{is_uid, uid};
use crate::metrics::{Call, Calls};
use crate::prepare::{Prepared, Preparer};
use crate::proto::dra::dra_plugin_server::DraPlugin;
use crate::proto::dra::{
    Claim, Device, NodePrepareResourceResponse, NodePrepareResourcesRequest,
    NodePrepareResourcesResponse, NodeUnprepareResourceResponse, NodeUnprepareResourcesRequest,
    NodeUnprepareResourcesResponse,
};
use crate::status::Reporter;

/// The plugin.
#[derive(Clone)]
pub struct Plugin {
    /// Where claims are.
    pub client: Client,
    /// Who makes subdevs.
    pub preparer: Arc<Preparer>,
    /// Who tells users of a claim what became of it.
    pub reporter: Reporter,
    /// What became of calls.
    pub calls: Calls,
}

impl Plugin {
    /// The claim that kubelet means.
    async fn claim(&self, named: &Claim) -> Result<ResourceClaim, String> {
        let api: Api<ResourceClaim> = Api::namespaced(self.client.clone(), &named.namespace);
        let got = api.get_opt(&named.name).await;
        let claim = got.map_err(|it| format!("cannot get the claim: {it}"))?;
        let claim = claim.ok_or("there is no such claim")?;
        if uid(&claim) != named.uid {
            return Err("the claim is another one of the same name".into());
        }
        let allocation = claim.status.as_ref().and_then(|it| it.allocation.as_ref());
        match allocation {
            Some(_) => Ok(claim),
            None => Err("the claim is not allocated".into()),
        }
    }

    async fn unprepare(&self, uid: &str) -> Result<(), String> {
        named_well(uid)?;
        let unprepared = self.preparer.unprepare(uid).await;
        unprepared.map_err(|it| it.to_string())
    }

    async fn prepare(&self, named: &Claim) -> Result<Vec<Prepared>, String> {
        named_well(&named.uid)?;
        let claim = self.claim(named).await?;
        let prepared = self.preparer.prepare(&claim).await;
        let prepared = prepared.map_err(|it| it.to_string());
        self.reporter.report(claim, prepared.clone());
        prepared
    }
}

/// Says what is wrong with a call that names no claim.
fn named_well(uid: &str) -> Result<(), String> {
    match is_uid(uid) {
        true => Ok(()),
        false => Err(format!("'{uid}' is no UID of a claim")),
    }
}

fn device(prepared: Prepared) -> Device {
    Device {
        request_names: vec![prepared.share.main_request().to_string()],
        pool_name: prepared.share.pool,
        device_name: prepared.share.device_name,
        cdi_device_ids: prepared.cdi_ids,
    }
}

#[tonic::async_trait]
impl DraPlugin for Plugin {
    async fn node_prepare_resources(
        &self,
        request: Request<NodePrepareResourcesRequest>,
    ) -> Result<Response<NodePrepareResourcesResponse>, Status> {
        let mut response = NodePrepareResourcesResponse::default();
        for claim in request.into_inner().claims {
            let (namespace, name, uid) = (&claim.namespace, &claim.name, &claim.uid);
            let start = Instant::now();
            let prepared = self.prepare(&claim).await;
            let failed = prepared.is_err();
            self.calls.ended(Call::Prepare, failed, start.elapsed());
            let answer = match prepared {
                Ok(prepared) => {
                    info!(
                        namespace,
                        name,
                        uid,
                        subdevs = prepared.len(),
                        "claim prepared"
                    );
                    NodePrepareResourceResponse {
                        devices: prepared.into_iter().map(device).collect(),
                        error: String::new(),
                    }
                }
                Err(reason) => {
                    error!(namespace, name, uid, reason, "claim not prepared");
                    NodePrepareResourceResponse {
                        devices: Vec::new(),
                        error: reason,
                    }
                }
            };
            response.claims.insert(claim.uid, answer);
        }
        Ok(Response::new(response))
    }

    async fn node_unprepare_resources(
        &self,
        request: Request<NodeUnprepareResourcesRequest>,
    ) -> Result<Response<NodeUnprepareResourcesResponse>, Status> {
        let mut response = NodeUnprepareResourcesResponse::default();
        for claim in request.into_inner().claims {
            let (namespace, name, uid) = (&claim.namespace, &claim.name, &claim.uid);
            let start = Instant::now();
            let unprepared = self.unprepare(uid).await;
            let failed = unprepared.is_err();
            self.calls.ended(Call::Unprepare, failed, start.elapsed());
            let error = match unprepared {
                Ok(()) => {
                    info!(namespace, name, uid, "claim unprepared");
                    String::new()
                }
                Err(reason) => {
                    error!(namespace, name, uid, reason, "claim not unprepared");
                    reason
                }
            };
            let answer = NodeUnprepareResourceResponse { error };
            response.claims.insert(claim.uid, answer);
        }
        Ok(Response::new(response))
    }
}
