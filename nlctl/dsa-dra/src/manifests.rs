// SPDX-License-Identifier: MIT OR Apache-2.0

//! The manifests in `deploy`, held against the API's types and against what the driver takes.

use std::collections::BTreeSet;

use clap::Parser;
use k8s_openapi::Resource;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Namespace, Pod, PodSpec, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use k8s_openapi::api::resource::v1::{DeviceClass, ResourceClaimTemplate};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::options::{DRIVER, Options};

const DRIVER_YAML: &str = include_str!("../deploy/driver.yaml");
const POLICY_YAML: &str = include_str!("../deploy/policy.yaml");
const CLASSES_YAML: &str = include_str!("../deploy/classes.yaml");
const EXAMPLE_YAML: &str = include_str!("../deploy/example.yaml");

fn documents(text: &str) -> Vec<Value> {
    let documents = serde_yaml_ng::Deserializer::from_str(text);
    documents
        .map(|it| Value::deserialize(it).expect("is YAML"))
        .collect()
}

/// The objects of a type.
fn all<T: Resource + DeserializeOwned>(text: &str) -> Vec<T> {
    let documents = documents(text).into_iter();
    let own = documents.filter(|it| it["kind"] == T::KIND);
    own.map(|it| serde_json::from_value(it).expect("is of the type"))
        .collect()
}

fn only<T: Resource + DeserializeOwned>(text: &str) -> T {
    let mut all = all(text);
    assert_eq!(all.len(), 1, "of {}", T::KIND);
    all.remove(0)
}

fn pod() -> PodSpec {
    let set: DaemonSet = only(DRIVER_YAML);
    set.spec.template.spec.expect("has a pod")
}

/// Whether all that is in `written` is in `kept`.
fn assert_kept(at: &str, written: &Value, kept: &Value) {
    match (written, kept) {
        (Value::Object(written), Value::Object(kept)) => {
            for (name, value) in written {
                let kept = kept.get(name);
                let kept = kept.unwrap_or_else(|| panic!("{at}.{name} is no field"));
                assert_kept(&format!("{at}.{name}"), value, kept);
            }
        }
        (Value::Array(written), Value::Array(kept)) => {
            assert_eq!(written.len(), kept.len(), "{at}");
            for (number, (written, kept)) in written.iter().zip(kept).enumerate() {
                assert_kept(&format!("{at}[{number}]"), written, kept);
            }
        }
        _ => assert_eq!(written, kept, "{at}"),
    }
}

fn is<T: Resource + DeserializeOwned + Serialize>(object: &Value) -> bool {
    if object["kind"] != T::KIND {
        return false;
    }
    // Of another version it is refused.
    let read = serde_json::from_value::<T>(object.clone());
    let read = read.unwrap_or_else(|it| panic!("{}: {it}", T::KIND));
    // What the type does not know is dropped.
    let again = serde_json::to_value(read).expect("can be written");
    assert_kept(T::KIND, object, &again);
    true
}

#[test]
fn each_object_is_one_of_the_api_without_unknown_fields() {
    let mut count = 0;
    for text in [DRIVER_YAML, POLICY_YAML, CLASSES_YAML, EXAMPLE_YAML] {
        for object in documents(text) {
            let known = is::<ClusterRole>(&object)
                || is::<ClusterRoleBinding>(&object)
                || is::<DaemonSet>(&object)
                || is::<DeviceClass>(&object)
                || is::<Namespace>(&object)
                || is::<Pod>(&object)
                || is::<ResourceClaimTemplate>(&object)
                || is::<ServiceAccount>(&object)
                || is::<ValidatingAdmissionPolicy>(&object)
                || is::<ValidatingAdmissionPolicyBinding>(&object);
            assert!(known, "unexpected {}", object["kind"]);
            count += 1;
        }
    }
    assert_eq!(count, 11);
}

#[test]
#[should_panic(expected = "DeviceClass.spec.selector is no field")]
fn a_field_that_there_is_not_is_found() {
    let text = CLASSES_YAML.replace("selectors:", "selector:");
    is::<DeviceClass>(&documents(&text)[0]);
}

