//! The members that say which thing an object is.
//!
//! This module never looks at a value.

/// How many members name an element, the most telling first: `id`, `_id`, `uuid`, `guid`, `key`,
/// `code`, `sku`, `slug`, `name`, `href`, `email`.
pub(super) const IDENTITIES: usize = 11;

/// Which of the [`IDENTITIES`] these characters are.
#[inline]
pub(super) fn identity(name: &[u8]) -> Option<usize> {
    Some(match name {
        b"id" => 0,
        b"_id" => 1,
        b"uuid" => 2,
        b"guid" => 3,
        b"key" => 4,
        b"code" => 5,
        b"sku" => 6,
        b"slug" => 7,
        b"name" => 8,
        b"href" => 9,
        b"email" => 10,
        _ => return None,
    })
}
