// SPDX-License-Identifier: GPL-2.0

//! Messages are made and read back, and what is broken is not followed.

use core::fmt::Write;

use super::{
    attr::Attrs,
    request::Cursor,
    *, //
};

/// The attributes that were put into `message` so far.
fn attributes(message: &Message) -> Attrs<'_> {
    // SAFETY: By the type invariant of `Message`.
    let skb = unsafe { message.skb.as_ref() };
    // SAFETY: The buffer holds `len` bytes from `data` on, and `message` is borrowed.
    let all = unsafe { core::slice::from_raw_parts(skb.data, skb.len as usize) };
    // Attributes follow the family's header.
    let start = (message.header.as_ptr() as usize).wrapping_sub(skb.data as usize);
    Attrs {
        rest: all.get(start..).unwrap_or_default(),
    }
}

#[kunit_tests(subdev_genl)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_they_were_put() -> Result {
        let mut message = Message::event(1, None)?;
        let mut writer = message.writer();
        writer.u32(1, 7)?;
        writer.string(2, "name")?;
        writer.nest(3, |nest| nest.uint(4, u64::MAX))?;

        let mut attrs = attributes(&message);
        let number = attrs.next().ok_or(EINVAL)?;
        assert_eq!((number.number(), number.u32()), (1, Some(7)));
        let text = attrs.next().ok_or(EINVAL)?;
        assert_eq!((text.number(), text.text()), (2, b"name".as_slice()));
        let nest = attrs.next().ok_or(EINVAL)?;
        assert_eq!(nest.number(), 3);
        let inner = Attrs { rest: nest.payload }.next().ok_or(EINVAL)?;
        assert_eq!(inner.number(), 4);
        assert_eq!(inner.payload, u64::MAX.to_ne_bytes().as_slice());
        assert!(attrs.next().is_none());
        Ok(())
    }

    #[test]
    fn a_uint_is_as_short_as_it_can_be() -> Result {
        let mut message = Message::event(1, None)?;
        message.writer().uint(1, u64::from(u32::MAX))?;
        message.writer().uint(2, u64::from(u32::MAX) + 1)?;
        let mut lengths = attributes(&message).map(|attr| attr.payload.len());
        assert_eq!((lengths.next(), lengths.next()), (Some(4), Some(8)));
        Ok(())
    }

    #[test]
    fn what_does_not_fit_is_refused_and_leaves_the_rest() -> Result {
        let mut message = Message::event(1, None)?;
        let mut writer = message.writer();
        let put = (0..1000)
            .take_while(|_| writer.binary(1, &[0xaa; 64]).is_ok())
            .count();
        assert!(put > 0);
        assert!(put < 1000);
        assert!(writer.binary(1, &[0xaa; 64]) == Err(EMSGSIZE));
        assert!(
            writer.string(2, core::str::from_utf8(&[b'a'; 64]).unwrap_or_default())
                == Err(EMSGSIZE)
        );
        assert_eq!(attributes(&message).count(), put);
        Ok(())
    }

    #[test]
    fn a_broken_attribute_ends_the_list() {
        let broken: [&[u8]; 6] = [
            &[],
            // No room for a header.
            &[8, 0, 1],
            // Shorter than its own header, down to nothing at all.
            &[3, 0, 1, 0, 0, 0, 0, 0],
            &[0, 0, 0, 0, 0, 0, 0, 0],
            // Longer than what there is.
            &[9, 0, 1, 0, 0, 0, 0, 0],
            &[0xff, 0xff, 1, 0],
        ];
        for rest in broken {
            assert!(Attrs { rest }.next().is_none());
        }
        // The last one may lack its padding.
        let unpadded = Attrs {
            rest: &[5, 0, 1, 0, 42],
        };
        assert_eq!(unpadded.map(|attr| attr.payload.len()).sum::<usize>(), 1);
    }

    #[test]
    fn a_number_has_the_size_of_one() {
        let sizes = [0, 3, 4, 5, 8].map(|size| {
            let payload = [1; 8];
            let attr = Attr {
                number: 1,
                payload: payload.get(..size).unwrap_or_default(),
                raw: core::ptr::null(),
            };
            attr.u32().is_some()
        });
        assert_eq!(sizes, [false, false, true, false, false]);
    }

    #[test]
    fn a_text_is_cut_and_always_closed() -> Result {
        let mut buf = [c_char::MAX; 8];
        let mut out = Cursor {
            buf: &mut buf,
            len: 0,
        };
        write!(out, "0123").map_err(|_| EINVAL)?;
        write!(out, "456789").map_err(|_| EINVAL)?;
        assert_eq!(buf, *b"0123456\0");
        Ok(())
    }
}
