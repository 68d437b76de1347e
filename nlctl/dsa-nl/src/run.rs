// SPDX-License-Identifier: MIT OR Apache-2.0

//! Carries out one command.

use nlctl::Handle;

use crate::ask::{self, Told};
use crate::bind::{self, Places};
use crate::config::apply;
use crate::failure::Failure;
use crate::grammar::{Call, Invocation, Options};
use crate::monitor::{self, Clock};
use crate::output::{Page, Printer, schema};
use crate::{choose, complete, decode, file, grammar, man, progress, top, wait};

/// Carries out one command and prints what comes of it.
///
/// What goes on for longer is on the heap, so that the rest need not have room for it.
pub async fn run(
    handle: &Handle,
    printer: &mut Printer,
    invocation: &Invocation,
    options: Options,
) -> Result<(), Failure> {
    match invocation {
        Invocation::Call(call) => {
            let turning = progress::request(call);
            let told = match call.wait {
                Some(seconds) => Box::pin(wait::until_there(handle, call, seconds)).await,
                None => shown(handle, call).await,
            };
            turning.finish_and_clear();
            let told = told?;
            printer.warn(told.warning.as_ref());
            printer.print(&page(call, told)?)
        }
        Invocation::Monitor(monitor) => {
            let clock = match options.short_times {
                true => Clock::Short,
                false => Clock::Long,
            };
            Box::pin(monitor::run(handle, printer, monitor, clock)).await
        }
        Invocation::Top(top) => Box::pin(top::run(handle, printer, top, options)).await,
        Invocation::Decode(file) => {
            let lines = decode::lines(&file::text(file)?);
            printer.print(&Page::Text(lines))
        }
        Invocation::Complete(words) => {
            let all = Box::pin(complete::candidates(handle, &grammar::command(), words)).await?;
            let lines: String = all.iter().map(|word| format!("{word}\n")).collect();
            printer.print(&Page::Text(lines))
        }
        Invocation::Completion(script) => printer.print(&Page::Text((*script).into())),
        Invocation::Man(folder) => Ok(man::write(grammar::command(), folder)?),
        Invocation::Bind(parent) => bind::bind(&Places::default(), parent),
        Invocation::Unbind { parent, force } => {
            if !force {
                Box::pin(unused(handle, parent)).await?;
            }
            bind::unbind(&Places::default(), parent)
        }
        Invocation::Export => Box::pin(apply::export(handle, printer)).await,
        Invocation::Diff(file) => Box::pin(apply::diff(handle, printer, file)).await,
        Invocation::Apply(file) => {
            Box::pin(apply::apply(handle, printer, file, options.dry_run)).await
        }
        Invocation::Schema => {
            let text = format!("{:#}\n", schema::schema());
            printer.print(&Page::Line(text, schema::schema()))
        }
    }
}

/// Demands that no subdev is on a parent.
async fn unused(handle: &Handle, parent: &str) -> Result<(), Failure> {
    match handle.parent().get(parent).execute().await {
        Ok(answer) if answer.object.subdev_count > 0 => {
            Err(Failure::Io(std::io::Error::other(format!(
                "{parent} still has subdevs, {} of them; delete them first, or say 'force'",
                answer.object.subdev_count
            ))))
        }
        // There is none without the module, and then no subdev either.
        _ => Ok(()),
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

fn page(call: &Call, told: Told) -> Result<Page, Failure> {
    let set = call.set();
    if !told.one {
        return Ok(Page::List(set, told.objects));
    }
    let mut objects = told.objects.values()?;
    Ok(match (call.verb, objects.as_mut_slice()) {
        ("del" | "reset" | "drain", _) => Page::Silent(set, objects),
        ("add", [subdev]) => Page::Made {
            set,
            subdev: subdev.take(),
            done: match call.dry_run {
                true => "would create",
                false => "created",
            },
        },
        (_, [one]) => Page::One(set, one.take()),
        _ => Page::List(set, told.objects),
    })
}
