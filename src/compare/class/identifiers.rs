//! Numbers in strings, and identifiers.

/// Digits with at most a sign.
pub(super) fn is_int(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Digits around one point.
pub(super) fn is_decimal(text: &[u8]) -> bool {
    let Some(point) = text.iter().position(|&byte| byte == b'.') else { return false };
    let (whole, fraction) = text.split_at(point);
    let fraction = fraction.get(1..).unwrap_or_default();
    is_int(whole) && !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit)
}

/// 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// 26 digits of Crockford's alphabet, of which 128 bits are used.
pub(super) fn is_ulid(text: &[u8]) -> bool {
    let crockford = |byte: &u8| match byte {
        b'0'..=b'9' => true,
        b'I' | b'L' | b'O' | b'U' => false,
        letter => letter.is_ascii_uppercase(),
    };
    text.len() == 26
        && matches!(text.first(), Some(b'0'..=b'7'))
        && text.iter().all(crockford)
        && text.iter().any(u8::is_ascii_uppercase)
}

/// 12 bytes in hexadecimal, as document stores name things.
pub(super) fn is_object_id(text: &[u8]) -> bool {
    text.len() == 24 && is_hex(text)
}

/// Eight hexadecimal digits or more, in one case, at least one of them no letter.
pub(super) fn is_hex(text: &[u8]) -> bool {
    text.len() >= 8
        && text.iter().all(u8::is_ascii_hexdigit)
        && text.iter().any(u8::is_ascii_digit)
        && !(text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase))
}

/// 16 characters or more of either alphabet of RFC 4648, of all three sorts, or padded.
pub(super) fn is_base64(text: &[u8]) -> bool {
    let padding = text.iter().rev().take_while(|&&byte| byte == b'=').count();
    let body = text.get(..text.len() - padding).unwrap_or_default();
    let fits =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let mixed = body.iter().any(u8::is_ascii_digit)
        && body.iter().any(u8::is_ascii_lowercase)
        && body.iter().any(u8::is_ascii_uppercase);
    let padded = padding > 0 && text.len().is_multiple_of(4);
    text.len() >= 16 && padding <= 2 && body.iter().all(fits) && (mixed || padded)
}

/// Three parts in base64url, the first of them a JSON object (RFC 7519).
pub(super) fn is_jwt(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.len() >= 20
        && text.starts_with(b"eyJ")
        && text.iter().all(fits)
        && text.iter().filter(|&&byte| byte == b'.').count() == 2
}
