// What the two prefill kernels share: which rows a block computes, queries into shared memory, pages of keys and values, masks and the online softmax, results out of registers.
//
// A tile's rows are (token, head of the group) with the head running faster, so that all query heads of a KV head share the keys and values that a block loads. Tiles begin at a sequence's own
// first row, and runs of keys at multiples of their length. What a row does not see changes nothing of it, bit for bit: so its result depends on its own query and keys alone, not on how a prompt
// is cut into chunks, nor on what else is in the batch.
#pragma once
#include "attention.cuh"

namespace octavo {
constexpr float LOG2_E = 1.44269504f, LN_2 = 0.693147182f;
constexpr int QUERY_THREADS = 128;

struct PrefillCall {
    const void* queries;  // [T, heads * D], rows so many elements apart
    i64 query_stride;
    void* output;         // the same shape
    i64 output_stride;
    int type;             // Activation, of both
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

    OCTAVO_INLINE_MEMBER int position(int row, int group) const { return before + (row < rows ? row : rows - 1) / group; }
};

// How many keys a row sees at most, its own included.
OCTAVO_INLINE int sight_of(const PrefillCall& call) { return call.window > 0 ? call.window : 1 << 30; }

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
    int seen = t.position(t.first, call.group) - sight_of(call) + 1;
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

// The tile's queries, in the type of the products; zeros past the end.
template <class E, class X> OCTAVO_INLINE Quad query_piece(const X* from, bool packs) {
    float v[8];
    if (packs) {
        if constexpr (sizeof(X) == 4) {
            float (&low)[4] = *(float (*)[4])&v[0], (&high)[4] = *(float (*)[4])&v[4];
            load_pack(from, low);
            load_pack(from + 4, high);
        } else {
            load_pack(from, v);
        }
    } else {
        OCTAVO_UNROLL
        for (int i = 0; i < 8; i++) { v[i] = to_float(from[i]); }
    }
    return Quad{Halves<E>::pair(v[0], v[1]), Halves<E>::pair(v[2], v[3]), Halves<E>::pair(v[4], v[5]), Halves<E>::pair(v[6], v[7])};
}
template <class E, class PLACE, int D, int ROWS, class X> OCTAVO_INLINE void load_queries_of(u8* to, const X* queries, const PrefillCall& call, const PrefillTile& t, int thread, int threads) {
    constexpr int PIECES = D / 8;
    bool packs = in_packs(queries, call.query_stride, D);
    for (int i = thread; i < ROWS * PIECES; i += threads) {
        int local = i / PIECES, piece = i % PIECES, row = t.first + local;
        Quad q = {0, 0, 0, 0};
        if (row < t.rows) {
            i64 at = (i64)(t.token + row / call.group) * call.query_stride + (t.head * call.group + row % call.group) * D + piece * 8;
            q = query_piece<E>(queries + at, packs);
        }
        store_quad(to + PLACE::at(local, piece), q);
    }
}
template <class E, class PLACE, int D, int ROWS> OCTAVO_INLINE void load_queries(u8* to, const PrefillCall& call, const PrefillTile& t, int thread, int threads) {
    switch (call.type) {
        case BFLOAT16: load_queries_of<E, PLACE, D, ROWS>(to, (const bfloat16*)call.queries, call, t, thread, threads); break;
        case FLOAT16: load_queries_of<E, PLACE, D, ROWS>(to, (const float16*)call.queries, call, t, thread, threads); break;
        default: load_queries_of<E, PLACE, D, ROWS>(to, (const float*)call.queries, call, t, thread, threads); break;
    }
}

// Numbers of the blocks that hold the KEYS keys from `key` on, lane l having that of the l-th 16 of them; 0 where no key of the tile's is.
template <int KEYS> OCTAVO_INLINE u32 pages_of(const PrefillCall& call, const PrefillTile& t, int key, int lane) {
    int from = key + lane % (KEYS / 16) * 16;
    return from + 15 >= t.low && from < t.high ? (u32)t.table[from >> call.block_shift] : 0u;
}

// Where 16 keys (or values) lie that a page holds, rows of PIECES * 16 bytes.
template <int PIECES> OCTAVO_INLINE const u8* sixteen_of(const void* all, u32 page, const PrefillCall& call, const PrefillTile& t, int key) {
    i64 slot = ((i64)((int)page * call.kv_heads + t.head) << call.block_shift) + (key & ((1 << call.block_shift) - 1));
    return (const u8*)all + slot * (PIECES * 16);
}
// Starts the copy of the i-th piece of 16 keys, which are the g-th of a run, to where PLACE has it. Zeros stand for what no row of the tile sees: a slot that nobody wrote may hold NaN.
template <class PLACE, int PIECES> OCTAVO_INLINE void copy_piece(shared_address to, const u8* sixteen, const PrefillTile& t, int key, int g, int i) {
    int row = i / PIECES, piece = i % PIECES;
    copy_async16(to + PLACE::at(16 * g + row, piece), sixteen + i * 16, (u32)(key + 16 * g + row - t.low) < (u32)(t.high - t.low));
}
template <class PLACE, int PIECES, int KEYS, int THREADS>
OCTAVO_INLINE void copy_run(shared_address to, const void* from, u32 pages, const PrefillCall& call, const PrefillTile& t, int key, int thread) {
    thread = (int)renewed((u32)thread);
    OCTAVO_UNROLL
    for (int g = 0; g < KEYS / 16; g++) {
        const u8* sixteen = sixteen_of<PIECES>(from, shuffle(pages, g), call, t, key + 16 * g);
        OCTAVO_UNROLL
        for (int j = 0; j < (16 * PIECES + THREADS - 1) / THREADS; j++) {
            int i = thread + j * THREADS;
            if (16 * PIECES % THREADS == 0 || i < 16 * PIECES) { copy_piece<PLACE, PIECES>(to, sixteen, t, key, g, i); }
        }
    }
}

// A warp's 16 rows: the running maximum and the thread's share of the sum, for rows lane / 4 and lane / 4 + 8, as the fragments of the products have them.
struct SoftmaxRows {
    float top[2], sum[2];

