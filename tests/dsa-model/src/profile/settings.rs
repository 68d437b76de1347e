// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a user asks of a device: options, or the same in a TOML file.
//!
//! ```toml
//! generation = "2.0"
//! wqs = 16
//! wq-capacity = 256
//! pasid = true
//! ```

use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::{Generation, Modes, Profile};

/// Some of a device's numbers; the others stay as they are. Documented at [`Profile`].
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Generation of the architecture [default: 1.0].
    #[arg(long, value_enum, value_name = "VERSION")]
    pub generation: Option<Generation>,
    /// Number of work queues, up to 32 [default: 8].
    #[arg(long, value_name = "N")]
    pub wqs: Option<u8>,
    /// Descriptors that all work queues hold together [default: 128].
    #[arg(long, value_name = "N")]
    pub wq_capacity: Option<u16>,
    /// Number of groups, up to 16 [default: 4].
    #[arg(long, value_name = "N")]
    pub groups: Option<u8>,
    /// Number of engines, up to 16; each is a thread [default: 4].
    #[arg(long, value_name = "N")]
    pub engines: Option<u8>,
    /// Number of read buffers that the groups share [default: 96].
    #[arg(long, value_name = "N")]
    pub read_buffers: Option<u8>,
    /// The largest transfer is two to the power of this, 12 to 31, in bytes [default: 31].
    #[arg(long, value_name = "N")]
    pub max_transfer_shift: Option<u8>,
    /// The largest batch is two to the power of this, 1 to 15, in descriptors [default: 10].
    #[arg(long, value_name = "N")]
    pub max_batch_shift: Option<u8>,
    /// Report the command capabilities and hand out interrupt handles; without this a handle is
    /// the number of an MSI-X vector, as on Sapphire Rapids [default: false].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub interrupt_handles: Option<bool>,
    /// Let descriptors block on faults [default: true].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub block_on_fault: Option<bool>,
    /// Have the capabilities ATS, PASID and PRI in configuration space, and with them shared work
    /// queues and the commands that name a PASID; all PASIDs lead to the same memory [default:
    /// false].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub pasid: Option<bool>,
    /// The modes that work queues can have; a shared one also needs --pasid [default: both].
    #[arg(long, value_enum)]
    pub modes: Option<Modes>,
    /// Have a configuration of groups and work queues that software cannot change [default: false].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub fixed_config: Option<bool>,
    /// Have a mask for each work queue of the operations that it does; after a reset it does none
    /// [default: false].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub op_config: Option<bool>,
}

/// Why settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the profile {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not one of settings.
    #[error("the profile {} is not understood: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        source: Box<toml::de::Error>,
    },
    /// A number that no device has.
    #[error("{name} = {value}: no device has that; {} to {} is accepted", accepted.start(), accepted.end())]
    Range {
        /// The setting.
        name: &'static str,
        /// What was asked for.
        value: u16,
        /// What can be asked for.
        accepted: RangeInclusive<u16>,
    },
}

impl Settings {
    /// Reads a TOML file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or something in it is no setting.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|source| Error::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// These settings, and those of `base` where there are none.
    #[must_use]
    pub fn or(self, base: Self) -> Self {
        Self {
            generation: self.generation.or(base.generation),
            wqs: self.wqs.or(base.wqs),
            wq_capacity: self.wq_capacity.or(base.wq_capacity),
            groups: self.groups.or(base.groups),
            engines: self.engines.or(base.engines),
            read_buffers: self.read_buffers.or(base.read_buffers),
            max_transfer_shift: self.max_transfer_shift.or(base.max_transfer_shift),
            max_batch_shift: self.max_batch_shift.or(base.max_batch_shift),
            interrupt_handles: self.interrupt_handles.or(base.interrupt_handles),
            block_on_fault: self.block_on_fault.or(base.block_on_fault),
            pasid: self.pasid.or(base.pasid),
            modes: self.modes.or(base.modes),
            fixed_config: self.fixed_config.or(base.fixed_config),
            op_config: self.op_config.or(base.op_config),
        }
    }

    /// The device with these settings and the default of all others.
    ///
    /// # Errors
    ///
    /// When no device has one of the numbers.
    pub fn profile(self) -> Result<Profile, Error> {
        let default = Profile::default();
        let profile = Profile {
            generation: self.generation.unwrap_or(default.generation),
            wqs: self.wqs.unwrap_or(default.wqs),
            wq_capacity: self.wq_capacity.unwrap_or(default.wq_capacity),
            groups: self.groups.unwrap_or(default.groups),
            engines: self.engines.unwrap_or(default.engines),
            read_buffers: self.read_buffers.unwrap_or(default.read_buffers),
            max_transfer_shift: self
                .max_transfer_shift
                .unwrap_or(default.max_transfer_shift),
            max_batch_shift: self.max_batch_shift.unwrap_or(default.max_batch_shift),
            interrupt_handles: self.interrupt_handles.unwrap_or(default.interrupt_handles),
            block_on_fault: self.block_on_fault.unwrap_or(default.block_on_fault),
            pasid: self.pasid.unwrap_or(default.pasid),
            modes: self.modes.unwrap_or(default.modes),
            fixed_config: self.fixed_config.unwrap_or(default.fixed_config),
            op_config: self.op_config.unwrap_or(default.op_config),
        };
        let limits = [
            ("wqs", profile.wqs.into(), 1..=32),
            ("wq-capacity", profile.wq_capacity, 1..=u16::MAX),
            ("groups", profile.groups.into(), 1..=16),
            ("engines", profile.engines.into(), 1..=16),
            ("read-buffers", profile.read_buffers.into(), 1..=255),
            (
                "max-transfer-shift",
                profile.max_transfer_shift.into(),
                12..=31,
            ),
            ("max-batch-shift", profile.max_batch_shift.into(), 1..=15),
        ];
        for (name, value, accepted) in limits {
            if !accepted.contains(&value) {
                return Err(Error::Range {
                    name,
                    value,
                    accepted,
                });
            }
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Settings {
        toml::from_str(text).expect("settings")
    }

    #[test]
    fn options_go_before_the_file_and_the_file_before_the_defaults() {
        let file = parse("generation = '2.0'\nwqs = 16\npasid = true");
        let options = Settings {
            wqs: Some(2),
            ..Settings::default()
        };
        let profile = options.or(file).profile().expect("a device");
        let expected = Profile {
            generation: Generation::Second,
            wqs: 2,
            pasid: true,
            ..Profile::default()
        };
        assert_eq!(profile, expected);
    }

    #[test]
    fn a_number_that_no_device_has_is_named_with_what_is_accepted() {
        let error = parse("wqs = 33").profile().expect_err("too many");
        assert_eq!(
            error.to_string(),
            "wqs = 33: no device has that; 1 to 32 is accepted"
        );
    }

    #[test]
    fn a_key_that_is_no_setting_is_refused_by_name() {
        let error = toml::from_str::<Settings>("wq = 3").expect_err("no such setting");
        assert!(error.to_string().contains("unknown field `wq`"), "{error}");
    }
}
