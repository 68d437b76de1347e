// SPDX-License-Identifier: GPL-2.0

//! What the function of a subdev counts with.

use kernel::prelude::*;

use super::{
    identity::WqShare,
    node::Node,
    registry::REGISTRY,
    stats::Meter,
    subdev::Subdev, //
};

/// A meter for each of these shares of a subdev on `node`, in their order. Called under the
/// configuration lock of the parent.
pub(super) fn meters(node: &Node, subdev: &Subdev, shares: &[WqShare]) -> Result<KVec<Meter>> {
    let own = subdev.begin_stats()?;
    let mut meters = KVec::with_capacity(shares.len(), GFP_KERNEL)?;

    let mut registry = REGISTRY.lock();
    let parents = &registry.get()?.parents;
    let parent = parents.get(&node.index).ok_or(ENODEV)?;
    for share in shares {
        let wq = parent.wqs.get(&share.id).ok_or(ENODEV)?;
        let meter = Meter::new(own.clone(), wq.stats.clone(), node.stats.clone());
        meters.push_within_capacity(meter).map_err(|_| ENOMEM)?;
    }
    Ok(meters)
}
