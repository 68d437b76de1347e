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

/// What kubelet asks for the health of devices.
#[allow(missing_docs, unused_qualifications, clippy::all)]
pub mod health {
    tonic::include_proto!("v1");
}

/// The same, as kubelets before 1.37 have it.
#[allow(missing_docs, unused_qualifications, clippy::all)]
pub mod health_v1alpha1 {
    tonic::include_proto!("v1alpha1");
}
