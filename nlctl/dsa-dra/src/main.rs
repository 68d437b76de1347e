// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kubernetes DRA driver that carves DSA work queues by claim.
//!
//! The node's work queues are published as devices ([`slices`], [`publish`]). Kubelet has claims
//! prepared and unprepared ([`plugin`]); each result of an allocation is a
//! subdev ([`prepare`]), whose name and UUID say for what it was made ([`identity`]). There is no state
//! but the kernel's and the API server's.

mod cdi;
mod claim;
mod config;
mod device;
mod files;
#[cfg(test)]
mod fixtures;
mod health;
mod identity;
#[cfg(test)]
mod manifests;
mod mdev;
mod metadata;
mod metrics;
mod operations;
mod options;
mod plugin;
mod prepare;
mod proto;
mod publish;
mod quantity;
mod reconcile;
mod registration;
mod slices;
mod sockets;
mod status;
mod sysfs;

use std::future::Future;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use futures::StreamExt;
use kube::Client;
use nlctl::{NotificationKind, Update};
use tokio::signal::unix::{SignalKind, signal};
use tonic::transport::Server;
use tracing::{error, info, warn};
use tracing_subscriber::EnvFilter;

use crate::health::Health;
use crate::metrics::Calls;
use crate::options::Options;
use crate::plugin::Plugin;
use crate::prepare::Preparer;
use crate::proto::dra::dra_plugin_server::DraPluginServer;
use crate::proto::health::dra_resource_health_server::DraResourceHealthServer;
use crate::proto::health_v1alpha1::dra_resource_health_server::DraResourceHealthServer as OlderServer;
use crate::proto::registration::registration_server::RegistrationServer;
use crate::publish::Publisher;
use crate::registration::Registrar;
use crate::sockets::Socket;
use crate::status::Reporter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    log(options.log_text);
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            error!("{failure:#}");
            ExitCode::FAILURE
        }
    }
}

/// Has events logged, as RUST_LOG says.
fn log(text: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    let log = log.with_writer(std::io::stderr);
    match text {
        true => log.with_ansi(std::io::stderr().is_terminal()).init(),
        false => log.json().flatten_event(true).init(),
    }
}

async fn run(options: Options) -> Result<()> {
    let (connection, handle) = nlctl::new_connection().context("cannot open a netlink socket")?;
    let connection = tokio::spawn(connection);
    let client = Client::try_default().await;
    let client = client.context("cannot tell where the API server is")?;

    let preparer = Arc::new(Preparer::new(handle.clone(), options.clone()));
    let counted = Calls::default();
    let plugin = Plugin {
        calls: counted.clone(),
        client: client.clone(),
        preparer: preparer.clone(),
        reporter: Reporter::new(
            client.clone(),
            options.driver_name.clone(),
            options.node_name.clone(),
        ),
    };
    let publisher = Publisher::new(handle.clone(), client.clone(), &options);
    let registrar = Registrar {
        driver: options.driver_name.clone(),
        endpoint: options.plugin_socket(),
    };
    // The plugin is served before kubelet hears of it.
    let mut served = Socket::bind(options.plugin_socket()).context("cannot serve the plugin")?;
    if let Err(error) = sockets::sweep(&options.registry, &options.driver_name) {
        warn!(%error, "cannot look for sockets that were left");
    }
    let found = Socket::bind(options.registration_socket());
    let mut found = found.context("cannot register with kubelet")?;
    let devices = Health {
        handle: handle.clone(),
        pool: options.node_name.clone(),
    };
    let (health_reporter, health) = tonic_health::server::health_reporter();
    health_reporter
        .set_serving::<DraPluginServer<Plugin>>()
        .await;
    let plugin = Server::builder()
        .add_service(DraPluginServer::new(plugin))
        .add_service(DraResourceHealthServer::new(devices.clone()))
        .add_service(OlderServer::new(devices))
        .add_service(health);
    let registrar = Server::builder().add_service(RegistrationServer::new(registrar));
    let (Some(calls), Some(greetings)) = (served.incoming(), found.incoming()) else {
        return Ok(());
    };
    info!(
        driver = options.driver_name,
        node = options.node_name,
        "serving"
    );
    tokio::select! {
        end = plugin.serve_with_incoming(calls) => end.context("the plugin's socket")?,
        end = registrar.serve_with_incoming(greetings) => end.context("the registration's socket")?,
        end = publisher.run() => end?,
        end = metrics::serve(options.metrics_address, handle.clone(), counted) => end?,
        end = follow(&handle, &client, &preparer) => end?,
        _ = connection => anyhow::bail!("the netlink connection is closed"),
        end = told_to_stop()? => end,
    }
    Ok(())
}

/// Reconciles at the start, and when the module or a device came back.
async fn follow(handle: &nlctl::Handle, client: &Client, preparer: &Preparer) -> Result<()> {
    let mut updates = handle.watch().await.context("cannot watch the family")?;
    let mut reconciled = false;
    while let Some(update) = updates.next().await {
        let again = match update.context("cannot watch the family")? {
            Update::Gone => {
                warn!("the module subdev is not loaded");
                !reconciled
            }
            Update::Back(_) => true,
            // A device that went and came back has no subdevs.
            Update::Changed(it) if it.parent().is_some() => it.kind() == NotificationKind::Create,
            _ => !reconciled,
        };
        if again {
            reconcile::until_done(client, preparer).await;
            reconciled = true;
        }
    }
    anyhow::bail!("the watch of the family ended")
}

/// Ends when a signal says so.
fn told_to_stop() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
        info!("told to stop");
    })
}
