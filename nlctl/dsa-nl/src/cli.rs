// SPDX-License-Identifier: MIT OR Apache-2.0

//! The grammar of the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use nlctl::{AdminState, Binary, Id, NotifyKinds, ParentRef, PasidMode, Portal, WqMode, WqRef};

use crate::failure::Failure;
use crate::grammar::help_or_failure;
use crate::groups::Groups;
use crate::keys;

const EXAMPLES: &str = "\
Examples:
  dsa-nl subdev add wq 3 pasid-mode shared name net0
  dsa-nl subdev add wq dsa1/wq0 uuid 123e4567-e89b-12d3-a456-426614174000
  dsa-nl -j subdev show net0
  dsa-nl subdev set net0 state inactive
  dsa-nl subdev del net0
  dsa-nl monitor

Keys such as 'wq 3' may be written as options as well ('--wq 3'); objects,
commands and keys may be abbreviated. Exit status: 0 done, 1 the command line
is invalid, 2 refused by the kernel, 3 what was waited for did not come in time.";

const WQ_SET_USAGE: &str = "\
dsa-nl wq set [DEV/]wqN [size N] [mode dedicated|shared] [threshold N]
         [priority 1..15] [group N] [block-on-fault 0|1]
         [max-transfer-size BYTES] [max-batch-size N] [op-config HEX]
         [--dry-run]";

const PARENT_SET_USAGE: &str = "\
dsa-nl parent set DEV [read-buffer-limit N]
         [group N [engines MASK] [read-buffers-reserved N]
         [read-buffers-allowed N] [use-read-buffer-limit 0|1]]...
         [--dry-run]";

const ADD_USAGE: &str = "\
dsa-nl subdev add [wq [DEV/]N[,N...]] [type TYPE]
         [pasid-mode none|dedicated|shared] [name NAME] [uuid UUID]
         [parent DEV] [state active|inactive] [size N]
         [weight N] [max-rate BYTES]
         [max-transfer-size BYTES] [max-batch-size N] [op-config HEX]
         [portal polled|trapped|direct] [count N] [lease] [--dry-run]";

const SET_USAGE: &str = "\
dsa-nl subdev set SUBDEV [name NAME] [state active|inactive [force]]
         [wq N[,N...] [size N[,N...]] [weight N[,N...]] [max-rate BYTES[,BYTES...]]]
         [max-transfer-size BYTES] [max-batch-size N] [op-config HEX]
         [portal polled|trapped|direct] [--dry-run]";

const MONITOR_USAGE: &str = "\
dsa-nl monitor [parent DEV[,DEV...]] [subdev SUBDEV[,SUBDEV...]]
         [kind KIND[,KIND...]] [count N] [timeout SECS]";

/// Manages subdevices: virtual devices carved out of hardware work queues.
#[derive(Debug, Parser)]
#[command(
    name = "dsa-nl",
    version,
    after_help = EXAMPLES,
    infer_subcommands = true,
    infer_long_args = true,
    disable_help_subcommand = true,
    next_help_heading = "Output"
)]
pub struct Cli {
    /// Print JSON, with the names of the family's spec
    #[arg(short, long, global = true, conflicts_with = "output")]
    pub json: bool,

    /// Print JSON on many lines
    #[arg(short, long, global = true)]
    pub pretty: bool,

    /// How to print: table, json or yaml
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    pub output: Option<Format>,

    /// When to color: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub color: When,

    /// Carry out the commands in FILE, one a line; - is the standard input
    #[arg(short, long, value_name = "FILE", help_heading = "Batch")]
    pub batch: Option<PathBuf>,

    /// Go on after a command of the batch has failed
    #[arg(long, requires = "batch", help_heading = "Batch")]
    pub force: bool,

    #[command(subcommand)]
    pub object: Option<Object>,
}

/// One line of a batch: a command without options that concern all.
#[derive(Debug, Parser)]
#[command(
    name = "dsa-nl",
    no_binary_name = true,
    infer_subcommands = true,
    infer_long_args = true,
    disable_help_subcommand = true
)]
struct Line {
    #[command(subcommand)]
    object: Object,
}

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people
    #[default]
    Table,
    /// JSON, one document a line
    Json,
    /// YAML, one document each
    Yaml,
}

/// When to color.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Even into a file
    Always,
    /// Not at all
    Never,
}

impl From<When> for anstream::ColorChoice {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::AlwaysAnsi,
            When::Never => Self::Never,
        }
    }
}

