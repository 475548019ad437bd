// What the two prefill kernels share: which rows a block computes, queries into shared memory, pages of keys and values, results out of registers.
//
// A tile's rows are (token, head of the group) with the head running faster, so that all query heads of a KV head share the keys and values that a block loads. Tiles begin at a sequence's own
// first row, and runs of keys at multiples of their length. What a row does not see changes nothing of it, bit for bit: so its result depends on its own query and keys alone, not on how a prompt
// is cut into chunks, nor on what else is in the batch.
#pragma once
#include "softmax.cuh"

namespace octavo {
constexpr int QUERY_THREADS = 128;

struct PrefillCall {
    const void* queries;  // [T, heads * D], rows so many elements apart
    i64 query_stride;
    void* output;         // the same shape
    i64 output_stride;
    int type;             // Element, of both
    const void *keys, *values;
    const float* scales;  // [block][keys, values][KV head][slot], with codes
    Sequences sequences;
    int kv_heads, group, block_shift;
    float scale;
    int window;
    float cap;
    float* log_sums;      // [T, heads]: natural logarithm of each row's sum of exponentials; null: not wanted
    int rows, tiles;      // T, and the bound of tile_of
    int more_than;        // sequences of no more queries are left alone
};
#define OCTAVO_PREFILL_PARAMETERS \
    (const void* queries, i64 query_stride, void* output, i64 output_stride, int type, const void* keys, const void* values, const float* scales, OCTAVO_SEQUENCES_PARAMETERS, \
     int heads, int kv_heads, int block_shift, float scale, int window, float cap, float* log_sums, int more_than, int rows, int tiles)
#define OCTAVO_PREFILL_CALL \
    octavo::PrefillCall{queries, query_stride, output, output_stride, type, keys, values, scales, octavo::OCTAVO_SEQUENCES, kv_heads, heads / kv_heads, block_shift, scale, window, cap, \
                        log_sums, rows, tiles, more_than}

// A block's rows of one sequence and one KV head, and the keys that any of them sees: [low, high).
struct PrefillTile {
    const int* table;
    int head;               // of keys and values
    int token;              // the sequence's first row of queries
    int first, rows;        // first row of the tile and number of rows, of all the sequence's
    int before;             // tokens before the sequence's queries; less than none where there are fewer tokens than queries: the first see nothing
    int low, high;
    bool any;

    // Of a row's query; of the last where there is no such row.
    OCTAVO_INLINE_MEMBER int position(int row, int group) const { return before + (row < rows ? row : rows - 1) / group; }
};

// The block's tile. Sequence s has room for tiles from QueryStarts[s] * group / ROWS + s on, which is never less than it needs: so no host has to know the lengths. The last tiles come first: of a
// sequence they see the most keys. What follows the last sequence's rows only fills up the batch: it is taken for one more, of nothing, where the launch is for all sequences.
template <int ROWS> OCTAVO_INLINE PrefillTile tile_of(const PrefillCall& call) {
    int tile = call.tiles - 1 - block_x() / call.kv_heads;
    const int* starts = call.sequences.starts;
    int low = 0, high = call.sequences.count + 1;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        bool here = (int)((i64)starts[middle] * call.group / ROWS) + middle <= tile;
        low = here ? middle : low;
        high = here ? high : middle;
    }

    PrefillTile t;
    t.head = block_x() % call.kv_heads;
    const bool filling = low == call.sequences.count;
    const SequenceView view = filling ? SequenceView{nullptr, 0, starts[low], call.rows - starts[low]} : view_of(call.sequences, low, t.head);
    t.table = view.table;
    t.token = view.row;
    t.rows = view.queries * call.group;
    t.before = view.length - view.queries;
    t.first = (tile - (int)((i64)view.row * call.group / ROWS) - low) * ROWS;
    t.any = t.first < t.rows && (filling ? call.more_than == 0 : view.queries > call.more_than);
    int seen = t.position(t.first, call.group) - sight_of(call.window) + 1;
    t.low = seen > 0 ? seen : 0;
    t.high = t.position(t.first + ROWS - 1, call.group) + 1;
    return t;
}

