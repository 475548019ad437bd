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

// Queries of a tile's rows as the products' left side: [row][element] in permuted chunks; where codes are of eight bits elements 0 2 4 6 .. of every sixteen, then 1 3 5 7 .., as Codes gives them.
template <class C, int D, class X>
OCTAVO_INLINE void store_queries_of(const DecodeCall& call, const X* queries, const SequenceView& view, int kv_head, int group, int first_row, int rows, u8* to) {
    typedef typename Stored<C>::Multiplied E;
    typedef DecodeMemory<E, D> M;
    const bool packs = in_packs(queries, call.queries_stride, D);
    OCTAVO_UNROLL
    for (int j = 0; j < (DECODE_ROWS * D / 16 + DECODE_WARPS * WARP - 1) / (DECODE_WARPS * WARP); j++) {
        int i = thread() + j * DECODE_WARPS * WARP, row = i / (D / 16), sixteen = i % (D / 16);
        if (row >= DECODE_ROWS) { break; }
        Quad a = {0, 0, 0, 0}, b = a;
        if (row < rows) {
            const X* from = queries + (view.row + (first_row + row) / group) * call.queries_stride + ((i64)kv_head * group + (first_row + row) % group) * D + sixteen * 16;
            a = query_piece<E>(from, packs);
            b = query_piece<E>(from + 8, packs);
        }
        if constexpr (Stored<C>::SCALED) {
            Quad even = {permute_bytes(a.x, a.y, 0x5410u), permute_bytes(a.z, a.w, 0x5410u), permute_bytes(b.x, b.y, 0x5410u), permute_bytes(b.z, b.w, 0x5410u)};
            b = Quad{permute_bytes(a.x, a.y, 0x7632u), permute_bytes(a.z, a.w, 0x7632u), permute_bytes(b.x, b.y, 0x7632u), permute_bytes(b.z, b.w, 0x7632u)};
            a = even;
        }
        store_quad(to + M::at(row, 2 * sixteen), a);
        store_quad(to + M::at(row, 2 * sixteen + 1), b);
    }
}
template <class C, int D>
OCTAVO_INLINE void store_queries(const DecodeCall& call, const SequenceView& view, int kv_head, int group, int first_row, int rows, u8* to) {
    switch (call.type) {
        case BFLOAT16: store_queries_of<C, D>(call, (const bfloat16*)call.queries, view, kv_head, group, first_row, rows, to); break;
        case FLOAT16: store_queries_of<C, D>(call, (const float16*)call.queries, view, kv_head, group, first_row, rows, to); break;
        default: store_queries_of<C, D>(call, (const float*)call.queries, view, kv_head, group, first_row, rows, to); break;
    }
}

