// SPDX-License-Identifier: MIT OR Apache-2.0

//! A socket whose other end is a script.
//!
//! The whole stack of crates above the socket is the real one, so the tests
//! see what it does to acknowledgements, ends of dumps and lost connections.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use genetlink::message::RawGenlMessage;
use netlink_packet_core::{
    DefaultNla, Emitable, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_MULTIPART,
    NetlinkMessage, Nla,
};
use netlink_packet_generic::GenlHeader;
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{AsyncSocket, Socket, SocketAddr};

use crate::attribute::{self, Attribute};
use crate::connection::{self, Handle};
use crate::generated::{Command, FAMILY_NAME, FamilyAttr, GROUP_MONITOR, ParentAttr, SubdevAttr};
use crate::monitor::EventSocket;
use crate::namespace::Namespace;
use crate::object::Object;

mod world;

pub use world::{Change, World, known};

/// Number of the family.
pub const FAMILY: u16 = 0x21;
/// Number of the family that resolves names.
const CONTROLLER: u16 = 0x10;

const ENOBUFS: i32 = 105;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// No message at all.
const LOST: u16 = 0;

/// A message to the client, without the number that ties it to the request.
#[derive(Clone)]
pub struct Reply {
    kind: u16,
    flags: u16,
    payload: Vec<u8>,
}

impl Reply {
    /// An object, as a part of an answer when `flags` say so.
    pub fn object(flags: u16, attributes: &[impl Nla]) -> Self {
        // Command 1 and version 1; few answers are known by it.
        let payload = [vec![1, 1, 0, 0], bytes(attributes)].concat();
        Self {
            kind: FAMILY,
            flags,
            payload,
        }
    }

    /// The same as an answer to another command.
    pub fn to(mut self, command: Command) -> Self {
        self.payload[0] = command.into();
        self
    }

    /// The end of a request about one object; `code` is 0 or a negative errno.
    pub fn end(code: i32, ext_ack: &[impl Nla]) -> Self {
        // A capped error carries the header of the request, which nobody reads.
        let payload = [code.to_ne_bytes().to_vec(), vec![0; 16], bytes(ext_ack)].concat();
        Self {
            kind: NLMSG_ERROR,
            flags: NLM_F_CAPPED | NLM_F_ACK_TLVS,
            payload,
        }
    }

    /// The end of a dump; `code` is 0 or a negative errno.
    pub fn done(code: i32, flags: u16, ext_ack: &[impl Nla]) -> Self {
        let payload = [code.to_ne_bytes().to_vec(), bytes(ext_ack)].concat();
        Self {
            kind: NLMSG_DONE,
            flags: NLM_F_MULTIPART | NLM_F_ACK_TLVS | flags,
            payload,
        }
    }

    /// The kernel had an answer and no memory for it.
    pub fn lost() -> Self {
        Self {
            kind: LOST,
            flags: 0,
            payload: Vec::new(),
        }
    }

    fn to_bytes(&self, sequence: [u8; 4]) -> io::Result<Vec<u8>> {
        if self.kind == LOST {
            return Err(io::Error::from_raw_os_error(ENOBUFS));
        }
        let length = u32::try_from(16 + self.payload.len()).expect("is short");
        let mut out = length.to_ne_bytes().to_vec();
        out.extend(self.kind.to_ne_bytes());
        out.extend(self.flags.to_ne_bytes());
        out.extend(sequence);
        out.extend([0; 4]);
        out.extend(&self.payload);
        out.resize(out.len().next_multiple_of(4), 0);
        Ok(out)
    }
}

/// The attributes of the family are sent like all others.
macro_rules! nla {
    ($($name:ty)+) => {$(
        impl Nla for $name {
            fn kind(&self) -> u16 {
                attribute::kind(self)
            }

            fn value_len(&self) -> usize {
                attribute::value_length(self)
            }

            fn emit_value(&self, buffer: &mut [u8]) {
                if let Some(value) = self.value() {
                    value.emit(buffer);
                }
            }
        }
    )+};
}

nla!(FamilyAttr ParentAttr SubdevAttr);