/// What to act on.
#[derive(Debug, Subcommand)]
pub enum Object {
    /// Devices that subdevs are carved from
    #[command(subcommand, arg_required_else_help = false)]
    Parent(Parent),
    /// Hardware work queues of parents
    #[command(subcommand, arg_required_else_help = false)]
    Wq(Wq),
    /// What could be created
    #[command(subcommand, arg_required_else_help = false)]
    Type(Type),
    /// Virtual devices on work queues
    #[command(subcommand, arg_required_else_help = false)]
    Subdev(Subdev),
    /// Print what happens, one event a line, until interrupted
    #[command(override_usage = MONITOR_USAGE)]
    Monitor(Monitor),
}

/// Commands on parents.
#[derive(Debug, Subcommand)]
pub enum Parent {
    /// Show one parent, or list all
    Show {
        /// Index, name, or bus and device: pci/0000:6a:01.0
        #[arg(value_name = "DEV")]
        id: Option<ParentRef>,
    },
    /// Configure a parent; what is not given stays
    #[command(override_usage = PARENT_SET_USAGE)]
    Set(ParentSet),
    /// Show the statistics of one parent, or of all
    Stats {
        /// Index, name, or bus and device: pci/0000:6a:01.0
        #[arg(value_name = "DEV")]
        id: Option<ParentRef>,
    },
}

/// Keys of `parent set`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub struct ParentSet {
    /// Index, name, or bus and device: pci/0000:6a:01.0
    #[arg(value_name = "DEV")]
    pub id: ParentRef,

    /// Most read buffers of a group for which the limit holds; 0 for no limit
    #[arg(long, value_name = "N")]
    pub read_buffer_limit: Option<u32>,

    #[command(flatten)]
    pub groups: Groups,

    /// Say whether it could be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Commands on work queues.
#[derive(Debug, Subcommand)]
pub enum Wq {
    /// Show one work queue, or list those of a parent or of all
    #[command(override_usage = "dsa-nl wq show [[DEV/]wqN | DEV]")]
    Show {
        /// N, wqN or DEV/wqN; DEV for all of a parent
        #[arg(value_name = "WQ")]
        what: Option<String>,
    },
    /// Configure a work queue; what is not given stays
    #[command(override_usage = WQ_SET_USAGE)]
    Set(WqSet),
    /// Show the statistics of one work queue, or of those of a parent or of all
    #[command(override_usage = "dsa-nl wq stats [[DEV/]wqN | DEV]")]
    Stats {
        /// N, wqN or DEV/wqN; DEV for all of a parent
        #[arg(value_name = "WQ")]
        what: Option<String>,
    },
}

/// Keys of `wq set`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub struct WqSet {
    /// N, wqN or DEV/wqN
    #[arg(value_name = "WQ")]
    pub wq: WqRef,

    /// Entries
    #[arg(long, value_name = "N")]
    pub size: Option<u32>,

    /// dedicated or shared
    #[arg(long, value_name = "MODE")]
    pub mode: Option<WqMode>,

    /// Entries for a limited portal
    #[arg(long, value_name = "N")]
    pub threshold: Option<u32>,

    /// Priority within the group, 15 the highest
    #[arg(long, value_name = "1..15")]
    pub priority: Option<u32>,

    /// Group to belong to
    #[arg(long, value_name = "N")]
    pub group: Option<u32>,

    /// Whether descriptors may ask to block on a fault
    #[arg(long, value_name = "0|1")]
    pub block_on_fault: Option<u32>,

    /// Largest transfer of one descriptor, a power of two
    #[arg(long, value_name = "BYTES")]
    pub max_transfer_size: Option<u64>,

    /// Most descriptors in a batch, a power of two
    #[arg(long, value_name = "N")]
    pub max_batch_size: Option<u32>,

    /// Mask of operations, in the form of the parent's opcap; zeroes at the end
    /// may be left out
    #[arg(long, value_name = "HEX", value_parser = mask)]
    pub op_config: Option<Binary>,

    /// Say whether it could be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Kinds of notification: one by its name, or all of an object or of what happens.
fn kinds(word: &str) -> Result<NotifyKinds, String> {
    let names = NotifyKinds::NAMES.iter().zip(0..u32::BITS);
    let meant = names.filter(|(name, _)| {
        let parts = name.split_once('-');
        **name == word || parts.is_some_and(|(object, what)| object == word || what == word)
    });
    let bits = meant.fold(0, |bits, (_, bit)| bits | 1 << bit);
    match bits {
        0 => Err(format!("there are {}", NotifyKinds::NAMES.join(", "))),
        bits => Ok(bits.into()),
    }
}

