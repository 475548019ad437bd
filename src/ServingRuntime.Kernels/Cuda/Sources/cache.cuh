// Keys and values in eight bits: what one number becomes under its head's scale.
#pragma once
#include "reduce.cuh"

namespace octavo {
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
