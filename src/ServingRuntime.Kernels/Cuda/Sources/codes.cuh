// Keys and values of eight bits: codes, of which all that a token has of one head share a float32 scale.
#pragma once
#include "numbers.cuh"

namespace octavo {
struct int8_code { u8 bits; };
struct float8_code { u8 bits; };
OCTAVO_INLINE float to_float(int8_code x) { return (float)(signed char)x.bits; }
// E4M3: exponent and mantissa fall into place as a float32 that is 2^120 too small, subnormal ones included.
OCTAVO_INLINE float to_float(float8_code x) {
    u32 magnitude = x.bits & 0x7fu;
    float y = magnitude == 0x7fu ? quiet_nan() : multiply_exact(float_of(magnitude << 20), 1.32922800e36f);
    return x.bits & 0x80u ? -y : y;
}

// What keys and values are held as: whether they have scales, and what tensor cores multiply for them.
template <class C> struct Stored { static constexpr bool SCALED = false; typedef C Multiplied; };
template <> struct Stored<int8_code> { static constexpr bool SCALED = true; typedef bfloat16 Multiplied; };
template <> struct Stored<float8_code> { static constexpr bool SCALED = true; typedef bfloat16 Multiplied; };

// Codes of a word as pairs of bfloat16, which is exact: its bytes 0 and 1 (low) and 2 and 3 (high), or 0 and 2 (even) and 1 and 3 (odd), which costs less.
template <class C> struct Codes;
template <> struct Codes<int8_code> {
    // Those in bytes 0 and 2, two's complement: 128 + seven bits, less 128 or, with the sign, 256.
    static OCTAVO_INLINE_MEMBER u32 pair(u32 x) { return multiply_add_bfloat16_pair((x & 0x007f007fu) | 0x43004300u, 0x3f803f80u, (x & 0x00800080u) | 0xc300c300u); }
    static OCTAVO_INLINE_MEMBER u32 even(u32 word) { return pair(word); }
    static OCTAVO_INLINE_MEMBER u32 odd(u32 word) { return pair(word >> 8); }
    static OCTAVO_INLINE_MEMBER u32 low(u32 word) { return pair(permute_bytes(word, 0u, 0x4140u)); }
    static OCTAVO_INLINE_MEMBER u32 high(u32 word) { return pair(permute_bytes(word, 0u, 0x4342u)); }
};
template <> struct Codes<float8_code> {
    // Those in bytes 1 and 3: exponent and mantissa in place as a bfloat16 that is 2^120 too small. NaN's code becomes 480: its token's scale is NaN already.
    static OCTAVO_INLINE_MEMBER u32 pair(u32 x) { return multiply_add_bfloat16_pair((x & 0x80008000u) | (x & 0x7f007f00u) >> 4, 0x7b807b80u, 0x80008000u); }
    static OCTAVO_INLINE_MEMBER u32 even(u32 word) { return pair(word << 8); }
    static OCTAVO_INLINE_MEMBER u32 odd(u32 word) { return pair(word); }
    static OCTAVO_INLINE_MEMBER u32 low(u32 word) { return pair(permute_bytes(word, 0u, 0x1404u)); }
    static OCTAVO_INLINE_MEMBER u32 high(u32 word) { return pair(permute_bytes(word, 0u, 0x3424u)); }
};
}  // namespace octavo
