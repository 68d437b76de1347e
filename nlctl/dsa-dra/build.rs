// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes Rust of kubelet's interfaces.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

const FILES: [&str; 2] = ["dra.proto", "pluginregistration.proto"];

/// Has two packages with the same content, and what they are called.
const HEALTH: &str = "health.proto";
const PACKAGES: [&str; 2] = ["v1", "v1alpha1"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("proto");
    let out = env::var_os("OUT_DIR").ok_or("cargo says where to write")?;
    let text = fs::read_to_string(folder.join(HEALTH))?;
    let mut files: Vec<_> = FILES.iter().map(|it| folder.join(it)).collect();
    for package in PACKAGES {
        let file = Path::new(&out).join(format!("health-{package}.proto"));
        let text = text.replace("package v1;", &format!("package {package};"));
        fs::write(&file, text)?;
        files.push(file);
    }
    let parsed = protox::compile(files, [folder, Path::new(&out)])?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        .compile_fds(parsed)?;
    println!("cargo::rerun-if-changed=proto");
    Ok(())
}
