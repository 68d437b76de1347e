// SPDX-License-Identifier: MIT OR Apache-2.0

//! How the subdevs of claims are named, so that the kernel's state says all that there is to know.
//!
//! The UUID is made of the claim and the share of it: who prepares a claim again, or after a
//! restart, finds the same subdev. The name holds the claim alone, so that what belongs to a claim is
//! found when the claim itself is gone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nlctl::Subdev;
use uuid::{Uuid, Version};

/// What UUIDs are made in; random once, and never changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x7f1d_42c3_0b6e_4d8a_9e55_3c1a_60f2_b7d4);

/// What names begin with.
const PREFIX: &str = "dra-";

/// A claim as its subdevs know it. The UID is a UUID, as API servers make them; of another it is one
/// made of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Uuid);

impl Owner {
    /// The claim with this UID.
    pub fn of(claim_uid: &str) -> Self {
        let uuid = Uuid::parse_str(claim_uid);
        Self(uuid.unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, claim_uid.as_bytes())))
    }

    /// The claim that a subdev was made for; none for one that this driver did not make.
    pub fn of_subdev(subdev: &Subdev) -> Option<Self> {
        let uuid = Uuid::parse_str(&subdev.uuid).ok()?;
        if uuid.get_version() != Some(Version::Sha1) {
            return None;
        }
        Self::of_name(&subdev.name)
    }

    fn of_name(name: &str) -> Option<Self> {
        let (claim, number) = name.strip_prefix(PREFIX)?.split_once('.')?;
        number.parse::<u32>().ok()?;
        let bytes = URL_SAFE_NO_PAD.decode(claim).ok()?;
        Some(Self(Uuid::from_slice(&bytes).ok()?))
    }

    /// Name of the subdev of the share with this number.
    pub fn subdev_name(self, number: usize) -> String {
        format!("{PREFIX}{}.{number}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// UUID of the subdev for one result of an allocation.
pub fn subdev_uuid(
    claim_uid: &str,
    request: &str,
    pool: &str,
    device: &str,
    share_id: Option<&str>,
) -> Uuid {
    let words = [claim_uid, request, pool, device, share_id.unwrap_or("")];
    let mut text = Vec::new();
    for word in words {
        // With its length, so that no two lists of words make the same text.
        text.extend_from_slice(&(word.len() as u64).to_be_bytes());
        text.extend_from_slice(word.as_bytes());
    }
    Uuid::new_v5(&NAMESPACE, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";

    #[test]
    fn each_part_makes_another_uuid_and_the_same_parts_the_same() {
        let one = subdev_uuid(UID, "copy", "n1", "wq3", Some("s1"));
        assert_eq!(one, subdev_uuid(UID, "copy", "n1", "wq3", Some("s1")));
        assert_eq!(one.get_version(), Some(Version::Sha1));
        for other in [
            subdev_uuid("other", "copy", "n1", "wq3", Some("s1")),
            subdev_uuid(UID, "fill", "n1", "wq3", Some("s1")),
            subdev_uuid(UID, "copy", "n2", "wq3", Some("s1")),
            subdev_uuid(UID, "copy", "n1", "wq4", Some("s1")),
            subdev_uuid(UID, "copy", "n1", "wq3", Some("s2")),
            subdev_uuid(UID, "copy", "n1", "wq3", None),
            subdev_uuid(UID, "copyn", "1", "wq3", Some("s1")),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn uuids_stay_what_they_are() {
        // A driver of another version finds the subdevs of this one.
        let uuid = subdev_uuid(UID, "copy", "n1", "wq3", None);
        assert_eq!(uuid.to_string(), "d3bbb4a7-890c-5369-b341-ebdf4afb6aee");
    }

    #[test]
    fn a_name_holds_the_claim() {
        for uid in [UID, "not-a-uuid"] {
            let owner = Owner::of(uid);
            let name = owner.subdev_name(31);
            assert!(name.len() <= 31, "{name}");
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            assert!(name.chars().all(allowed), "{name}");
            assert_eq!(Owner::of_name(&name), Some(owner));
        }
        assert_ne!(Owner::of(UID), Owner::of("not-a-uuid"));
        for foreign in ["net0", "dra-", "dra-x.1", "dra-AAAA.0", "dsa0-7"] {
            assert_eq!(Owner::of_name(foreign), None, "{foreign}");
        }
    }
}