/// A mask of operations in hexadecimal digits.
fn mask(word: &str) -> Result<Binary, String> {
    const LEN: usize = 32;
    let accepted = || format!("a mask is at most {LEN} bytes of two hexadecimal digits");
    let digits = word.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 2 * LEN {
        return Err(accepted());
    }
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok();
        let pair = pair.filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
        pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    let mut bytes = bytes.ok_or_else(accepted)?;
    bytes.resize(LEN, 0);
    Ok(Binary(bytes))
}

/// Limits of a subdev, within those of its work queues, and how its user submits.
#[derive(Debug, Args)]
pub struct Limits {
    /// Largest transfer of one descriptor, a power of two; 0: as the WQs have it
    #[arg(long, value_name = "BYTES")]
    pub max_transfer_size: Option<u64>,

    /// Most descriptors in a batch, a power of two; 0: as the WQs have it
    #[arg(long, value_name = "N")]
    pub max_batch_size: Option<u32>,

    /// Mask of operations, in the form of the parent's opcap; zeroes at the end
    /// may be left out; 00: as the WQs have it
    #[arg(long, value_name = "HEX", value_parser = mask)]
    pub op_config: Option<Binary>,

    /// How its user submits: by storing to memory that it maps, or writing to the
    /// file of the device (polled, the default), or by writing only (trapped)
    #[arg(long, value_name = "PORTAL")]
    pub portal: Option<Portal>,
}

/// Commands on types.
#[derive(Debug, Subcommand)]
pub enum Type {
    /// List the catalogue of a parent, or of all
    Show {
        /// The parent
        #[arg(value_name = "DEV")]
        parent: Option<ParentRef>,
    },
}

/// Commands on subdevs.
#[derive(Debug, Subcommand)]
pub enum Subdev {
    /// Create a subdev on work queues, or of a type; with a count, several at once
    #[command(override_usage = ADD_USAGE)]
    Add(Add),
    /// Show one subdev, or list all
    Show {
        /// Index, name or UUID
        #[arg(value_name = "SUBDEV")]
        id: Option<Id>,
    },
    /// Change a subdev: all that is said, or nothing
    #[command(override_usage = SET_USAGE)]
    Set(Set),
    /// Delete a subdev
    #[command(
        override_usage = "dsa-nl subdev del SUBDEV [force]",
        next_help_heading = "Keys"
    )]
    Del {
        /// Index, name or UUID
        #[arg(value_name = "SUBDEV")]
        id: Id,
        /// Delete although a VFIO user has it open
        #[arg(long, help_heading = "Keys")]
        force: bool,
    },
    /// Reset a subdev: disable its virtual device and discard its work
    Reset {
        /// Index, name or UUID
        #[arg(value_name = "SUBDEV")]
        id: Id,
    },
    /// Wait until a subdev has completed what was submitted to it so far
    Drain {
        /// Index, name or UUID
        #[arg(value_name = "SUBDEV")]
        id: Id,
    },
    /// Show the statistics of one subdev, or of all
    Stats {
        /// Index, name or UUID
        #[arg(value_name = "SUBDEV")]
        id: Option<Id>,
    },
}

/// Keys of `subdev add`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub struct Add {
    /// Work queues to use: N, wqN or DEV/wqN
    #[arg(long, value_name = "WQ[,WQ...]", value_delimiter = ',')]
    pub wq: Vec<WqRef>,

    /// Type from the catalogue; picks a work queue if none is given
    #[arg(long = "type", value_name = "TYPE", allow_hyphen_values = true)]
    pub of_type: Option<String>,

    /// none, dedicated or shared
    #[arg(long, value_name = "MODE")]
    pub pasid_mode: Option<PasidMode>,

    /// Unique name; with a count, what the names begin with
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub name: Option<String>,

    /// Unique UUID
    #[arg(long, value_name = "UUID", allow_hyphen_values = true)]
    pub uuid: Option<String>,

    /// Parent to carve from; needed when there are several
    #[arg(long, value_name = "DEV", allow_hyphen_values = true)]
    pub parent: Option<ParentRef>,

    /// active or inactive: handed to VFIO at once or not
    #[arg(long, value_name = "STATE")]
    pub state: Option<AdminState>,

    /// Entries of each virtual work queue
    #[arg(long, value_name = "N")]
    pub size: Option<u32>,

    /// Share of bandwidth on each work queue, relative to others there: 1 to 10000
    #[arg(long, value_name = "N")]
    pub weight: Option<u32>,

    /// Most bytes per second on each work queue; 0 for no cap
    #[arg(long, value_name = "BYTES")]
    pub max_rate: Option<u64>,

    #[command(flatten)]
    pub limits: Limits,

    /// Create N subdevs, or none
    #[arg(long, value_name = "N")]
    pub count: Option<u32>,

    /// Stay until the standard input ends or ^C; then the subdevs are deleted,
    /// whoever has them open. In a batch they stay until its end
    #[arg(long)]
    pub lease: bool,

    /// Say what would come of it, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Keys of `subdev set`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
