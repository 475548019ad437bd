// What keys and values become where they are stored.
//
// Values in the cache are finite. Attention multiplies values that a row does not see by zero, and zero times infinity or NaN would reach rows that know nothing of the token: an earlier part of the
// prompt, whose blocks others share, or the tokens before a rejected draft. So where a head's values are not finite, the token's keys become NaN instead, and its values zero: who sees the token gets NaN.
#pragma once
#include "reduce.cuh"

namespace octavo {
// Bits of the least magnitude that is infinite in a type; NaN's lie above.
template <class T> struct Infinite { static constexpr u32 FROM = 0x7f800000u; };
template <> struct Infinite<bfloat16> { static constexpr u32 FROM = 0x7f7f8000u; };
template <> struct Infinite<float16> { static constexpr u32 FROM = 0x477ff000u; };

// Whether some value of a head is not finite where such are infinite. Whole warps.
template <class X> OCTAVO_INLINE bool is_spoiled(const X* values, int head_size, u32 infinite) {
    u32 largest = 0;
    for (int i = thread() % WARP; i < head_size; i += WARP) {
        u32 magnitude = bits_of(to_float(values[i])) & 0x7fffffffu;
        largest = magnitude > largest ? magnitude : largest;
    }
    return vote(largest >= infinite) != 0;
}

// The nearest E4M3, ties to even; what is larger than 448 becomes 448. Whole numbers throughout: every architecture gives the same.
OCTAVO_INLINE u8 float8_of(float x) {
    u32 bits = bits_of(x), sign = bits >> 31 << 7, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) { return (u8)(sign | 0x7f); }
    // Below the smallest normal number, 2^-6, steps are of 2^-9: adding 1.5 · 2^23 rounds to whole ones.
    if (magnitude < 0x3c800000u) { return (u8)(sign | (bits_of(add_exact(multiply_exact(float_of(magnitude), 512.0f), 12582912.0f)) & 0xffu)); }
    magnitude = magnitude < 0x43e00000u ? magnitude : 0x43e00000u;
    return (u8)(sign | (((magnitude + 0x7ffffu + (magnitude >> 20 & 1)) >> 20) - (120u << 3)));
}

struct Int8 {
    static constexpr float TOP = 127.0f;
    static OCTAVO_INLINE_MEMBER u8 code(float scaled) { return (u8)bits_of(add_exact(scaled, 12582912.0f)); }
};
struct Float8 {
    static constexpr float TOP = 448.0f;
    static OCTAVO_INLINE_MEMBER u8 code(float scaled) { return float8_of(scaled); }
};
}  // namespace octavo
