// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kubelet's interfaces, made of the files in `proto/`.

/// The plugin itself, `DRAPlugin` v1.
#[allow(missing_docs, unused_qualifications, clippy::all)]
pub mod dra {
    tonic::include_proto!("k8s.io.kubelet.pkg.apis.dra.v1");
}

/// How kubelet gets to know it.
#[allow(missing_docs, unused_qualifications, clippy::all)]
pub mod registration {
    tonic::include_proto!("pluginregistration");
}