/// What a message has that carries an object with these attributes: them, and
/// whatever else it has to have.
pub fn whole<O: Object>(mut attributes: Vec<O::Attribute>) -> Vec<O::Attribute> {
    while let Err(error) = O::read(attributes.clone()) {
        let error = error.to_string();
        let missing = error.split('\'').nth(1).expect("names an attribute");
        let mut kinds = 1..=u16::MAX;
        let set = O::Attribute::SET;
        let number = kinds.find(|it| set.get(*it).is_none_or(|it| it.name == missing));
        let number = number.expect("is in the set");
        let zero = [&[0][..], &[0; 4]];
        let mut values = zero.iter().map(|it| Attribute::parse(number, it));
        let value = values.find_map(Result::ok).expect("is text or a number");
        attributes.push(value);
    }
    attributes
}

/// An object with these attributes, and whatever else it has to have.
pub fn object<O: Object>(attributes: Vec<O::Attribute>) -> O {
    O::read(whole::<O>(attributes)).expect("has all")
}

fn bytes(attributes: &[impl Nla]) -> Vec<u8> {
    let mut bytes = vec![0; attributes.buffer_len()];
    attributes.emit(&mut bytes);
    bytes
}

/// What the kernel answers to one request after the other. When the script is
/// at its end, the connection breaks.
#[derive(Default)]
struct Script {
    /// The number of the family whenever it is resolved; the last stays.
    families: VecDeque<Option<u16>>,
    /// How often it was resolved, which loads a module.
    resolved: usize,
    answers: VecDeque<Vec<Reply>>,
    /// To which family each request went, the controller aside.
    asked: Vec<u16>,
    sent: VecDeque<io::Result<Vec<u8>>>,
    /// Groups that the socket joined.
    joined: Vec<u32>,
    /// Answers instead of `families` and `answers`.
    world: Option<Rc<RefCell<World>>>,
    /// Whether the socket is the one that the events of `world` come in on.
    listens: bool,
    broken: bool,
    reader: Option<Waker>,
}

thread_local! {
    /// The stack makes its socket itself, so the script cannot be an argument.
    static SCRIPT: RefCell<Rc<RefCell<Script>>> = RefCell::default();
}

/// A handle to a kernel that gives these answers.
pub fn handle(answers: impl IntoIterator<Item = Vec<Reply>>) -> Handle {
    handle_reloaded([Some(FAMILY)], answers)
}

/// A handle to a kernel where the module is loaded anew: the family has one of
/// these numbers after the other, or none, whenever it is resolved.
pub fn handle_reloaded(
    families: impl IntoIterator<Item = Option<u16>>,
    answers: impl IntoIterator<Item = Vec<Reply>>,
) -> Handle {
    connect(Script {
        families: families.into_iter().collect(),
        answers: answers.into_iter().collect(),
        ..Script::default()
    })
}

/// A handle to a kernel without the family.
pub fn handle_without_family() -> Handle {
    handle_reloaded([None], [])
}

/// A handle to the kernel of that world.
pub fn handle_to(world: &Rc<RefCell<World>>) -> Handle {
    connect(Script {
        world: Some(world.clone()),
        ..Script::default()
    })
}

/// A socket that the events of that world come in on.
pub fn listener_to(world: &Rc<RefCell<World>>) -> FakeKernel {
    SCRIPT.set(Rc::new(RefCell::new(Script {
        world: Some(world.clone()),
        listens: true,
        ..Script::default()
    })));
    FakeKernel::new(NETLINK_GENERIC).expect("makes a socket")
}

/// To which families requests went on the handle made last.
pub fn asked() -> Vec<u16> {
    SCRIPT.with_borrow(|script| script.borrow().asked.clone())
}

/// How often the family was resolved on the handle made last.
pub fn resolved() -> usize {
    SCRIPT.with_borrow(|script| script.borrow().resolved)
}

fn connect(script: Script) -> Handle {
    SCRIPT.set(Rc::new(RefCell::new(script)));
    let (driver, handle) = connection::connect::<FakeKernel>().expect("makes a socket");
    tokio::task::spawn_local(driver);
    handle
}

