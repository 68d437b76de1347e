// SPDX-License-Identifier: MIT OR Apache-2.0

//! Carries out one command.

use nlctl::Handle;

use crate::ask::{self, Told};
use crate::config::apply;
use crate::failure::Failure;
use crate::grammar::{Call, Invocation, Options};
use crate::monitor::{self, Clock};
use crate::output::{Page, Printer, schema};
use crate::{choose, wait};

/// Carries out one command and prints what comes of it.
pub async fn run(
    handle: &Handle,
    printer: &mut Printer,
    invocation: &Invocation,
    options: Options,
) -> Result<(), Failure> {
    match invocation {
        Invocation::Call(call) => {
            let told = match call.wait {
                Some(seconds) => wait::until_there(handle, call, seconds).await?,
                None => shown(handle, call).await?,
            };
            printer.warn(told.warning.as_ref());
            printer.print(&page(call, told))
        }
        Invocation::Monitor(monitor) => {
            let clock = match options.short_times {
                true => Clock::Short,
                false => Clock::Long,
            };
            monitor::run(handle, printer, monitor, clock).await
        }
        Invocation::Export => apply::export(handle, printer).await,
        Invocation::Diff(file) => apply::diff(handle, printer, file).await,
        Invocation::Apply(file) => apply::apply(handle, printer, file, options.dry_run).await,
        Invocation::Schema => {
            let text = format!("{:#}\n", schema::schema());
            printer.print(&Page::Line(text, schema::schema()))
        }
    }
}

/// What the kernel tells, as far as it is wanted.
pub async fn shown(handle: &Handle, call: &Call) -> Result<Told, Failure> {
    let mut told = ask::ask(handle, call).await?;
    choose::keep(handle, call, &mut told).await?;
    Ok(told)
}

/// Whether what the command makes is there for as long as the tool is.
pub fn makes_a_lease(invocation: &Invocation) -> bool {
    match invocation {
        Invocation::Call(call) => !call.dry_run && call.request.contains_key("lease"),
        _ => false,
    }
}

fn page(call: &Call, told: Told) -> Page {
    let set = call.set();
    let mut objects = told.objects;
    match (call.verb, objects.as_mut_slice()) {
        ("del" | "reset" | "drain", _) => Page::Silent(set, objects),
        ("add", [subdev]) => Page::Made {
            set,
            subdev: subdev.take(),
            done: match call.dry_run {
                true => "would create",
                false => "created",
            },
        },
        (_, [one]) if told.one => Page::One(set, one.take()),
        _ => Page::List(set, objects),
    }
}
