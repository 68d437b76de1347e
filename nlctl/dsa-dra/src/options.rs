// SPDX-License-Identifier: MIT OR Apache-2.0

//! The command line, and the places that follow from it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// Name of the driver, and group of the kinds in claims, unless another is asked for. A domain that
/// nobody can own, as this project has none.
pub const DRIVER: &str = "dsa.subdev.internal";

/// Kubernetes driver that carves DSA work queues by claim.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub struct Options {
    /// Name of the node that the driver runs on.
    #[arg(long, env = "NODE_NAME")]
    pub node_name: String,
    /// Name of the driver, as device classes select it.
    #[arg(long, env = "DRIVER_NAME", default_value = DRIVER, value_parser = driver_name)]
    pub driver_name: String,
    /// UID of the pod that the driver runs in. With one, two drivers may serve the node during an
    /// update.
    #[arg(long, env = "POD_UID")]
    pub pod_uid: Option<String>,
    /// Folder in which kubelet looks for sockets of plugins.
    #[arg(long, default_value = "/var/lib/kubelet/plugins_registry")]
    pub registry: PathBuf,
    /// Folder in which plugins keep what is theirs.
    #[arg(long, default_value = "/var/lib/kubelet/plugins")]
    pub plugins: PathBuf,
    /// Folder in which container runtimes look for CDI specs.
    #[arg(long, default_value = "/var/run/cdi")]
    pub cdi: PathBuf,
    /// Where sysfs is mounted.
    #[arg(long, default_value = "/sys")]
    pub sysfs: PathBuf,
    /// Where devices are.
    #[arg(long, default_value = "/dev")]
    pub dev: PathBuf,
    /// Address to serve /metrics and /healthz at; none by default.
    #[arg(long)]
    pub metrics_address: Option<SocketAddr>,
    /// Log as text, not as JSON.
    #[arg(long)]
    pub log_text: bool,
}

/// A DNS subdomain as kubelet takes it for a driver, and fit to be part of a file's name.
fn driver_name(word: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let label = |it: &str| {
        !it.is_empty() && it.chars().all(allowed) && !it.starts_with('-') && !it.ends_with('-')
    };
    match word.len() <= 63 && word.split('.').all(label) {
        true => Ok(word.to_string()),
        false => Err("accepted: a DNS name in lower case of at most 63 characters".into()),
    }
}

impl Options {
    /// The folder of this driver.
    pub fn data(&self) -> PathBuf {
        self.plugins.join(&self.driver_name)
    }

    /// The socket of the plugin.
    pub fn plugin_socket(&self) -> PathBuf {
        self.data().join(match &self.pod_uid {
            Some(uid) => format!("dra-{uid}.sock"),
            None => "dra.sock".to_string(),
        })
    }

    /// The socket that kubelet finds.
    pub fn registration_socket(&self) -> PathBuf {
        self.registry.join(match &self.pod_uid {
            Some(uid) => format!("{}-{uid}-reg.sock", self.driver_name),
            None => format!("{}-reg.sock", self.driver_name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_drivers_are_dns_names() {
        assert!(driver_name(DRIVER).is_ok());
        for bad in ["", "a..b", "-a", "A.b", "a/b", "../x", &"a".repeat(64)] {
            assert!(driver_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn drivers_of_two_pods_have_sockets_of_their_own() {
        let options = |uid: &[&str]| {
            let words = ["dsa-dra", "--node-name", "n1"].iter().chain(uid);
            Options::parse_from(words)
        };
        let one = options(&["--pod-uid", "1"]);
        let two = options(&["--pod-uid", "2"]);
        assert_ne!(one.plugin_socket(), two.plugin_socket());
        assert_ne!(one.registration_socket(), two.registration_socket());
        let alone = options(&[]).registration_socket();
        assert!(alone.ends_with("plugins_registry/dsa.subdev.internal-reg.sock"));
    }
}
