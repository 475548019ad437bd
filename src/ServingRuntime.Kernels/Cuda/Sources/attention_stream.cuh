// Keys and values of a sequence through shared memory, and what tensor cores multiply of them.
// In the ring 16-byte chunks are permuted within rows so that both the copies and ldmatrix meet every bank once.
#pragma once
#include "attention_splits.cuh"
#include "softmax.cuh"

namespace octavo {
constexpr int DECODE_WARPS = 4, DECODE_ROWS = 16, TILE = 16;

// The memory of a block. RING entries of a warp hold a tile of keys or of values each, in turn, and its scales.
template <class C, int D> struct DecodeMemory {
    static constexpr int SIZE = (int)sizeof(C), ROW = D * SIZE, CHUNKS = ROW / 16, ENTRY = TILE * ROW + (Stored<C>::SCALED ? TILE * 4 : 0);
    // Three blocks find room on a multiprocessor of 227 KiB (two where heads are of 256), and one in the 99 KiB of others.
    static constexpr int RING = SIZE == 1 ? (D > 128 ? 4 : D > 96 ? 6 : 8) : D > 128 ? 2 : D > 96 ? 4 : D > 64 ? 5 : 6;
    static constexpr int QUERIES = DECODE_WARPS * RING * ENTRY;  // where they lie, as the type that is multiplied
    // Queries follow the rings; when the warps' results are put together they take the place of both.
    static constexpr int STRIDE = D + 8;  // of a row of the warps' results: the rows of a fragment in different banks

    // Chunk c of a tile's row r.
    static OCTAVO_INLINE_MEMBER int at(int r, int c) {
        int other = CHUNKS % 8 == 0 ? c ^ (r & 7) : CHUNKS % 4 == 0 ? c ^ (r >> 1 & 3) : c ^ (r >> 2 & 1);
        return r * ROW + other * 16;
    }
};

// A warp's way through its tiles of keys and values.
template <class C, int D> struct DecodeStream {
    typedef DecodeMemory<C, D> M;
    const u8 *keys, *values;
    const float* scales;
    const int* table;
    shared_address ring;
    int length, tile, count, block_shift, kv_heads, kv_head;
    int issued, slot, blocks;  // lane i: the block of tile 32 * n + i of those that are to come

    OCTAVO_INLINE_MEMBER void begin() {
        issued = slot = 0;
        OCTAVO_UNROLL
        for (int i = 0; i < M::RING - 1; i++) { next(); }
    }

    // The next tile of keys or values on its way into the ring; nothing behind the last.
    OCTAVO_INLINE_MEMBER void next() {
        int index = issued >> 1, lane = thread() % WARP;
        if (index < count) {
            if (issued % (2 * WARP) == 0) {
                int mine = index + lane;
                blocks = mine < count ? table[(tile + mine * DECODE_WARPS) * TILE >> block_shift] : 0;
            }
            bool second = issued & 1;
            int token = (tile + index * DECODE_WARPS) * TILE, block = (int)shuffle((u32)blocks, index % WARP), inside = token & ((1 << block_shift) - 1);
            const u8* from = (second ? values : keys) + ((((i64)block * kv_heads + kv_head) << block_shift) + inside) * M::ROW;
            shared_address to = ring + slot * M::ENTRY;
            OCTAVO_UNROLL
            for (int i = 0; i < M::CHUNKS / 2; i++) {
                int chunk = i * WARP + lane, row = chunk / M::CHUNKS;
                copy_async16(to + M::at(row, chunk % M::CHUNKS), from + chunk * 16, token + row < length);
            }
            if (Stored<C>::SCALED && lane < 4) {
                copy_async16(to + TILE * M::ROW + lane * 16, scales + (((((i64)block * 2 + second) * kv_heads + kv_head) << block_shift) + inside) + lane * 4, true);
            }
        }
        copy_commit();
        issued++;
        slot = slot + 1 == M::RING ? 0 : slot + 1;
    }

    // Waits for the oldest tile in the ring, lets the one after the youngest follow into the place of the one before, and returns its place.
    OCTAVO_INLINE_MEMBER int advance() {
        copy_wait<M::RING - 2>();
        warp_sync();
        next();
        return slot;
    }

    // The scales of a tile's tokens, behind their codes.
    static OCTAVO_INLINE_MEMBER const float* scales_at(const u8* shared, int warp, int place) { return (const float*)(shared + warp * M::RING * M::ENTRY + place + TILE * M::ROW); }
};
}  // namespace octavo