#[test]
fn the_driver_takes_its_arguments_and_finds_its_folders() {
    let pod = pod();
    let [container] = pod.containers.as_slice() else {
        panic!("{:?}", pod.containers);
    };
    let args = container.args.iter().flatten().map(String::as_str);
    let words = ["dsa-dra", "--node-name", "n1"].into_iter().chain(args);
    let options = Options::try_parse_from(words).expect("the arguments are taken");
    let mounts = container.volume_mounts.clone().unwrap_or_default();
    let paths: BTreeSet<_> = mounts.iter().map(|it| it.mount_path.clone()).collect();
    let Options {
        registry,
        plugins,
        cdi,
        sysfs,
        dev,
        ..
    } = options;
    let folders = [registry, plugins, cdi, sysfs, dev].map(|it| it.display().to_string());
    assert_eq!(paths, BTreeSet::from(folders));
    let volumes: BTreeSet<_> = pod.volumes.iter().flatten().map(|it| &it.name).collect();
    assert_eq!(volumes, mounts.iter().map(|it| &it.name).collect());
    let variables: Vec<_> = container.env.iter().flatten().map(|it| &it.name).collect();
    assert_eq!(variables, ["NODE_NAME", "POD_UID"]);
}

#[test]
fn the_service_account_is_one_in_all_places() {
    let account: ServiceAccount = only(DRIVER_YAML);
    let (name, namespace) = (account.metadata.name, account.metadata.namespace);
    assert_eq!(pod().service_account_name, name);
    let binding: ClusterRoleBinding = only(DRIVER_YAML);
    let role: ClusterRole = only(DRIVER_YAML);
    assert_eq!(Some(binding.role_ref.name), role.metadata.name);
    let subjects = binding.subjects.unwrap_or_default();
    let subjects: Vec<_> = subjects
        .into_iter()
        .map(|it| (it.name, it.namespace))
        .collect();
    let (name, namespace) = (name.expect("has one"), namespace.expect("has one"));
    assert_eq!(subjects, [(name.clone(), Some(namespace.clone()))]);
    let user = format!("\"system:serviceaccount:{namespace}:{name}\"");
    assert!(POLICY_YAML.contains(&user), "{user}");
}

#[test]
fn classes_and_the_example_are_for_this_driver() {
    let classes: Vec<DeviceClass> = all(CLASSES_YAML);
    for class in &classes {
        let selectors = class.spec.iter().filter_map(|it| it.selectors.as_ref());
        let cel = selectors.flatten().filter_map(|it| it.cel.as_ref());
        let texts: Vec<_> = cel.map(|it| it.expression.as_str()).collect();
        let own = format!("device.driver == \"{DRIVER}\"");
        assert!(texts.iter().any(|it| it.contains(&own)), "{texts:?}");
    }
    let template: ResourceClaimTemplate = only(EXAMPLE_YAML);
    let devices = template.spec.and_then(|it| it.spec?.devices);
    let devices = devices.expect("asks for devices");
    for request in devices.requests.iter().flatten() {
        let class = request.exactly.as_ref().map(|it| &it.device_class_name);
        let names = classes.iter().filter_map(|it| it.metadata.name.as_ref());
        assert!(names.map(Some).any(|it| it == class), "{class:?}");
    }
    let mut configs = 0;
    for config in devices.config.iter().flatten() {
        let opaque = config.opaque.as_ref().expect("is opaque");
        assert_eq!(opaque.driver, DRIVER);
        let read = Config::read(&opaque.parameters).expect("is accepted");
        assert_ne!(read, Config::default());
        configs += 1;
    }
    assert_eq!(configs, 1);
    let role: ClusterRole = only(DRIVER_YAML);
    let names = role.rules.into_iter().flatten();
    let mut names = names.filter_map(|it| it.resource_names).flatten();
    assert_eq!(names.next().as_deref(), Some(DRIVER));
}
