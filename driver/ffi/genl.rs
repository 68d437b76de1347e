// SPDX-License-Identifier: GPL-2.0

//! Generic netlink: requests, refusals, replies, dumps and events of one family.
//!
//! `rust/kernel/net/netlink.rs` registers a family without operations and sends to the initial
//! network namespace; this file adds what operations need. The family itself, its policies and
//! its table of operations are generated C, see `driver/netlink/generated`.
//!
//! C header: [`include/net/genetlink.h`](srctree/include/net/genetlink.h)

use core::{
    fmt::Write,
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use super::{
    bindings as local,
    netlink::{
        Socket,
        SocketKey, //
    }, //
};

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

/// The part of an attribute's type that is its number.
const TYPE_MASK: u16 = bindings::NLA_TYPE_MASK as u16;

/// Bytes of an attribute's header.
const HEADER: usize = size_of::<bindings::nlattr>();

fn family() -> *mut bindings::genl_family {
    &raw mut local::subdev_nl_family
}

/// The registration of the family; dropping it takes the family away.
pub(crate) struct Registration(());

impl Registration {
    /// Registers the family: from now on requests arrive.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: The family is a static of this module and is registered once, by the module's
        // initialisation.
        to_result(unsafe { bindings::genl_register_family(family()) })?;
        Ok(Self(()))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: `new` registered the family. Waits for the operations that are running.
        unsafe { bindings::genl_unregister_family(family()) };
    }
}

/// An attribute of a request.
#[derive(Clone, Copy)]
pub(crate) struct Attr<'a> {
    number: u32,
    payload: &'a [u8],
    raw: *const bindings::nlattr,
}

impl<'a> Attr<'a> {
    /// The number of the attribute in its set.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The payload as a number, if it has the size of one.
    pub(crate) fn u32(&self) -> Option<u32> {
        Some(u32::from_ne_bytes(self.payload.try_into().ok()?))
    }

    /// The payload as a number of four or eight bytes.
    pub(crate) fn uint(&self) -> Option<u64> {
        match self.u32() {
            Some(small) => Some(small.into()),
            None => Some(u64::from_ne_bytes(self.payload.try_into().ok()?)),
        }
    }

    /// The payload.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.payload
    }

    /// The payload without the NUL that closes it. What has another one is the name of nothing.
    pub(crate) fn text(&self) -> &'a [u8] {
        self.payload.strip_suffix(&[0]).unwrap_or(self.payload)
    }

    /// The attributes in a nest.
    pub(crate) fn attrs(&self) -> impl Iterator<Item = Attr<'a>> {
        Attrs { rest: self.payload }
    }

    /// The attribute `number` in a nest; the last one, if there are several.
    pub(crate) fn attr(&self, number: u32) -> Option<Attr<'a>> {
        self.attrs().filter(|a| a.number == number).last()
    }
}

