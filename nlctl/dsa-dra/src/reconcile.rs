// SPDX-License-Identifier: MIT OR Apache-2.0

//! Brings the node in line with the claims that there are: at the start, and when the module was
//! loaded anew.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::resource::v1::ResourceClaim;
use kube::api::ListParams;
use kube::{Api, Client};
use tracing::{info, warn};

use crate::claim::{is_here, uid};
use crate::identity::Owner;
use crate::prepare::{Failure, Preparer};

/// Claims that are asked for at a time.
const PAGE: u32 = 500;

/// The longest wait before it is tried again.
const LONGEST: Duration = Duration::from_secs(30);

/// Does so until it succeeds. Nothing is deleted while the API server does not say which claims there
/// are.
pub async fn until_done(client: &Client, preparer: &Preparer) {
    let mut wait = Duration::from_secs(1);
    while let Err(error) = once(client, preparer).await {
        warn!(%error, again_in = wait.as_secs(), "cannot reconcile");
        tokio::time::sleep(wait).await;
        wait = LONGEST.min(wait * 2);
    }
    info!("reconciled");
}

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error("cannot list claims: {0}")]
    Claims(#[from] kube::Error),
    #[error("{0}")]
    Prepare(#[from] Failure),
    #[error("cannot list CDI specs: {0}")]
    Specs(#[from] std::io::Error),
    #[error("{0} subdevs or claims are not as they should be")]
    Left(usize),
}

async fn once(client: &Client, preparer: &Preparer) -> Result<(), Undone> {
    // Before the claims are listed: what is prepared meanwhile is of a claim that is in the list, or
    // not in this one.
    let subdevs = preparer.own().await.map_err(Failure::from)?;
    let specs = preparer.specs().claims()?;
    let claims = claims(client, preparer).await?;

    let mut left = 0;
    let gone = |uid: &str| !claims.contains_key(&Owner::of(uid));
    for uid in specs.iter().filter(|it| gone(it)) {
        info!(uid, "unprepares a claim that is gone");
        left += usize::from(failed(preparer.unprepare(uid).await));
    }
    let orphans = subdevs.iter().filter(|it| {
        let owner = Owner::of_subdev(it);
        owner.is_some_and(|it| !claims.contains_key(&it))
    });
    for subdev in orphans {
        info!(subdev = subdev.name, "deletes a subdev whose claim is gone");
        let deleted = preparer.delete(subdev).await;
        left += usize::from(failed(deleted.map_err(Failure::from)));
    }
    // What was prepared, and may have gone with the module.
    let prepared: BTreeSet<_> = specs.iter().map(|it| Owner::of(it)).collect();
    for (owner, claim) in claims.iter().filter(|it| prepared.contains(it.0)) {
        info!(uid = %owner, "checks a claim that is prepared");
        left += usize::from(failed(preparer.restore(claim).await));
    }
    match left {
        0 => Ok(()),
        left => Err(Undone::Left(left)),
    }
}

fn failed(result: Result<(), Failure>) -> bool {
    if let Err(error) = &result {
        warn!(%error, "stays as it is");
    }
    result.is_err()
}

/// The claims that were allocated anything here.
async fn claims(
    client: &Client,
    preparer: &Preparer,
) -> Result<BTreeMap<Owner, ResourceClaim>, kube::Error> {
    let api: Api<ResourceClaim> = Api::all(client.clone());
    let mut here = BTreeMap::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = api.list(&params).await?;
        for claim in page.items {
            if is_here(&claim, preparer.place()) {
                here.insert(Owner::of(uid(&claim)), claim);
            }
        }
        match page.metadata.continue_.filter(|it| !it.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(here),
        }
    }
}
