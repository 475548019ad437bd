// Attention of few queries over long caches, on tensor cores: decoding, and the verification of some drafted tokens. Reading keys and values once at the memory's speed is all that counts.
//
// Work is cut into items: a KV head of a sequence, 16 rows (queries x heads of the group) and one split of the sequence's tokens. Where splits begin depends on the sequence's own length alone, so that
// a row's sums have one order in any batch. The grid is as large as the device and finds its items from the lengths itself: a launch captured with bounds costs what the step's real lengths cost.
// Each of the four warps takes every fourth tile of 16 tokens (one stretch of a block's memory) by itself, through a ring of shared memory that asynchronous copies fill: no barrier until the item ends.
//   In flight on an H200 (128 elements, bfloat16): rings of 4 x 4 KiB, 4 warps, 70 KiB with queries and tables, 3 blocks a multiprocessor: 3/4 of 192 KiB; 4.3 TB/s over 132 multiprocessors at 0.8 us need 26 KiB.
//   An item of 512 tokens is 256 KiB: its beginning and end (about 3 us, the other blocks streaming meanwhile) beside 24 us of streaming. Batch 128 x 1024, 8 KV heads: 2048 items on 396 blocks,
//   5.2 rounds of 6, and partial results of 1.6 % of the bytes: some 90 % of a copy's bandwidth is expected.
#pragma once
#include "attention_stream.cuh"