/// A socket on which `sent` comes without a request, and then nothing.
pub fn listener(sent: impl IntoIterator<Item = io::Result<Vec<u8>>>) -> FakeKernel {
    SCRIPT.set(Rc::new(RefCell::new(Script {
        sent: sent.into_iter().collect(),
        ..Script::default()
    })));
    FakeKernel::new(NETLINK_GENERIC).expect("makes a socket")
}

/// As [`listener`], and requests that are sent on it get these answers.
pub fn listener_that_asks(
    sent: impl IntoIterator<Item = io::Result<Vec<u8>>>,
    answers: impl IntoIterator<Item = Vec<Reply>>,
) -> FakeKernel {
    let listener = listener(sent);
    listener.script.borrow_mut().answers = answers.into_iter().collect();
    listener
}

/// Has something come on the listener made last.
pub fn say(sent: io::Result<Vec<u8>>) {
    SCRIPT.with_borrow(|script| script.borrow_mut().sent.push_back(sent));
}

/// The groups that the listener made last has joined.
pub fn joined() -> Vec<u32> {
    SCRIPT.with_borrow(|script| script.borrow().joined.clone())
}

/// Runs `test` where connections can be spawned that stay on the thread.
///
/// Time passes when everything waits for it, and then at once. What waits for
/// something else would do so for ever, and panics.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    const AGES: Duration = Duration::from_secs(1_000_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("makes a runtime");
    let test = async { tokio::time::timeout(AGES, test).await };
    let ended = tokio::task::LocalSet::new().block_on(&runtime, test);
    ended.expect("ends")
}

/// The socket.
pub struct FakeKernel {
    /// Never used; the trait wants to lend it.
    socket: Socket,
    script: Rc<RefCell<Script>>,
}

impl FakeKernel {
    fn receive(&self, request: &[u8]) {
        let kind = u16::from_ne_bytes([request[4], request[5]]);
        let sequence = [request[8], request[9], request[10], request[11]];
        let flags = u16::from_ne_bytes([request[6], request[7]]);
        let script = &mut *self.script.borrow_mut();
        let is_dump = flags & NLM_F_DUMP == NLM_F_DUMP;
        let answer = match (kind, &script.world) {
            (CONTROLLER, Some(world)) if is_dump => Some(listed(world.borrow_mut().family())),
            (CONTROLLER, None) if is_dump => {
                Some(listed(script.families.front().copied().flatten()))
            }
            (CONTROLLER, Some(world)) => Some(world.borrow_mut().resolve()),
            (_, Some(world)) => Some(world.borrow_mut().answer(kind, request[16], flags)),
            (CONTROLLER, None) => {
                script.resolved += 1;
                let now = script.families.front().copied().flatten();
                if script.families.len() > 1 {
                    script.families.pop_front();
                }
                Some(vec![now.map_or(Reply::end(-2, NOTHING), family)])
            }
            (_, None) => {
                script.asked.push(kind);
                script.answers.pop_front()
            }
        };
        script.broken = answer.is_none();
        for reply in answer.into_iter().flatten() {
            script.sent.push_back(reply.to_bytes(sequence));
        }
        if let Some(reader) = script.reader.take() {
            reader.wake();
        }
    }
}

/// No attributes.
pub const NOTHING: &[DefaultNla] = &[];

/// The group of the family of that number.
pub fn group(family: u16) -> u32 {
    u32::from(family) + 0x100
}

/// What the controller says when asked for all families: itself, and that one.
fn listed(number: Option<u16>) -> Vec<Reply> {
    let itself = [
        DefaultNla::new(1, CONTROLLER.to_ne_bytes().to_vec()),
        DefaultNla::new(2, b"nlctrl\0".to_vec()),
    ];
    let itself = Reply {
        kind: CONTROLLER,
        ..Reply::object(NLM_F_MULTIPART, &itself)
    };
    let mut all = vec![itself];
    all.extend(number.map(|number| Reply {
        flags: NLM_F_MULTIPART,
        ..family(number)
    }));
    all.push(Reply::done(0, 0, NOTHING));
    all
}

