// Sums and maxima over warps and blocks, in an order that depends on the number of threads alone; every thread gets the result.
#pragma once
#include "numbers.cuh"

namespace octavo {
struct Sum { static OCTAVO_INLINE_MEMBER float join(float a, float b) { return add_exact(a, b); } };
struct Largest { static OCTAVO_INLINE_MEMBER float join(float a, float b) { return a != a ? a : b > a || b != b ? b : a; } };

template <class OP> OCTAVO_INLINE float warp_reduce(float x) {
    OCTAVO_UNROLL
    for (int mask = WARP / 2; mask > 0; mask /= 2) { x = OP::join(x, float_of(shuffle_xor(bits_of(x), mask))); }
    return x;
}

OCTAVO_INLINE u32 warp_largest(u32 x) {
    OCTAVO_UNROLL
    for (int mask = WARP / 2; mask > 0; mask /= 2) { u32 y = shuffle_xor(x, mask); x = y > x ? y : x; }
    return x;
}

OCTAVO_INLINE u64 warp_largest(u64 x) {
    OCTAVO_UNROLL
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        u64 y = (u64)shuffle_xor((u32)(x >> 32), mask) << 32 | shuffle_xor((u32)x, mask);
        x = y > x ? y : x;
    }
    return x;
}

// Whole warps, up to 32 of them. Reaches two barriers, so that it can be called again at once.
template <class OP> OCTAVO_INLINE float block_reduce(float x, float nothing) {
    OCTAVO_SHARED(float, warps, WARP);
    x = warp_reduce<OP>(x);
    int lane = thread() % WARP;
    if (lane == 0) { warps[thread() / WARP] = x; }
    sync();
    x = warp_reduce<OP>(lane < threads() / WARP ? warps[lane] : nothing);
    sync();
    return x;
}

OCTAVO_INLINE u64 block_largest(u64 x) {
    OCTAVO_SHARED(u64, warps, WARP);
    x = warp_largest(x);
    int lane = thread() % WARP;
    if (lane == 0) { warps[thread() / WARP] = x; }
    sync();
    x = warp_largest(lane < threads() / WARP ? warps[lane] : 0ull);
    sync();
    return x;
}
}  // namespace octavo
