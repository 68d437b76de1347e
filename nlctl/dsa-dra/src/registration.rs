// SPDX-License-Identifier: MIT OR Apache-2.0

//! How kubelet gets to know the plugin.

use std::path::PathBuf;

use tonic::{Request, Response, Status};
use tracing::{error, info};

use crate::health::SERVICES;
use crate::proto::registration::registration_server::Registration;
use crate::proto::registration::{
    InfoRequest, PluginInfo, RegistrationStatus, RegistrationStatusResponse,
};

/// The service that kubelet is to call before all, as it names versions.
const SERVICE: &str = "v1.DRAPlugin";

/// Answers kubelet when it finds the socket.
#[derive(Debug, Clone)]
pub struct Registrar {
    /// Name of the driver.
    pub driver: String,
    /// The socket of the plugin.
    pub endpoint: PathBuf,
}

#[tonic::async_trait]
impl Registration for Registrar {
    async fn get_info(
        &self,
        _request: Request<InfoRequest>,
    ) -> Result<Response<PluginInfo>, Status> {
        let [health, older] = SERVICES;
        let services = [SERVICE, health, older];
        Ok(Response::new(PluginInfo {
            r#type: "DRAPlugin".into(),
            name: self.driver.clone(),
            endpoint: self.endpoint.display().to_string(),
            supported_versions: services.map(String::from).to_vec(),
        }))
    }

    async fn notify_registration_status(
        &self,
        request: Request<RegistrationStatus>,
    ) -> Result<Response<RegistrationStatusResponse>, Status> {
        let status = request.into_inner();
        match status.plugin_registered {
            true => info!("registered with kubelet"),
            // It tries again.
            false => error!(reason = status.error, "kubelet does not take the plugin"),
        }
        Ok(Response::new(RegistrationStatusResponse {}))
    }
}