// Rows of D elements of two bytes in shared memory, in pieces of 16 bytes whose place in the row depends on the row: eight rows of one column of pieces lie in eight different groups of banks, for
// cp.async, ldmatrix and stores alike.
template <int D> OCTAVO_INLINE u32 swizzled(int row, int piece) {
    // 96 is half a line of banks more than a line, so every other row begins in the middle.
    return (u32)(row * D * 2 + (D == 96 ? piece ^ (row >> 1 & 3) : piece ^ (row & 7)) * 16);
}

// For ldmatrix: where a lane's row of 16 lies, and from it the pieces 2 k and 2 k + 1, of which it takes the one it began with.
template <int D> OCTAVO_INLINE u32 along(u32 begin, int k) { return D == 96 ? (begin ^ (u32)(k & 1) << 5) + (u32)(k >> 1) * 64 : begin ^ (u32)k << 5; }

// Queries of ROWS rows of the sequence from `first` on, in the type of the products, to where PLACE has them; zeros past the end. Several pieces are on their way at a time.
template <class E, class PLACE, int D, int ROWS, class X> OCTAVO_INLINE void load_queries_of(u8* to, const X* queries, const PrefillCall& call, const PrefillTile& t, int first, int thread) {
    constexpr int PIECES = D / 8, TOGETHER = 4;
    static_assert(ROWS * PIECES % (TOGETHER * QUERY_THREADS) == 0, "a thread has as many pieces as any other");
    const bool packs = in_packs(queries, call.query_stride, D);
    OCTAVO_ROLLED
    for (int begin = thread; begin < ROWS * PIECES; begin += TOGETHER * QUERY_THREADS) {
        Quad q[TOGETHER];
        OCTAVO_UNROLL
        for (int b = 0; b < TOGETHER; b++) {
            int i = begin + b * QUERY_THREADS, row = first + i / PIECES;
            i64 at = (i64)(t.token + row / call.group) * call.query_stride + (t.head * call.group + row % call.group) * D + i % PIECES * 8;
            q[b] = row < t.rows ? query_piece<E>(queries + at, packs) : Quad{0, 0, 0, 0};
        }
        OCTAVO_UNROLL
        for (int b = 0; b < TOGETHER; b++) { store_quad(to + PLACE::at((begin + b * QUERY_THREADS) / PIECES, (begin + b * QUERY_THREADS) % PIECES), q[b]); }
    }
}
template <class E, class PLACE, int D, int ROWS> OCTAVO_INLINE void load_queries(u8* to, const PrefillCall& call, const PrefillTile& t, int first, int thread) {
    switch (call.type) {
        case BFLOAT16: load_queries_of<E, PLACE, D, ROWS>(to, (const bfloat16*)call.queries, call, t, first, thread); break;
        case FLOAT16: load_queries_of<E, PLACE, D, ROWS>(to, (const float16*)call.queries, call, t, first, thread); break;
        default: load_queries_of<E, PLACE, D, ROWS>(to, (const float*)call.queries, call, t, first, thread); break;
    }
}

// Keys and values lie in sixteens, 16 tokens of one head after another, that no page divides. Numbers of those that the KEYS keys from `key` on are, lane l having that of the l-th; 0 where no key of
// the tile's is.
template <int KEYS> OCTAVO_INLINE u32 sixteens_of(const PrefillCall& call, const PrefillTile& t, int key, int lane) {
    int from = key + lane % (KEYS / 16) * 16;
    bool any = from + 15 >= t.low && from < t.high;
    return any ? ((u32)(t.table[from >> call.block_shift] * call.kv_heads + t.head) << (call.block_shift - 4)) + ((u32)(from & ((1 << call.block_shift) - 1)) >> 4) : 0u;
}

