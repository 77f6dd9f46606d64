//! How far two texts are the same.
//!
//! This module never looks at what the bytes mean.

/// Compared at once, where all is the same; then closer and closer.
const STRIDES: [usize; 3] = [1 << 10, 1 << 6, 1 << 3];

/// How many bytes both begin with.
pub(super) fn common_prefix(x: &[u8], y: &[u8]) -> usize {
    let mut same = 0;
    for stride in STRIDES {
        let rest = |text| -> &[u8] { <[u8]>::get(text, same..).unwrap_or_default() };
        let chunks = rest(x).chunks_exact(stride).zip(rest(y).chunks_exact(stride));
        same += stride * chunks.take_while(|(x, y)| x == y).count();
    }
    let bytes = x.iter().zip(y).skip(same);
    same + bytes.take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_differs_is_found_wherever_it_stands() {
        for length in [0, 1, 63, 64, 65, 1_023, 1_024, 1_100, 2_500] {
            let text = vec![b'a'; length];
            assert_eq!(common_prefix(&text, &text), length);
            for at in (0..length).step_by(7) {
                let mut other = text.clone();
                other[at] = b'b';
                assert_eq!(common_prefix(&text, &other), at);
                assert_eq!(common_prefix(&text[..at], &text), at);
                assert_eq!(common_prefix(&text, &text[..at]), at);
            }
        }
    }
}
