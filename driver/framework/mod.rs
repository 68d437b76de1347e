// SPDX-License-Identifier: GPL-2.0

//! Parents, their types, and the life of the subdevs carved from them.
//!
//! The framework knows no vendor and no netlink: providers register parents (see [`Provider`]),
//! the netlink room asks and orders, and the VFIO room serves what is handed over.
//!
//! Locks, outermost first: the registry (one mutex around all configuration), then a provider's
//! own locks, then those of a single subdev, then the event lock. Nothing that waits for a user
//! of VFIO is done under the registry's lock.

mod attach;
mod create;
mod delete;
mod events;
mod function;
#[cfg(CONFIG_KUNIT = "y")]
mod kunit;
mod parent;
mod provider;
mod query;
mod refusal;
mod registry;
mod subdev;

pub(crate) use self::{
    attach::{
        AuxData,
        AUX_MODULE,
        AUX_NAME, //
    },
    create::{
        create,
        New, //
    },
    delete::delete,
    events::{
        generation,
        set_sink,
        Event,
        Kind, //
    },
    function::{
        Function,
        Host,
        Region, //
    },
    parent::{
        register_parent,
        ParentRegistration, //
    },
    provider::{
        Description,
        Isolation,
        ParentState,
        Provider,
        Type,
        Value,
        Vendor,
        WqDescription,
        WqMode,
        WqState, //
    },
    query::{
        parent,
        parents,
        subdev,
        subdevs,
        type_named,
        types,
        wq,
        wqs,
        ParentView,
        TypeView,
        WqView, //
    },
    refusal::{
        Field,
        Names,
        Refusal, //
    },
    registry::{
        start,
        stop,
        Id, //
    },
    subdev::{
        Handles,
        Snapshot,
        Subdev,
        Wqs, //
    }, //
};