/// Iterates over attributes that the C side has validated, once more with all bounds checked.
struct Attrs<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attrs<'a> {
    type Item = Attr<'a>;

    fn next(&mut self) -> Option<Attr<'a>> {
        let raw = self.rest.as_ptr().cast::<bindings::nlattr>();
        let len = usize::from(u16::from_ne_bytes(self.rest.get(0..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(self.rest.get(2..4)?.try_into().ok()?);
        let payload = self.rest.get(HEADER..len)?;
        self.rest = self
            .rest
            .get(len.next_multiple_of(HEADER)..)
            .unwrap_or_default();
        Some(Attr {
            number: u32::from(kind & TYPE_MASK),
            payload,
            raw,
        })
    }
}

/// What an extended ACK points at.
#[derive(Clone, Copy)]
pub(crate) enum Culprit<'a> {
    /// An attribute that the request has.
    Bad(Attr<'a>),
    /// The number of an attribute that the request lacks.
    Missing(u32),
    /// The number of an attribute that a nest in the request lacks.
    MissingIn(Attr<'a>, u32),
    /// Nothing in particular.
    Nothing,
}

/// How large a message may become without being asked for more.
const ROOM: usize = bindings::GENLMSG_DEFAULT_SIZE;

/// Who sent a request.
#[derive(Clone, Copy)]
pub(crate) struct Sender {
    /// Port ID of the socket.
    pub(crate) port: u32,
    /// Sequence number of the request.
    pub(crate) sequence: u32,
}

/// A request to the family.
///
/// # Invariants
///
/// `info` is valid for `'a`; so is `skb`, the message, if there is one.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    info: NonNull<bindings::genl_info>,
    /// Not kept for a dump.
    skb: Option<NonNull<bindings::sk_buff>>,
    _lifetime: PhantomData<&'a ()>,
}

impl<'a> Request<'a> {
    /// Wraps what the C side passed to a handler.
    ///
    /// # Safety
    ///
    /// `info` must be valid for `'a`, and `skb` be null or what was received, valid for `'a` too.
    unsafe fn from_raw(
        info: *const bindings::genl_info,
        skb: *mut bindings::sk_buff,
    ) -> Option<Self> {
        // INVARIANT: By the safety requirement.
        Some(Self {
            info: NonNull::new(info.cast_mut())?,
            skb: NonNull::new(skb),
            _lifetime: PhantomData,
        })
    }

    fn info(&self) -> &'a bindings::genl_info {
        // SAFETY: By the type invariant.
        unsafe { self.info.as_ref() }
    }

    /// Who sent it.
    pub(crate) fn sender(&self) -> Sender {
        let info = self.info();
        Sender {
            port: info.snd_portid,
            sequence: info.snd_seq,
        }
    }

    /// The socket that it came from; not of a dump.
    pub(crate) fn socket(&self) -> Option<Socket> {
        // SAFETY: By the type invariant this is a message that was received, and its sender waits
        // for the handler to end.
        unsafe { Socket::of_sender(self.skb?) }
    }

    /// Whether the sender has CAP_NET_ADMIN in the initial user namespace; not of a dump.
    pub(crate) fn is_of_admin(&self) -> bool {
        self.skb.is_some_and(|skb| {
            // SAFETY: By the type invariant this is a message that was received.
            unsafe { local::subdev_shim_sender_is_admin(skb.as_ptr()) }
        })
    }

    /// Whether the sender wants to get the events that the request causes.
    pub(crate) fn wants_echo(&self) -> bool {
        // SAFETY: By the type invariant; the C side sets the header of the message.
        let flags = unsafe { (*self.info().nlhdr).nlmsg_flags };
        u32::from(flags) & bindings::NLM_F_ECHO != 0
    }

    /// Refuses a sender in another than the initial network namespace.
    fn check_namespace(&self) -> Result {
        // SAFETY: By the type invariant.
        if unsafe { local::subdev_shim_in_init_net(self.info.as_ptr()) } {
            return Ok(());
        }
        let text = "the family is for the initial network namespace only";
        self.explain(Culprit::Nothing, &text);
        Err(EPERM)
    }

    /// All attributes at the top level, in the order of the message.
    pub(crate) fn attrs(&self) -> impl Iterator<Item = Attr<'a>> {
        let mut len = 0;
        // SAFETY: By the type invariant; the shim looks at the headers of the message only.
        let start = unsafe { local::subdev_shim_attrs(self.info.as_ptr(), &mut len) };
        let rest = match usize::try_from(len) {
            // SAFETY: The C side received `len` bytes of attributes there, which stay for `'a`.
            Ok(len) if !start.is_null() => unsafe {
                core::slice::from_raw_parts(start.cast::<u8>(), len)
            },
            _ => &[],
        };
        Attrs { rest }
    }

    /// The attribute `number`; the last one, if there are several.
    pub(crate) fn attr(&self, number: u32) -> Option<Attr<'a>> {
        self.attrs().filter(|a| a.number == number).last()
    }

    /// The attribute `number` as a number.
    pub(crate) fn u32(&self, number: u32) -> Option<u32> {
        self.attr(number)?.u32()
    }

    /// Whether there is the attribute `number`.
    pub(crate) fn flag(&self, number: u32) -> bool {
        self.attr(number).is_some()
    }

    /// The attribute `number` as a text.
    pub(crate) fn text(&self, number: u32) -> Option<&'a [u8]> {
        Some(self.attr(number)?.text())
    }

    /// Explains in the extended ACK why the request is refused.
    ///
    /// The kernel carries a text of up to 79 bytes; what is longer is cut.
    pub(crate) fn explain(&self, culprit: Culprit<'_>, text: &dyn core::fmt::Display) {
        // SAFETY: The C side sets `extack` to null or to a structure that outlives the handler,
        // and nobody else uses it meanwhile.
        let Some(extack) = (unsafe { self.info().extack.as_mut() }) else {
            return;
        };
        let mut out = Cursor {
            buf: &mut extack._msg_buf,
            len: 0,
        };
        // The cursor swallows what does not fit, so this cannot fail.
        let _ = write!(out, "{text}");
        extack._msg = extack._msg_buf.as_ptr();
        match culprit {
            Culprit::Bad(attr) => extack.bad_attr = attr.raw,
            Culprit::Missing(number) => extack.miss_type = number as u16,
            Culprit::MissingIn(nest, number) => {
                extack.miss_nest = nest.raw;
                extack.miss_type = number as u16;
            }
            Culprit::Nothing => {}
        }
    }
}

