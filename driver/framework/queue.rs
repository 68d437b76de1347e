// SPDX-License-Identifier: GPL-2.0

//! The workqueue of the framework.

use crate::ffi::workqueue::Shared;

/// Does what may wait for VFIO.
pub(super) static QUEUE: Shared = Shared::new(c"subdev_handover");