#[command(group = ArgGroup::new("has").multiple(true))]
pub struct Set {
    /// Index, name or UUID
    #[arg(value_name = "SUBDEV")]
    pub id: Id,

    /// Unique name that it has from now on
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub name: Option<String>,

    /// active or inactive: handed to VFIO or not
    #[arg(long, value_name = "STATE")]
    pub state: Option<AdminState>,

    /// Work queues that it uses, to change what it has of them
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',', requires = "has")]
    pub wq: Vec<u32>,

    /// Entries of each of these virtual work queues, or of all of them
    #[arg(
        long,
        value_name = "N[,N...]",
        value_delimiter = ',',
        requires = "wq",
        group = "has"
    )]
    pub size: Vec<u32>,

    /// Share of bandwidth on each of them, relative to others there, or on all
    #[arg(
        long,
        value_name = "N[,N...]",
        value_delimiter = ',',
        requires = "wq",
        group = "has"
    )]
    pub weight: Vec<u32>,

    /// Most bytes per second on each of them, or on all; 0 for no cap
    #[arg(
        long,
        value_name = "BYTES[,BYTES...]",
        value_delimiter = ',',
        requires = "wq",
        group = "has"
    )]
    pub max_rate: Vec<u64>,

    #[command(flatten)]
    pub limits: Limits,

    /// Make it inactive although a VFIO user has it open
    #[arg(long, requires = "state")]
    pub force: bool,

    /// Show what would come of it, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Keys of `monitor`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub struct Monitor {
    /// Only of these parents, their work queues and their subdevs
    #[arg(
        long,
        value_name = "DEV[,DEV...]",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub parent: Vec<ParentRef>,

    /// Only of these subdevs
    #[arg(
        long,
        value_name = "SUBDEV[,SUBDEV...]",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub subdev: Vec<Id>,

    /// Only of these kinds: subdev-create, or all of a kind of object (subdev)
    /// or of what happens (create, delete, change, fault)
    #[arg(
        long,
        value_name = "KIND[,KIND...]",
        value_delimiter = ',',
        value_parser = kinds
    )]
    pub kind: Vec<NotifyKinds>,

    /// Stop after N events
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,

    /// Stop after SECS seconds; with fewer than N events, exit with status 3
    #[arg(long, value_name = "SECS")]
    pub timeout: Option<u64>,
}

/// Parses a command line, including the name of the program; `None` when it
/// asked for help, which is then printed.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Option<Cli>, Failure> {
    let mut args = args.into_iter();
    let Some(cli) = expand_and_parse::<Cli>(args.next(), args)? else {
        return Ok(None);
    };
    match (&cli.object, &cli.batch) {
        (None, None) => {
            let command = Cli::command();
            let objects = command.get_subcommands().map(clap::Command::get_name);
            Err(Failure::Usage(format!(
                "an object is missing; there are {}",
                objects.collect::<Vec<_>>().join(", ")
            )))
        }
        (Some(_), Some(_)) => Err(Failure::Usage(
            "--batch takes its commands from the file; leave out the one on the command line"
                .into(),
        )),
        _ => Ok(Some(cli)),
    }
}

/// Parses one line of a batch, already split into words; `None` when it asked
/// for help, which is then printed.
pub fn parse_line(words: Vec<String>) -> Result<Option<Object>, Failure> {
    let words = words.into_iter().map(OsString::from);
    Ok(expand_and_parse::<Line>(None, words)?.map(|line| line.object))
}

/// Parses `args`, which follow the name of the program, with or without dashes
/// before keys.
fn expand_and_parse<P: Parser>(
    program: Option<OsString>,
    args: impl IntoIterator<Item = OsString>,
) -> Result<Option<P>, Failure> {
    let args: Vec<_> = args.into_iter().collect();
    let words = keys::expand(&P::command(), args.iter().cloned());
    match P::try_parse_from(program.into_iter().chain(words)) {
        Ok(parsed) => Ok(Some(parsed)),
        Err(error) => {
            let typed = args.iter().map(|arg| arg.to_string_lossy().into_owned());
            help_or_failure(&error, &typed.collect::<Vec<_>>()).map(|()| None)
        }
    }
}