/// Writes a NUL-terminated text into a fixed buffer.
struct Cursor<'a> {
    buf: &'a mut [c_char],
    len: usize,
}

impl Write for Cursor<'_> {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        for byte in s.bytes() {
            let Some([slot, end]) = self.buf.get_mut(self.len..self.len + 2) else {
                break;
            };
            // CAST: A C string holds bytes.
            *slot = byte as c_char;
            *end = 0;
            self.len += 1;
        }
        Ok(())
    }
}

/// Puts attributes into a message.
///
/// # Invariants
///
/// `skb` is valid and not used by anyone else for `'a`.
pub(crate) struct Writer<'a> {
    skb: NonNull<bindings::sk_buff>,
    _lifetime: PhantomData<&'a mut ()>,
}

impl Writer<'_> {
    fn put(&mut self, number: u32, payload: &[u8]) -> Result {
        let len = u16::try_from(payload.len() + HEADER).map_err(|_| EMSGSIZE)?;
        // CAST: Attribute numbers are below 2^14, and the length was just checked.
        let (number, len) = (number as c_int, c_int::from(len) - HEADER as c_int);
        // SAFETY: `skb` is valid by the type invariant; `payload` has `len` bytes.
        to_result(unsafe {
            bindings::nla_put(self.skb.as_ptr(), number, len, payload.as_ptr().cast())
        })
    }

    /// Puts a `u32`.
    pub(crate) fn u32(&mut self, number: u32, value: u32) -> Result {
        self.put(number, &value.to_ne_bytes())
    }

    /// Puts a `uint`: four bytes if the value fits, else eight.
    pub(crate) fn uint(&mut self, number: u32, value: u64) -> Result {
        match u32::try_from(value) {
            Ok(small) => self.u32(number, small),
            Err(_) => self.put(number, &value.to_ne_bytes()),
        }
    }

    /// Puts a flag.
    pub(crate) fn flag(&mut self, number: u32) -> Result {
        self.put(number, &[])
    }

    /// Puts bytes.
    pub(crate) fn binary(&mut self, number: u32, value: &[u8]) -> Result {
        self.put(number, value)
    }

    /// Puts a string and its closing NUL.
    pub(crate) fn string(&mut self, number: u32, value: &str) -> Result {
        let len = value.len() + 1;
        if len > usize::from(u16::MAX) - HEADER {
            return Err(EMSGSIZE);
        }
        // CAST: As in `put`.
        // SAFETY: `skb` is valid by the type invariant.
        let attr =
            unsafe { bindings::nla_reserve(self.skb.as_ptr(), number as c_int, len as c_int) };
        let attr = NonNull::new(attr).ok_or(EMSGSIZE)?.cast::<u8>().as_ptr();
        // SAFETY: The C side reserved a header and `len` bytes.
        unsafe {
            let payload = attr.add(HEADER);
            payload.copy_from_nonoverlapping(value.as_ptr(), value.len());
            payload.add(value.len()).write(0);
        }
        Ok(())
    }

    /// Puts a nest that `fill` fills.
    pub(crate) fn nest(&mut self, number: u32, fill: impl FnOnce(&mut Self) -> Result) -> Result {
        // SAFETY: `skb` is valid by the type invariant.
        let nest = unsafe { local::subdev_shim_nest_start(self.skb.as_ptr(), number as c_int) };
        let nest = NonNull::new(nest).ok_or(EMSGSIZE)?;
        // A nest that could not be filled goes away with the whole message.
        fill(self)?;
        // SAFETY: The nest was started in this message, which is still being built.
        unsafe { local::subdev_shim_nest_end(self.skb.as_ptr(), nest.as_ptr()) };
        Ok(())
    }
}