/// What the controller says of the family (srctree
/// include/uapi/linux/genetlink.h).
fn family(number: u16) -> Reply {
    Reply {
        kind: CONTROLLER,
        ..Reply::object(0, &family_attributes(number))
    }
}

/// CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME and CTRL_ATTR_MCAST_GROUPS.
fn family_attributes(number: u16) -> Vec<DefaultNla> {
    let group = bytes(&[
        DefaultNla::new(1, [GROUP_MONITOR.as_bytes(), b"\0"].concat()),
        DefaultNla::new(2, group(number).to_ne_bytes().to_vec()),
    ]);
    vec![
        DefaultNla::new(1, number.to_ne_bytes().to_vec()),
        DefaultNla::new(2, [FAMILY_NAME.as_bytes(), b"\0"].concat()),
        DefaultNla::new(7, bytes(&[DefaultNla::new(1, group)])),
    ]
}

/// The controller says that the family of that number is there, or gone.
pub fn announcement(number: u16, there: bool) -> Vec<u8> {
    let command = if there { 1 } else { 2 };
    notification(CONTROLLER, command, &family_attributes(number))
}

/// What the kernel says of its own accord.
pub fn notification(family: u16, command: u8, attributes: &[impl Nla]) -> Vec<u8> {
    let header = GenlHeader {
        cmd: command,
        version: 1,
    };
    let mut message = NetlinkMessage::from(RawGenlMessage::new(header, bytes(attributes), family));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// The same, as the kernel says it when a request with an echo has caused it.
pub fn echoed(mut notification: Vec<u8>) -> Vec<u8> {
    notification[8..12].copy_from_slice(&7u32.to_ne_bytes());
    notification
}

impl EventSocket for FakeKernel {
    fn open(_: &Namespace, _: usize) -> io::Result<Self> {
        <Self as AsyncSocket>::new(NETLINK_GENERIC)
    }

    fn join(&self, group: u32) -> io::Result<()> {
        let script = &mut *self.script.borrow_mut();
        script.joined.push(group);
        match &script.world {
            Some(world) => world.borrow_mut().join(group),
            None => Ok(()),
        }
    }
}

impl AsyncSocket for FakeKernel {
    fn new(protocol: isize) -> io::Result<Self> {
        let script = SCRIPT.with_borrow(Rc::clone);
        Ok(Self {
            socket: Socket::new(protocol)?,
            script,
        })
    }

    fn socket_ref(&self) -> &Socket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn poll_send(&self, _: &mut Context<'_>, request: &[u8]) -> Poll<io::Result<usize>> {
        self.receive(request);
        Poll::Ready(Ok(request.len()))
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        request: &[u8],
        _: &SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, request)
    }

    fn poll_recv<B: bytes::BufMut>(
        &self,
        cx: &mut Context<'_>,
        out: &mut B,
    ) -> Poll<io::Result<()>> {
        self.poll_recv_from(cx, out).map_ok(drop)
    }

    fn poll_recv_from<B: bytes::BufMut>(
        &self,
        cx: &mut Context<'_>,
        out: &mut B,
    ) -> Poll<io::Result<SocketAddr>> {
        self.poll_recv_from_full(cx).map_ok(|(bytes, kernel)| {
            out.put_slice(&bytes);
            kernel
        })
    }

    fn poll_recv_from_full(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Vec<u8>, SocketAddr)>> {
        let script = &mut *self.script.borrow_mut();
        match script.sent.pop_front() {
            Some(sent) => Poll::Ready(sent.map(|bytes| (bytes, SocketAddr::new(0, 0)))),
            None if script.listens => {
                let world = script.world.as_ref().expect("has a world");
                match world.borrow_mut().receive() {
                    Some(sent) => Poll::Ready(sent.map(|bytes| (bytes, SocketAddr::new(0, 0)))),
                    None => Poll::Pending,
                }
            }
            None if script.broken => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            None => {
                script.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