    OCTAVO_INLINE_MEMBER void begin() {
        top[0] = top[1] = -float_of(0x7f800000u);
        sum[0] = sum[1] = 0.0f;
    }
};

// From scores to probabilities, which are relative to the maximum so far; `last`, where not every row sees every key, holds the last key that each row of the 16 sees; `rescale` gets what everything before is to be multiplied with. A row that has seen nothing keeps zeros.
struct Softmax {
    float inner, factor;  // score = factor · f(inner · product), f being tanh where there is a cap and inner is not 0
    int sight;

    static OCTAVO_INLINE_MEMBER Softmax of(const PrefillCall& call) {
        bool capped = call.cap > 0.0f;
        return {capped ? divide(call.scale, call.cap) * (2.0f * LOG2_E) : 0.0f, (capped ? call.cap : call.scale) * LOG2_E, sight_of(call)};
    }

    // Whether some row from position `from` to position `to` does not see some of the keys; and whether none sees any.
    OCTAVO_INLINE_MEMBER bool is_edge(int key, int keys, int from, int to) const { return key + keys - 1 > from || to - key >= sight; }
    OCTAVO_INLINE_MEMBER bool is_outside(int key, int keys, int from, int to) const { return key > to || from - (key + keys - 1) >= sight; }

    template <int TILES> OCTAVO_INLINE_MEMBER void step(float (&s)[TILES][4], SoftmaxRows& rows, float (&rescale)[2], int key, const int* last, int lane) const {
        if (inner != 0.0f) {
            OCTAVO_UNROLL
            for (int j = 0; j < TILES; j++) {
                OCTAVO_UNROLL
                for (int e = 0; e < 4; e++) { s[j][e] = multiply_add(-2.0f, reciprocal_fast(exp2_fast(s[j][e] * inner) + 1.0f), 1.0f); }  // tanh
            }
        }
        if (last) {
            OCTAVO_UNROLL
            for (int j = 0; j < TILES; j++) {
                OCTAVO_UNROLL
                for (int e = 0; e < 4; e++) {
                    bool seen = (u32)(last[lane / 4 + e / 2 * 8] - (key + 8 * j + lane % 4 * 2 + (e & 1))) < (u32)sight;
                    s[j][e] = seen ? s[j][e] : -float_of(0x7f800000u);
                }
            }
        }

        float shift[2];
        OCTAVO_UNROLL
        for (int h = 0; h < 2; h++) {
            float top = rows.top[h];
            OCTAVO_UNROLL
            for (int j = 0; j < TILES; j++) { top = larger(top, larger(s[j][2 * h], s[j][2 * h + 1])); }
            top = larger(top, float_of(shuffle_xor(bits_of(top), 1)));
            top = larger(top, float_of(shuffle_xor(bits_of(top), 2)));
            float origin = top == -float_of(0x7f800000u) ? 0.0f : top;
            rescale[h] = exp2_fast((rows.top[h] - origin) * factor);
            shift[h] = -origin * factor;
            rows.top[h] = top;
            rows.sum[h] *= rescale[h];
        }
        OCTAVO_UNROLL
        for (int j = 0; j < TILES; j++) {
            OCTAVO_UNROLL
            for (int e = 0; e < 4; e++) {
                s[j][e] = exp2_fast(multiply_add(s[j][e], factor, shift[e >> 1]));
                rows.sum[e >> 1] += s[j][e];
            }
        }
    }

    // What the row's results are to be multiplied with; the sum is that of all lanes then.
    OCTAVO_INLINE_MEMBER float finish(SoftmaxRows& rows, int h) const {
        rows.sum[h] += float_of(shuffle_xor(bits_of(rows.sum[h]), 1));
        rows.sum[h] += float_of(shuffle_xor(bits_of(rows.sum[h]), 2));
        return rows.sum[h] == 0.0f ? 0.0f : divide(1.0f, rows.sum[h]);
    }
    OCTAVO_INLINE_MEMBER float log_sum(const SoftmaxRows& rows, int h) const { return (rows.top[h] * factor + log2_fast(rows.sum[h])) * LN_2; }
};

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
template <int D> OCTAVO_INLINE void store_rows(u8* stage, float (&o)[D / 8][4], const Softmax& softmax, SoftmaxRows& rows, const PrefillCall& call, const PrefillTile& t, int row, int lane) {
    OCTAVO_UNROLL
    for (int h = 0; h < 2; h++) {
        float inverse = softmax.finish(rows, h);
        int r = row + lane / 4 + 8 * h;
        if (call.log_sums && lane % 4 == 0 && r < t.rows) {
            call.log_sums[(i64)(t.token + r / call.group) * (call.kv_heads * call.group) + t.head * call.group + r % call.group] = softmax.log_sum(rows, h);
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