/// A message that is being made.
///
/// # Invariants
///
/// `skb` is a socket buffer that this value owns, and `header` the family's header in it.
pub(crate) struct Message {
    skb: NonNull<bindings::sk_buff>,
    header: NonNull<c_void>,
}

impl Message {
    fn new(portid: u32, seq: u32, command: u32, room: usize) -> Result<Self> {
        // SAFETY: Takes integers only.
        let skb = unsafe { bindings::genlmsg_new(room, bindings::GFP_KERNEL) };
        let skb = NonNull::new(skb).ok_or(ENOMEM)?;
        // SAFETY: `skb` was just made and the family is a static. Commands fit in a byte.
        let header =
            unsafe { bindings::genlmsg_put(skb.as_ptr(), portid, seq, family(), 0, command as u8) };
        let Some(header) = NonNull::new(header) else {
            // SAFETY: The buffer is ours and is not used any more.
            unsafe { bindings::nlmsg_free(skb.as_ptr()) };
            return Err(EMSGSIZE);
        };
        // INVARIANT: Both were just made.
        Ok(Self { skb, header })
    }

    /// Starts the reply to `request`.
    pub(crate) fn reply(request: &Request<'_>, command: u32) -> Result<Self> {
        Self::reply_with_room(request, command, 0)
    }

    /// Starts the reply to `request`, with room for `more` bytes of attributes than usual.
    pub(crate) fn reply_with_room(
        request: &Request<'_>,
        command: u32,
        more: usize,
    ) -> Result<Self> {
        let info = request.info();
        Self::new(info.snd_portid, info.snd_seq, command, ROOM + more)
    }

    /// Starts an event, which whoever `echo` says gets as an answer.
    pub(crate) fn event(command: u32, echo: Option<Sender>) -> Result<Self> {
        let (port, sequence) = echo.map_or((0, 0), |sender| (sender.port, sender.sequence));
        Self::new(port, sequence, command, ROOM)
    }

    /// Puts attributes.
    pub(crate) fn writer(&mut self) -> Writer<'_> {
        // INVARIANT: `self` is borrowed mutably for as long.
        Writer {
            skb: self.skb,
            _lifetime: PhantomData,
        }
    }

    fn finish(self) -> NonNull<bindings::sk_buff> {
        let skb = self.skb;
        // SAFETY: By the type invariant.
        unsafe { bindings::genlmsg_end(skb.as_ptr(), self.header.as_ptr()) };
        // Whoever sends the buffer consumes it.
        core::mem::forget(self);
        skb
    }

    /// Sends the message to who made `request`.
    pub(crate) fn send(self, request: &Request<'_>) -> Result {
        let skb = self.finish();
        // SAFETY: `skb` is ours and is consumed; `info` is valid while the request is handled.
        to_result(unsafe { local::subdev_shim_reply(skb.as_ptr(), request.info.as_ptr()) })
    }

    /// Sends the message to the listeners of `group` in the initial network namespace, and to
    /// whoever `echo` says.
    ///
    /// That nobody listens is no error. A listener that cannot take it is told so by the C side.
    pub(crate) fn notify(self, group: u32, echo: Option<Sender>) {
        self.notify_filtered(group, echo, None, core::ptr::null_mut());
    }

    /// As [`Self::notify`], to those listeners only for which `wants` returns true. It must not
    /// sleep.
    pub(crate) fn notify_those(
        self,
        group: u32,
        echo: Option<Sender>,
        mut wants: &dyn Fn(SocketKey) -> bool,
    ) {
        let data = (&raw mut wants).cast();
        self.notify_filtered(group, echo, Some(leaves_out), data);
    }

    /// `filter` must take `data` for the time of the call.
    fn notify_filtered(
        self,
        group: u32,
        echo: Option<Sender>,
        filter: local::subdev_shim_filter_fn,
        data: *mut c_void,
    ) {
        let skb = self.finish();
        let port = echo.map_or(0, |sender| sender.port);
        let to_port = echo.is_some();
        // SAFETY: `skb` is ours and is consumed; the family is registered for as long as there
        // is anything to report; the callers pass a filter together with what it takes.
        unsafe { local::subdev_shim_notify(skb.as_ptr(), port, group, to_port, filter, data) };
    }
}