// Starts the copy of a sixteen, rows of PIECES * 16 bytes, to where PLACE has it. Zeros stand for what no row of the tile sees: a slot that nobody wrote may hold NaN. Seen is from the row `-before` on,
// `seen` rows.
template <class PLACE, int PIECES, int THREADS> OCTAVO_INLINE void copy_sixteen(shared_address to, const void* all, u32 sixteen, u32 before, u32 seen, int thread) {
    const u8* from = (const u8*)all + (u64)sixteen * (PIECES * 256);
    OCTAVO_UNROLL
    for (int j = 0; j < (16 * PIECES + THREADS - 1) / THREADS; j++) {
        int i = thread + j * THREADS, row = i / PIECES;
        if (16 * PIECES % THREADS == 0 || i < 16 * PIECES) { copy_async16(to + PLACE::at(row, i % PIECES), from + i * 16, before + row < seen); }
    }
}
template <class PLACE, int PIECES, int KEYS, int THREADS>
OCTAVO_INLINE void copy_run(shared_address to, const void* all, u32 sixteens, const PrefillTile& t, int key, int thread) {
    thread = (int)renewed((u32)thread);
    const u32 before = (u32)(key - t.low), seen = (u32)(t.high - t.low);
    OCTAVO_UNROLL
    for (int g = 0; g < KEYS / 16; g++) { copy_sixteen<PLACE, PIECES, THREADS>(to + g * PLACE::SIXTEEN, all, shuffle(sixteens, g), before + 16 * g, seen, thread); }
}

// Results of a warp's 16 rows from `row` on, scaled. Types of two bytes go through the warp's own part of shared memory, 16 rows of D elements, for whole pieces of 16 bytes.
template <class X, int D> OCTAVO_INLINE void store_rows_of(X* output, u8* stage, float (&o)[D / 8][4], const PrefillCall& call, const PrefillTile& t, int row, int lane) {
    constexpr int PIECES = D / 8;
    if constexpr (sizeof(X) == 4) {
        OCTAVO_UNROLL
        for (int h = 0; h < 2; h++) {
            int r = row + lane / 4 + 8 * h;
            if (r >= t.rows) { continue; }
            X* to = output + (i64)(t.token + r / call.group) * call.output_stride + (t.head * call.group + r % call.group) * D + lane % 4 * 2;
            OCTAVO_UNROLL
            for (int j = 0; j < PIECES; j++) { to[8 * j] = o[j][2 * h]; to[8 * j + 1] = o[j][2 * h + 1]; }
        }
    } else {
        OCTAVO_UNROLL
        for (int j = 0; j < PIECES; j++) {
            OCTAVO_UNROLL
            for (int h = 0; h < 2; h++) { *(u32*)(stage + swizzled<D>(lane / 4 + 8 * h, j) + lane % 4 * 4) = Halves<X>::pair(o[j][2 * h], o[j][2 * h + 1]); }
        }
        warp_sync();
        bool packs = in_packs(output, call.output_stride, D);
        for (int i = lane; i < 16 * PIECES; i += WARP) {
            int local = i / PIECES, piece = i % PIECES, r = row + local;
            if (r >= t.rows) { continue; }
            X* to = output + (i64)(t.token + r / call.group) * call.output_stride + (t.head * call.group + r % call.group) * D + piece * 8;
            const u8* from = stage + swizzled<D>(local, piece);
            if (packs) { store_quad(to, load_quad(from)); continue; }
            OCTAVO_UNROLL
            for (int k = 0; k < 8; k++) { to[k].bits = ((const u16*)from)[k]; }
        }
    }
}
template <int D> OCTAVO_INLINE void store_rows(u8* stage, float (&o)[D / 8][4], const Softmax& softmax, const SoftmaxRows& rows, const PrefillCall& call, const PrefillTile& t, int row, int lane) {
    OCTAVO_UNROLL
    for (int h = 0; h < 2; h++) {
        float sum = softmax.sum_of(rows, h), inverse = sum == 0.0f ? 0.0f : divide(1.0f, sum);
        int r = row + lane / 4 + 8 * h;
        if (call.log_sums && lane % 4 == 0 && r < t.rows) {
            call.log_sums[(i64)(t.token + r / call.group) * (call.kv_heads * call.group) + t.head * call.group + r % call.group] = log_sum(softmax.top_of(rows, h), sum);
        }
        OCTAVO_UNROLL
        for (int j = 0; j < D / 8; j++) { o[j][2 * h] *= inverse; o[j][2 * h + 1] *= inverse; }
    }
    switch (call.type) {
        case BFLOAT16: store_rows_of<bfloat16, D>((bfloat16*)call.output, stage, o, call, t, row, lane); break;
        case FLOAT16: store_rows_of<float16, D>((float16*)call.output, stage, o, call, t, row, lane); break;
        default: store_rows_of<float, D>((float*)call.output, stage, o, call, t, row, lane); break;
    }
}
}  // namespace octavo
