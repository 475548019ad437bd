// A kernel of the tests alone, for the primitives that the first kernels do not use: c [16, 8] = a [16, K] · b [8, K]ᵀ for bfloat16 a and b and K a multiple of 8, sixteen of K at a time,
// the next sixteen being copied meanwhile. Both warps compute the same.
#include "numbers.cuh"
using namespace octavo;

OCTAVO_INLINE void fetch(u8* tile, const bfloat16* a, const bfloat16* b, int k, int depth) {
    // 16 rows of a, then 8 of b, 32 bytes each.
    for (int i = thread(); i < 48; i += threads()) {
        int row = i / 2, half = i % 2;
        const bfloat16* from = (row < 16 ? a + row * depth : b + (row - 16) * depth) + k + half * 8;
        bool inside = k + half * 8 < depth;
        copy_async16(shared_address_of(tile + i * 16), inside ? from : a, inside);
    }
    copy_commit();
}

OCTAVO_KERNEL(octavo_probe_product, 64, (const bfloat16* a, const bfloat16* b, float* c, int depth)) {
    OCTAVO_DYNAMIC_SHARED(tiles);
    float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    int lane = thread() % WARP;
    fetch(tiles, a, b, 0, depth);
    for (int k = 0, stage = 0; k < depth; k += 16, stage ^= 1) {
        fetch(tiles + (stage ^ 1) * 768, a, b, k + 16, depth);
        copy_wait<1>();
        sync();
        u8* tile = tiles + stage * 768;
        u32 x[4], y[4];
        load_matrices(x, shared_address_of(tile + (lane % 16) * 32 + lane / 16 * 16));
        load_matrices(y, shared_address_of(tile + 512 + lane % 8 * 32 + lane / 8 % 2 * 16));
        multiply_matrices(d, x, y[0], y[1]);
        sync();
    }
    if (thread() < WARP) {
        for (int i = 0; i < 4; i++) { c[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = d[i]; }
    }
}