/// Called for each listener by the C side, which leaves out those for which it is not zero.
///
/// # Safety
///
/// For [`Message::notify_those`] only.
unsafe extern "C" fn leaves_out(
    sk: *mut bindings::sock,
    _skb: *mut bindings::sk_buff,
    data: *mut c_void,
) -> c_int {
    // SAFETY: `notify_those` passes a pointer to this, which is there until the call ends.
    let wants = unsafe { *data.cast::<&dyn Fn(SocketKey) -> bool>() };
    c_int::from(!wants(SocketKey::of(sk)))
}

/// Tells the listeners of `group` that a message to them was lost.
pub(crate) fn notify_loss(group: u32) {
    // SAFETY: Takes integers only; the family is registered for as long as there is anything to
    // report.
    unsafe { local::subdev_shim_notify_loss(group) };
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the buffer is ours.
        unsafe { bindings::nlmsg_free(self.skb.as_ptr()) };
    }
}

/// A dump in progress: the C side calls the handler again until it adds nothing.
///
/// # Invariants
///
/// Both pointers are valid, and not used by anyone else, for `'a`.
pub(crate) struct Dump<'a> {
    skb: NonNull<bindings::sk_buff>,
    cb: NonNull<bindings::netlink_callback>,
    _lifetime: PhantomData<&'a mut ()>,
}

impl<'a> Dump<'a> {
    /// Wraps what the C side passed to a handler.
    ///
    /// # Safety
    ///
    /// Both pointers must be valid, and not used by anyone else, for `'a`.
    unsafe fn from_raw(
        skb: *mut bindings::sk_buff,
        cb: *mut bindings::netlink_callback,
    ) -> Option<Self> {
        // INVARIANT: By the safety requirement.
        Some(Self {
            skb: NonNull::new(skb)?,
            cb: NonNull::new(cb)?,
            _lifetime: PhantomData,
        })
    }