template <class C, int D>
OCTAVO_INLINE void attend_item(
    const DecodeCall& call, const u8* keys, const u8* values, const float* scales, const Sequences& all, int sequence, int kv_head, int row_tile, int split, u8* shared, int* positions) {
    typedef DecodeMemory<C, D> M;
    typedef typename Stored<C>::Multiplied E;
    typedef Halves<E> H;
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

    if (thread() < DECODE_ROWS) { positions[thread()] = oldest + (first_row + (thread() < rows ? thread() : rows - 1)) / group; }
    store_queries<C, D>(call, view, kv_head, group, first_row, rows, shared + M::QUERIES);
    sync();
    shared_address queries = shared_address_of(shared + M::QUERIES);

    const Softmax softmax = Softmax::of(call.scale, call.cap, call.window);
    SoftmaxRows state;
    state.begin();
    float sums[D / 8][4];
    OCTAVO_UNROLL
    for (int t = 0; t < D / 8; t++) { sums[t][0] = sums[t][1] = sums[t][2] = sums[t][3] = 0.0f; }

    for (int i = 0; i < stream.count; i++) {
        int token = (tile + i * DECODE_WARPS) * TILE, place = stream.advance() * M::ENTRY;
        float s[2][4] = {{0.0f, 0.0f, 0.0f, 0.0f}, {0.0f, 0.0f, 0.0f, 0.0f}};
        u32 codes[4];
        OCTAVO_UNROLL
        for (int k = 0; k < D / 16; k++) {
            u32 a[4], b[4];
            load_matrices(a, queries + DecodeMemory<E, D>::at(lane % 16, 2 * k + lane / 16));
            if constexpr (Stored<C>::SCALED) {
                // Sixteen elements are a chunk: tokens 0-7 and 8-15 of this one, and of the next.
                if (k % 2 == 0) { load_matrices(codes, stream.ring + place + M::at(lane % 16, k + lane / 16)); }
                OCTAVO_UNROLL
                for (int part = 0; part < 2; part++) { H::multiply(s[part], a, Codes<C>::even(codes[k % 2 * 2 + part]), Codes<C>::odd(codes[k % 2 * 2 + part])); }
            } else {
                // Tokens 0-7 and 8-15, of each the lower and the upper eight elements.
                load_matrices(b, stream.ring + place + M::at(lane % 8 + lane / 16 * 8, 2 * k + lane / 8 % 2));
                H::multiply(s[0], a, b[0], b[1]);
                H::multiply(s[1], a, b[2], b[3]);
            }
        }
        if constexpr (Stored<C>::SCALED) { scale_keys(s, stream.scales_at(shared, warp, place), lane); }
        float rescale[2];
        softmax.step(s, state, rescale, token, softmax.is_edge(token, TILE, low, high) ? positions : nullptr, lane);
        rescale_results(sums, rescale);

        place = stream.advance() * M::ENTRY;
        if constexpr (Stored<C>::SCALED) { scale_values(s, stream.scales_at(shared, warp, place), lane); }
        u32 p[1][4];
        pack<E>(p, s);
        OCTAVO_UNROLL
        for (int t = 0; t < D / 8; t += Stored<C>::SCALED ? 4 : 2) {
            u32 b[4];
            load_matrices_transposed(b, stream.ring + place + M::at(lane % 16, t * M::CHUNKS / (D / 8) + lane / 16));
            if constexpr (Stored<C>::SCALED) {
                OCTAVO_UNROLL
                for (int part = 0; part < 4; part += 2) {
                    H::multiply(sums[t + part], p[0], Codes<C>::even(b[part]), Codes<C>::even(b[part + 1]));
                    H::multiply(sums[t + part + 1], p[0], Codes<C>::odd(b[part]), Codes<C>::odd(b[part + 1]));
                }
            } else {
                H::multiply(sums[t], p[0], b[0], b[1]);
                H::multiply(sums[t + 1], p[0], b[2], b[3]);
            }
        }
    }
    copy_wait<0>();

    // The warps' results into the rings' memory, which is empty now, and together.
    sync();
    float *merged = (float*)shared, *states = merged + DECODE_WARPS * DECODE_ROWS * M::STRIDE;
    OCTAVO_UNROLL
    for (int h = 0; h < 2; h++) {
        float sum = softmax.sum_of(state, h);
        if (lane / 4 + 8 * h >= rows) { continue; }
        int at = warp * DECODE_ROWS + lane / 4 + 8 * h;
        OCTAVO_UNROLL
        for (int t = 0; t < D / 8; t++) {
            merged[at * M::STRIDE + element_of<C>(t, 0)] = sums[t][2 * h];
            merged[at * M::STRIDE + element_of<C>(t, 1)] = sums[t][2 * h + 1];
        }
        if (lane % 4 == 0) {
            states[2 * at] = softmax.top_of(state, h);
            states[2 * at + 1] = sum;
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
            store_as(call.output, call.type, (view.row + query) * call.output_stride + (i64)head * D + d, total == 0.0f ? 0.0f : divide(x, total));
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
    OCTAVO_SHARED(int, positions, DECODE_ROWS);
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
        attend_item<C, D>(call, (const u8*)keys, (const u8*)values, scales, all, sequence, (item - start) / each, rest % tiles, rest / tiles, shared, &positions[0]);
    }

    // Rows that are of no sequence.
    if (call.splits.first_sequence + call.splits.sequences == all.count) {
        i64 width = (i64)call.heads * D, from = all.starts[all.count] * width;
        OCTAVO_ROLLED
        for (i64 i = from + block_x() * (DECODE_WARPS * WARP) + thread(); i < rows * width; i += blocks_x() * (DECODE_WARPS * WARP)) {
            store_as(call.output, call.type, i / width * call.output_stride + i % width, 0.0f);
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