namespace octavo {
struct DecodeCall {
    const void* queries; i64 queries_stride; void* output; i64 output_stride; int type;
    int heads, kv_heads, block_shift; float scale; int window; float cap; float* log_sums;
    SplitCall splits;
};

// Which element of the head a lane's result e of product t is.
template <class C> OCTAVO_INLINE int element_of(int t, int e) {
    int q = thread() % 4;
    return sizeof(C) == 1 ? t / 2 * 16 + 4 * q + 2 * (e & 1) + t % 2 : t * 8 + 2 * q + (e & 1);
}

// Queries of a tile's rows as the products' left side: [row][element] in permuted chunks; where codes are of eight bits elements 0 2 4 6 .. of every sixteen, then 1 3 5 7 .., as widen gives them.
template <class C, int D>
OCTAVO_INLINE void store_queries(const DecodeCall& call, const SequenceView& view, int kv_head, int group, int first_row, int rows, u8* to) {
    typedef Halves<typename Multiplied<C>::Type> H;
    OCTAVO_ROLLED
    for (int i = thread(); i < DECODE_ROWS * D / 2; i += DECODE_WARPS * WARP) {
        int row = i / (D / 2), pair = i % (D / 2), element = sizeof(C) == 1 ? pair / 8 * 16 + pair % 4 * 4 + pair / 4 % 2 : 2 * pair;
        i64 from = (view.row + (first_row + row) / group) * call.queries_stride + ((i64)kv_head * group + (first_row + row) % group) * D + element;
        u32 both = row < rows ? H::pair(load_activation(call.queries, from, call.type), load_activation(call.queries, from + (sizeof(C) == 1 ? 2 : 1), call.type)) : 0;
        *(u32*)(to + DecodeMemory<bfloat16, D>::at(row, pair / 4) + pair % 4 * 4) = both;
    }
}

template <class C, int D>
OCTAVO_INLINE void attend_item(const DecodeCall& call, const u8* keys, const u8* values, const float* scales, const Sequences& all, int sequence, int kv_head, int row_tile, int split, u8* shared) {
    typedef DecodeMemory<C, D> M;
    typedef Halves<typename Multiplied<C>::Type> H;
    constexpr float LOG2E = 1.44269504f;
    int lane = thread() % WARP, warp = thread() / WARP, group = call.heads / call.kv_heads;
    SequenceView view = view_of(all, sequence, kv_head);
    Splits splits = splits_of(view, call.window, call.splits);
    if (split >= splits.count) { return; }

    // Rows of the tile, and the positions of the first and the last.
    int first_row = row_tile * DECODE_ROWS, rows = view.queries * group - first_row;
    rows = rows < DECODE_ROWS ? rows : DECODE_ROWS;
    int oldest = view.length - view.queries, low = oldest + first_row / group, high = oldest + (first_row + rows - 1) / group;
    int begin = (splits.first + split) * splits.tokens, end = begin + splits.tokens, seen = call.window > 0 ? low - call.window + 1 : 0;
    begin = begin > seen ? begin : seen;
    end = end < high + 1 ? end : high + 1;

    DecodeStream<C, D> stream;
    stream.keys = keys; stream.values = values; stream.scales = scales; stream.table = view.table;
    stream.ring = shared_address_of(shared + warp * M::RING * M::ENTRY);
    stream.length = view.length; stream.block_shift = call.block_shift; stream.kv_heads = call.kv_heads; stream.kv_head = kv_head;
    // Every fourth tile from the sequence's beginning on, wherever the split or the window begins.
    int tile = begin / TILE / DECODE_WARPS * DECODE_WARPS + warp, last = (end + TILE - 1) / TILE;
    tile += tile < begin / TILE ? DECODE_WARPS : 0;
    stream.tile = tile;
    stream.count = begin < end && tile < last ? (last - tile + DECODE_WARPS - 1) / DECODE_WARPS : 0;
    stream.begin();

    int limit[2], bottom[2];
    OCTAVO_UNROLL
    for (int h = 0; h < 2; h++) {
        int row = lane / 4 + 8 * h;
        limit[h] = oldest + (first_row + (row < rows ? row : rows - 1)) / group;
        bottom[h] = call.window > 0 ? limit[h] - call.window : -1;
    }
    int newest_bottom = call.window > 0 ? high - call.window : -1;
    store_queries<C, D>(call, view, kv_head, group, first_row, rows, shared + M::QUERIES);
    sync();
    shared_address queries = shared_address_of(shared + M::QUERIES);

    float sums[D / 8][4], largest[2] = {LOWEST, LOWEST}, weight[2] = {0.0f, 0.0f};
    OCTAVO_UNROLL
    for (int t = 0; t < D / 8; t++) { sums[t][0] = sums[t][1] = sums[t][2] = sums[t][3] = 0.0f; }
    // Scores are exponents of two. The cap: cap tanh(x / cap), tanh(y) being 1 - 2 / (e^2y + 1).
    float factor = call.cap > 0.0f ? divide(2.0f * LOG2E * call.scale, call.cap) : call.scale * LOG2E;

    int place = 0;
    for (int i = 0; i < stream.count; i++) {
        stream.advance();
        u8* entry = shared + (warp * M::RING + place) * M::ENTRY;
        shared_address at = shared_address_of(entry);
        u32 codes[4];
        float s[2][4] = {{0.0f, 0.0f, 0.0f, 0.0f}, {0.0f, 0.0f, 0.0f, 0.0f}};
        OCTAVO_UNROLL
        for (int k = 0; k < D / 16; k++) {
            u32 a[4], b[4];
            load_matrices(a, queries + DecodeMemory<bfloat16, D>::at(lane % 16, 2 * k + lane / 16));
            if (sizeof(C) == 2) {
                // Tokens 0-7 and 8-15, of each the lower and the upper eight elements.
                load_matrices(b, at + M::at(lane % 8 + lane / 16 * 8, 2 * k + lane / 8 % 2));
                H::multiply(s[0], a, b[0], b[1]);
                H::multiply(s[1], a, b[2], b[3]);
            } else {
                // Sixteen elements are a chunk: tokens 0-7 and 8-15 of this one, and of the next.
                if (k % 2 == 0) { load_matrices(codes, at + M::at(lane % 16, k + lane / 16)); }
                OCTAVO_UNROLL
                for (int part = 0; part < 2; part++) {
                    widen(C{}, codes[k % 2 * 2 + part], b[0], b[1]);
                    H::multiply(s[part], a, b[0], b[1]);
                }
            }
        }

        int token = (tile + i * DECODE_WARPS) * TILE;
        const float* own_scales = (const float*)(entry + TILE * M::ROW) + lane % 4 * 2;
        bool whole = token + TILE - 1 <= low && token > newest_bottom;
        float top[2] = {largest[0], largest[1]};
        OCTAVO_UNROLL
        for (int j = 0; j < 2; j++) {
            OCTAVO_UNROLL
            for (int e = 0; e < 4; e++) {
                float x = s[j][e];
                if (Stored<C>::SCALED) { x = multiply_exact(x, own_scales[j * 8 + (e & 1)]); }
                x = multiply_exact(x, factor);
                if (call.cap > 0.0f) { x = call.cap * LOG2E * (1.0f - divide(2.0f, exp2_fast(x) + 1.0f)); }
                int position = token + j * 8 + lane % 4 * 2 + (e & 1), h = e >> 1;
                s[j][e] = whole || (position <= limit[h] && position > bottom[h]) ? x : float_of(0xff800000u);
                top[h] = larger(top[h], s[j][e]);
            }
        }
        OCTAVO_UNROLL
        for (int h = 0; h < 2; h++) {
            top[h] = larger(top[h], float_of(shuffle_xor(bits_of(top[h]), 1)));
            top[h] = larger(top[h], float_of(shuffle_xor(bits_of(top[h]), 2)));
        }
        if (vote(top[0] != largest[0] || top[1] != largest[1])) {
            float less[2] = {exp2_fast(add_exact(largest[0], -top[0])), exp2_fast(add_exact(largest[1], -top[1]))};
            OCTAVO_UNROLL
            for (int t = 0; t < D / 8; t++) {
                OCTAVO_UNROLL
                for (int e = 0; e < 4; e++) { sums[t][e] = multiply_exact(sums[t][e], less[e >> 1]); }
            }
            OCTAVO_UNROLL
            for (int h = 0; h < 2; h++) {
                weight[h] = multiply_exact(weight[h], less[h]);
                largest[h] = top[h];
            }
        }
        OCTAVO_UNROLL
        for (int j = 0; j < 2; j++) {
            OCTAVO_UNROLL
            for (int e = 0; e < 4; e++) {
                s[j][e] = exp2_fast(add_exact(s[j][e], -largest[e >> 1]));  // minus infinity, what is not seen, gives 0
                weight[e >> 1] = add_exact(weight[e >> 1], s[j][e]);
            }
        }
        place = place + 1 == M::RING ? 0 : place + 1;

        stream.advance();
        entry = shared + (warp * M::RING + place) * M::ENTRY;
        at = shared_address_of(entry);
        own_scales = (const float*)(entry + TILE * M::ROW) + lane % 4 * 2;
        if (Stored<C>::SCALED) {
            OCTAVO_UNROLL
            for (int j = 0; j < 2; j++) {
                OCTAVO_UNROLL
                // What is in a slot that holds no token may be no number.
                for (int e = 0; e < 4; e++) { s[j][e] = token + j * 8 + lane % 4 * 2 + (e & 1) < view.length ? multiply_exact(s[j][e], own_scales[j * 8 + (e & 1)]) : 0.0f; }
            }
        }
        const u32 p[4] = {H::pair(s[0][0], s[0][1]), H::pair(s[0][2], s[0][3]), H::pair(s[1][0], s[1][1]), H::pair(s[1][2], s[1][3])};
        OCTAVO_UNROLL
        for (int t = 0; t < D / 8; t += sizeof(C) == 2 ? 2 : 4) {
            u32 b[4];
            load_matrices_transposed(b, at + M::at(lane % 16, t * M::CHUNKS / (D / 8) + lane / 16));
            if (sizeof(C) == 2) {
                H::multiply(sums[t], p, b[0], b[1]);
                H::multiply(sums[t + 1], p, b[2], b[3]);
            } else {
                OCTAVO_UNROLL
                for (int part = 0; part < 4; part += 2) {
                    u32 even[2] = {0, 0}, odd[2] = {0, 0};
                    widen(C{}, b[part], even[0], odd[0]);
                    widen(C{}, b[part + 1], even[1], odd[1]);
                    H::multiply(sums[t + part], p, even[0], even[1]);
                    H::multiply(sums[t + part + 1], p, odd[0], odd[1]);
                }
            }
        }
        place = place + 1 == M::RING ? 0 : place + 1;
    }
    copy_wait<0>();
    OCTAVO_UNROLL
    for (int h = 0; h < 2; h++) {
        weight[h] = add_exact(weight[h], float_of(shuffle_xor(bits_of(weight[h]), 1)));
        weight[h] = add_exact(weight[h], float_of(shuffle_xor(bits_of(weight[h]), 2)));
    }

    // The warps' results into the rings' memory, which is empty now, and together.
    sync();
    float *merged = (float*)shared, *states = merged + DECODE_WARPS * DECODE_ROWS * M::STRIDE;
    OCTAVO_UNROLL
    for (int h = 0; h < 2; h++) {
        if (lane / 4 + 8 * h >= rows) { continue; }
        int at = warp * DECODE_ROWS + lane / 4 + 8 * h;
        OCTAVO_UNROLL
        for (int t = 0; t < D / 8; t++) {
            merged[at * M::STRIDE + element_of<C>(t, 0)] = sums[t][2 * h];
            merged[at * M::STRIDE + element_of<C>(t, 1)] = sums[t][2 * h + 1];
        }
        if (lane % 4 == 0) {
            states[2 * at] = largest[h];
            states[2 * at + 1] = weight[h];
        }
    }
    sync();
    OCTAVO_ROLLED
    for (int i = thread(); i < rows * D; i += DECODE_WARPS * WARP) {
        int row = i / D, d = i % D, query = (first_row + row) / group, head = kv_head * group + (first_row + row) % group;
        float top = LOWEST, total = 0.0f, x = 0.0f;
        OCTAVO_UNROLL
        for (int w = 0; w < DECODE_WARPS; w++) { top = larger(top, states[2 * (w * DECODE_ROWS + row)]); }
        OCTAVO_UNROLL
        for (int w = 0; w < DECODE_WARPS; w++) {
            float less = exp2_fast(add_exact(states[2 * (w * DECODE_ROWS + row)], -top));
            total = multiply_add(less, states[2 * (w * DECODE_ROWS + row) + 1], total);
            x = multiply_add(less, merged[(w * DECODE_ROWS + row) * M::STRIDE + d], x);
        }
        if (splits.count == 1) {
            store_activation(call.output, (view.row + query) * call.output_stride + (i64)head * D + d, call.type, total == 0.0f ? 0.0f : divide(x, total));
            if (call.log_sums && d == 0) { call.log_sums[(i64)(view.row + query) * call.heads + head] = log_sum(top, total); }
        } else {
            Partial to = partial_of(call.splits, sequence, query, head, call.heads, split, D);
            to.sums[d] = x;
            if (d == 0) {
                to.state[0] = top;
                to.state[1] = total;
            }
        }
    }
    sync();
}

template <class C, int D>
OCTAVO_INLINE void decode(const DecodeCall& call, const C* keys, const C* values, const float* scales, const Sequences& all, int rows) {
    OCTAVO_DYNAMIC_SHARED(shared);
    OCTAVO_SHARED(int, ends, MOST_SEQUENCES);
    OCTAVO_SHARED(int, warp_totals, DECODE_WARPS);
    int group = call.heads / call.kv_heads, lane = thread() % WARP;

    // How many items each sequence has, and all before it.
    constexpr int EACH = MOST_SEQUENCES / (DECODE_WARPS * WARP);
    int counts[EACH], mine = 0;
    OCTAVO_UNROLL
    for (int i = 0; i < EACH; i++) {
        counts[i] = items_of(all, call.splits, thread() * EACH + i, call.kv_heads, call.window, group);
        mine += counts[i];
    }
    u32 before = 0, total = (u32)mine;
    OCTAVO_UNROLL
    for (int mask = 1; mask < WARP; mask *= 2) {
        u32 other = shuffle_xor(total, mask);
        before += lane & mask ? other : 0;
        total += other;
    }
    if (lane == 0) { warp_totals[thread() / WARP] = (int)total; }
    sync();
    for (int w = 0; w < thread() / WARP; w++) { before += (u32)warp_totals[w]; }
    OCTAVO_UNROLL
    for (int i = 0; i < EACH; i++) {
        before += (u32)counts[i];
        ends[thread() * EACH + i] = (int)before;
    }
    sync();

    for (int item = block_x(); item < ends[MOST_SEQUENCES - 1]; item += blocks_x()) {
        int low = 0, high = MOST_SEQUENCES - 1;  // the first that ends behind it
        while (low < high) {
            int middle = (low + high) / 2;
            if (ends[middle] > item) { high = middle; } else { low = middle + 1; }
        }
        int start = low > 0 ? ends[low - 1] : 0, each = (ends[low] - start) / call.kv_heads, sequence = call.splits.first_sequence + low;
        int queries = all.starts[sequence + 1] - all.starts[sequence], tiles = (queries * group + DECODE_ROWS - 1) / DECODE_ROWS, rest = (item - start) % each;
        // Tiles of rows side by side: what the first has read the others find in the device's cache.
        attend_item<C, D>(call, (const u8*)keys, (const u8*)values, scales, all, sequence, (item - start) / each, rest % tiles, rest / tiles, shared);
    }

    // Rows that are of no sequence.
    if (call.splits.first_sequence + call.splits.sequences == all.count) {
        i64 width = (i64)call.heads * D, from = all.starts[all.count] * width;
        OCTAVO_ROLLED
        for (i64 i = from + block_x() * (DECODE_WARPS * WARP) + thread(); i < rows * width; i += blocks_x() * (DECODE_WARPS * WARP)) {
            store_activation(call.output, i / width * call.output_stride + i % width, call.type, 0.0f);
        }
    }
}
}  // namespace octavo

#define OCTAVO_DECODE(name, C, D) \
    OCTAVO_KERNEL(name, 128, (const void* queries, i64 queries_stride, void* output, i64 output_stride, int type, const C* keys, const C* values, const float* scales, OCTAVO_SEQUENCES_PARAMETERS, \
        int heads, int kv_heads, int block_shift, float scale, int window, float cap, float* log_sums, OCTAVO_SPLITS_PARAMETERS, int rows)) { \
        octavo::DecodeCall call = {queries, queries_stride, output, output_stride, type, heads, kv_heads, block_shift, scale, window, cap, log_sums, OCTAVO_SPLITS}; \
        octavo::decode<C, D>(call, keys, values, scales, OCTAVO_SEQUENCES, rows); \
    }
