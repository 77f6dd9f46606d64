//! Ids that hold what they name. The shop forgets every request, so a cart lives in its id: a
//! UUID of version 8 (RFC 9562, section 5.8: the layout is the maker's own). Placing the order
//! turns the cart's id into the order's.
//!
//! ```text
//! custom_a, 48 bits:  6 zero | line 1 | line 2 | line 3
//! custom_b, 12 bits:  1 order | 1 express | 2 zero | 8 user
//! custom_c, 62 bits:  20 check | line 4 | line 5 | line 6
//! a line, 14 bits:    8 item, counted from 1000 | 6 quantity
//! ```
//!
//! The check is the top of a CRC-32 over the rest: it tells a mistyped id from a real one. It is
//! no signature, which a real shop would need.

use flate2::Crc;
use uuid::Uuid;

/// What a cart holds at most.
pub const MAX_LINES: usize = 6;
/// Of one item in a cart.
pub const MAX_QUANTITY: u8 = 50;
/// The number before the first item's.
const ITEM_BASE: u64 = 1000;

/// So many of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub item: u64,
    /// From 1 to [`MAX_QUANTITY`].
    pub quantity: u8,
}

/// A cart, or the order that was made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basket {
    /// The user's number; 0 is a guest.
    pub user: u8,
    pub ordered: bool,
    pub express: bool,
    /// At most [`MAX_LINES`]; each item once.
    lines: Vec<Line>,
}

/// Why a line cannot be put into a basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("a cart takes from 0 to {MAX_QUANTITY} of an item")]
    Quantity,
    #[error("a cart has at most {MAX_LINES} lines")]
    Full,
}

impl Basket {
    /// A cart with nothing in it.
    pub fn of(user: u8) -> Self {
        Self { user, ..Self::default() }
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Sets how many of an item there are; none takes its line out. The item must be one that
    /// the catalogue has.
    pub fn put(&mut self, item: u64, quantity: u64) -> Result<(), LineError> {
        let quantity = u8::try_from(quantity).ok().filter(|quantity| *quantity <= MAX_QUANTITY);
        let quantity = quantity.ok_or(LineError::Quantity)?;
        let found = self.lines.iter().position(|line| line.item == item);
        match found {
            Some(at) if quantity == 0 => drop(self.lines.remove(at)),
            Some(at) => {
                self.lines.iter_mut().skip(at).take(1).for_each(|line| line.quantity = quantity)
            }
            None if quantity == 0 => {}
            None if self.lines.len() == MAX_LINES => return Err(LineError::Full),
            None => self.lines.push(Line { item, quantity }),
        }
        Ok(())
    }

    /// Reads an id; none where it was never given out.
    pub fn read(id: Uuid) -> Option<Self> {
        let bits = id.as_u128();
        let flags = (bits >> 64) & 0xfff;
        let packed = ((bits >> 80) << 42 & LINES) | (bits & HALF);
        let mut lines = Vec::new();
        for shift in (0..MAX_LINES).rev().map(|place| place * 14) {
            let line = packed >> shift & 0x3fff;
            let (item, quantity) = (u64::try_from(line >> 6).ok()?, u8::try_from(line & 63).ok()?);
            if line != 0 {
                lines.push(Line { item: item + ITEM_BASE, quantity });
            }
        }
        let user = u8::try_from(flags & 0xff).ok()?;
        let basket = Self { user, ordered: flags >> 11 == 1, express: flags >> 10 & 1 == 1, lines };
        (basket.id() == id).then_some(basket)
    }

    /// The id that holds the basket.
    pub fn id(&self) -> Uuid {
        let packed = (0..MAX_LINES).fold(0_u128, |packed, place| {
            packed << 14 | self.lines.get(place).map_or(0, |line| line.bits())
        });
        let flags =
            u128::from(self.ordered) << 11 | u128::from(self.express) << 10 | u128::from(self.user);
        let fields = packed >> 42 << 80 | flags << 64 | packed & HALF;
        let mut crc = Crc::new();
        crc.update(&fields.to_be_bytes());
        let check = u128::from(crc.sum() >> 12);
        Uuid::from_u128(fields | check << 42 | VERSION_8 | VARIANT)
    }
}

/// Three lines of 14 bits.
const HALF: u128 = (1 << 42) - 1;
/// The first three lines where [`Basket::read`] puts them.
const LINES: u128 = HALF << 42;
const VERSION_8: u128 = 8 << 76;
const VARIANT: u128 = 0b10 << 62;

impl Line {
    fn bits(self) -> u128 {
        u128::from(self.item.saturating_sub(ITEM_BASE) & 0xff) << 6 | u128::from(self.quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_as_the_basket_that_it_names(
            user: u8, ordered: bool, express: bool,
            lines in prop::collection::vec((1001_u64..1256, 1_u64..51), 0..7),
        ) {
            let mut basket = Basket { user, ordered, express, lines: Vec::new() };
            for (item, quantity) in lines {
                basket.put(item, quantity).expect("it fits");
            }
            prop_assert_eq!(Basket::read(basket.id()), Some(basket));
        }

        #[test]
        fn an_id_with_one_bit_turned_is_no_basket(bit in 0..128, user: u8) {
            let id = Basket::of(user).id().as_u128() ^ (1_u128 << bit);
            prop_assert_eq!(Basket::read(Uuid::from_u128(id)), None);
        }

        #[test]
        fn any_uuid_is_read(bits: u128) {
            let id = Uuid::from_u128(bits);
            prop_assert!(Basket::read(id).is_none_or(|basket| basket.id() == id));
        }
    }

    #[test]
    fn a_line_is_set_changed_and_taken_out() {
        let mut basket = Basket::of(3);
        assert_eq!(basket.put(1001, 2), Ok(()));
        assert_eq!(basket.put(1002, 1), Ok(()));
        assert_eq!(basket.put(1001, 5), Ok(()));
        assert_eq!(basket.lines()[0], Line { item: 1001, quantity: 5 });
        assert_eq!(basket.put(1001, 0), Ok(()));
        assert_eq!(basket.lines(), [Line { item: 1002, quantity: 1 }]);
    }

    #[test]
    fn a_cart_refuses_what_it_cannot_hold() {
        let mut basket = Basket::of(0);
        assert_eq!(basket.put(1001, 51), Err(LineError::Quantity));
        (1001..=1006).for_each(|item| assert_eq!(basket.put(item, 1), Ok(())));
        assert_eq!(basket.put(1007, 1), Err(LineError::Full));
        assert_eq!(basket.put(1006, 50), Ok(()));
    }
}