    /// The request that started the dump.
    pub(crate) fn request(&self) -> Result<Request<'a>> {
        // SAFETY: `cb` is valid by the type invariant, and the request is kept for the dump.
        let info = unsafe { local::subdev_shim_dump_info(self.cb.as_ptr()) };
        // SAFETY: As above.
        unsafe { Request::from_raw(info, core::ptr::null_mut()) }.ok_or(EINVAL)
    }

    /// How far the dump has come; zero at its start.
    pub(crate) fn position(&self) -> u64 {
        // SAFETY: `cb` is valid by the type invariant; the scratch area starts zeroed, and any
        // bytes are valid for it.
        unsafe { self.cb.as_ref().__bindgen_anon_1.args[0] as u64 }
    }

    /// Remembers how far the dump has come.
    fn set_position(&mut self, position: u64) {
        // SAFETY: As above, and exclusive.
        unsafe { self.cb.as_mut().__bindgen_anon_1.args[0] = position as c_long };
    }

    /// Says which generation of the state the next entries show, so that the reader is told when
    /// the state changed in the middle of a dump. Zero would mean "unknown".
    pub(crate) fn set_generation(&mut self, generation: u64) {
        // SAFETY: As above.
        unsafe { self.cb.as_mut().seq = (generation as u32).wrapping_add(1).max(1) };
    }

    /// Goes on after the entry with the key `key`, which is not to be shown.
    pub(crate) fn skip(&mut self, key: u64) {
        self.set_position(key + 1);
    }

    /// Adds the entry with the key `key` that `fill` fills, and remembers where to go on. Returns
    /// whether it fitted; the C side calls again with more room when it did not.
    pub(crate) fn show(
        &mut self,
        key: u64,
        command: u32,
        fill: impl FnOnce(&mut Writer<'_>) -> Result,
    ) -> Result<bool> {
        let fits = self.entry(command, fill)?;
        self.set_position(if fits { key + 1 } else { key });
        Ok(fits)
    }

    /// Adds an entry that `fill` fills. Returns whether it fitted; the C side calls again with
    /// more room when it did not.
    fn entry(
        &mut self,
        command: u32,
        fill: impl FnOnce(&mut Writer<'_>) -> Result,
    ) -> Result<bool> {
        let request = self.request()?;
        let info = request.info();
        let skb = self.skb.as_ptr();
        // SAFETY: `skb` is valid by the type invariant; commands fit in a byte.
        let header = unsafe {
            bindings::genlmsg_put(
                skb,
                info.snd_portid,
                info.snd_seq,
                family(),
                bindings::NLM_F_MULTI as c_int,
                command as u8,
            )
        };
        if header.is_null() {
            return Ok(false);
        }
        let mut writer = Writer {
            skb: self.skb,
            _lifetime: PhantomData,
        };
        match fill(&mut writer) {
            Ok(()) => {
                // SAFETY: `header` is that of the message that is being built in `skb`.
                unsafe {
                    local::subdev_shim_dump_check_consistent(self.cb.as_ptr(), header);
                    bindings::genlmsg_end(skb, header);
                }
                Ok(true)
            }
            Err(error) => {
                // SAFETY: As above.
                unsafe { bindings::genlmsg_cancel(skb, header) };
                // An entry that does not even fit into an empty buffer never will.
                if error == EMSGSIZE && self.outcome() > 0 {
                    Ok(false)
                } else {
                    Err(error)
                }
            }
        }
    }

    /// What the handler returns to the C side: more to come as long as something was added.
    fn outcome(&self) -> c_int {
        // SAFETY: `skb` is valid by the type invariant.
        unsafe { self.skb.as_ref().len as c_int }
    }
}

/// Runs a handler of a request for the C side.
///
/// # Safety
///
/// `skb` and `info` must be what generic netlink passed to the operation.
pub(crate) unsafe fn run_do(
    skb: *mut bindings::sk_buff,
    info: *mut bindings::genl_info,
    handler: fn(&Request<'_>) -> Result,
) -> c_int {
    // SAFETY: By the safety requirement; the handler cannot keep the request.
    let Some(request) = (unsafe { Request::from_raw(info, skb) }) else {
        return EINVAL.to_errno();
    };
    match request.check_namespace().and_then(|()| handler(&request)) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Runs a handler of a dump for the C side.
///
/// # Safety
///
/// `skb` and `cb` must be what generic netlink passed to the operation.
pub(crate) unsafe fn run_dump(
    skb: *mut bindings::sk_buff,
    cb: *mut bindings::netlink_callback,
    handler: fn(&mut Dump<'_>) -> Result,
) -> c_int {
    // SAFETY: By the safety requirement; the handler cannot keep the dump.
    let Some(mut dump) = (unsafe { Dump::from_raw(skb, cb) }) else {
        return EINVAL.to_errno();
    };
    let checked = dump.request().and_then(|request| request.check_namespace());
    match checked.and_then(|()| handler(&mut dump)) {
        Ok(()) => dump.outcome(),
        Err(error) => error.to_errno(),
    }
}

/// Defines the function that the generated table of operations names for a request.
macro_rules! genl_do {
    ($name:ident, $handler:path) => {
        /// Called by generic netlink, see `driver/netlink/generated`.
        ///
        /// # Safety
        ///
        /// For generic netlink only.
        #[no_mangle]
        unsafe extern "C" fn $name(
            skb: *mut ::kernel::bindings::sk_buff,
            info: *mut ::kernel::bindings::genl_info,
        ) -> ::kernel::ffi::c_int {
            // SAFETY: Generic netlink passes what belongs to the operation.
            unsafe { $crate::ffi::genl::run_do(skb, info, $handler) }
        }
    };
}

pub(crate) use genl_do;

/// Defines the function that the generated table of operations names for a dump.
macro_rules! genl_dump {
    ($name:ident, $handler:path) => {
        /// Called by generic netlink, see `driver/netlink/generated`.
        ///
        /// # Safety
        ///
        /// For generic netlink only.
        #[no_mangle]
        unsafe extern "C" fn $name(
            skb: *mut ::kernel::bindings::sk_buff,
            cb: *mut ::kernel::bindings::netlink_callback,
        ) -> ::kernel::ffi::c_int {
            // SAFETY: Generic netlink passes what belongs to the operation.
            unsafe { $crate::ffi::genl::run_dump(skb, cb, $handler) }
        }
    };
}

pub(crate) use genl_dump;
