// Attention of many queries over pages of keys and values, on the tensor cores by mma.sync: online softmax in base 2, float32 sums (arXiv 2205.14135, 2307.08691). prefill.cuh says what a block
// computes and why results do not depend on chunks and batches.
//
// A block has four warps of 16 or 32 rows each, the queries in shared memory. Two bytes an element: a stage of keys and one of values are filled in turn by cp.async, keys of the next run while the
// values of this one are multiplied and so on, with two barriers a run. Codes of one byte: keys and values of the next run arrive while this one's, widened to bfloat16 in shared memory, are used.
#pragma once
#include "prefill.cuh"

namespace octavo {
// ATOMS: 16 rows each, of a warp. A warp's rows share what it reads of keys and values from shared memory, whose bandwidth would otherwise be the limit; 256 leaves registers for 16 rows only.
template <int SIZE, int ATOMS_, int KEYS_, int STAGES_> struct PrefillSizes { static constexpr int D = SIZE, ATOMS = ATOMS_, KEYS = KEYS_, STAGES = STAGES_; };
template <int D> struct PrefillShape;
template <> struct PrefillShape<64> : PrefillSizes<64, 2, 64, 2> {};
template <> struct PrefillShape<96> : PrefillSizes<96, 2, 64, 1> {};
template <> struct PrefillShape<128> : PrefillSizes<128, 2, 64, 1> {};
template <> struct PrefillShape<256> : PrefillSizes<256, 1, 32, 1> {};

template <int D> struct Swizzled {
    static constexpr u32 SIXTEEN = 16 * D * 2;  // from a row to the sixteenth after it
    static OCTAVO_INLINE_MEMBER u32 at(int row, int piece) { return swizzled<D>(row, piece); }
};
template <int BYTES> struct Unswizzled {
    static constexpr u32 SIXTEEN = 16 * BYTES;
    static OCTAVO_INLINE_MEMBER u32 at(int row, int piece) { return (u32)(row * BYTES + piece * 16); }
};

// Keys and values of one run after the other. keys_of(run) and values_of(run) return where they lie once they may be read; each is called once a run, in that order, by the whole block.
template <class SHAPE, class C, bool SCALED = Stored<C>::SCALED> struct PrefillRuns {
    static constexpr int D = SHAPE::D, KEYS = SHAPE::KEYS, TILE = KEYS * D * 2, RAW = KEYS * D;
    static constexpr int BYTES = 2 * TILE + 2 * RAW + 4 * KEYS * (int)sizeof(float);
    const PrefillCall& call;
    const PrefillTile& tile;
    u8* const shared;   // widened keys and values, their codes, and scales [runs in turn][keys, values][KEYS]
    u32 sixteens = 0;   // of the run that is copied next

    OCTAVO_INLINE_MEMBER int end() const { return (tile.high + KEYS - 1) / KEYS; }
    OCTAVO_INLINE_MEMBER float* scales(int run, bool values) const { return (float*)(shared + 2 * TILE + 2 * RAW) + (run % 2 * 2 + values) * KEYS; }

    OCTAVO_INLINE_MEMBER void copy(int run) {
        if (run < end()) {
            shared_address raw = shared_address_of(shared + 2 * TILE);
            copy_run<Unswizzled<D>, D / 16, KEYS, QUERY_THREADS>(raw, call.keys, sixteens, tile, run * KEYS, thread());
            copy_run<Unswizzled<D>, D / 16, KEYS, QUERY_THREADS>(raw + RAW, call.values, sixteens, tile, run * KEYS, thread());
            // Four scales a piece; which of them count is known when they are used. They lie [block][keys, values][KV head][slot], sixteens [block][KV head][slot / 16].
            int i = thread() % (KEYS / 4), which = thread() / (KEYS / 4), slot = run * KEYS + 4 * i;
            i64 line = shuffle(sixteens, i / 4) >> (call.block_shift - 4);
            if (which < 2) {
                const float* from = call.scales + ((2 * line - tile.head + which * call.kv_heads) << call.block_shift) + (slot & ((1 << call.block_shift) - 1));
                copy_async16(shared_address_of((u8*)scales(run, which)) + (u32)i * 16, from, slot + 3 >= tile.low && slot < tile.high);
            }
            sixteens = sixteens_of<KEYS>(call, tile, (run + 1) * KEYS, thread() % WARP);
        }
        copy_commit();
    }
    OCTAVO_INLINE_MEMBER void begin(int first) {
        sixteens = sixteens_of<KEYS>(call, tile, first * KEYS, thread() % WARP);
        copy(first);
    }
    OCTAVO_INLINE_MEMBER void widen() {
        for (int i = thread(); i < 2 * RAW / 16; i += QUERY_THREADS) {
            int row = i / (D / 16), piece = i % (D / 16);
            Quad q = load_quad(shared + 2 * TILE + i * 16);
            // Values follow keys in both forms.
            u8* to = shared + row / KEYS * TILE;
            store_quad(to + swizzled<D>(row % KEYS, 2 * piece), Quad{Codes<C>::low(q.x), Codes<C>::high(q.x), Codes<C>::low(q.y), Codes<C>::high(q.y)});
            store_quad(to + swizzled<D>(row % KEYS, 2 * piece + 1), Quad{Codes<C>::low(q.z), Codes<C>::high(q.z), Codes<C>::low(q.w), Codes<C>::high(q.w)});
        }
    }
    OCTAVO_INLINE_MEMBER shared_address keys_of(int run) {
        copy_wait<0>();
        sync();  // the codes of this run are here, and nobody reads the run before any more
        widen();
        sync();
        copy(run + 1);
        return shared_address_of(shared);
    }
    OCTAVO_INLINE_MEMBER shared_address values_of(int) { return shared_address_of(shared) + TILE; }
};

template <class SHAPE, class C> struct PrefillRuns<SHAPE, C, false> {
    static constexpr int D = SHAPE::D, KEYS = SHAPE::KEYS, STAGES = SHAPE::STAGES, TILE = KEYS * D * 2;
    static constexpr int BYTES = 2 * STAGES * TILE;
    // Copies on their way while one is waited for: those of the runs ahead.
    static constexpr int AHEAD = 2 * (STAGES - 1);
    const PrefillCall& call;
    const PrefillTile& tile;
    u8* shared;  // stages of keys, then of values
    u32 sixteens = 0;       // of the run whose values are copied next
    u32 next_sixteens = 0;  // of the run after it, whose keys are copied next

    OCTAVO_INLINE_MEMBER int end() const { return (tile.high + KEYS - 1) / KEYS; }
    OCTAVO_INLINE_MEMBER shared_address stage(int run, bool values) const { return shared_address_of(shared) + (u32)((values ? STAGES + run % STAGES : run % STAGES) * TILE); }
    OCTAVO_INLINE_MEMBER void copy(int run, bool values) {
        if (run < end()) {
            copy_run<Swizzled<D>, D / 8, KEYS, QUERY_THREADS>(stage(run, values), values ? call.values : call.keys, values ? sixteens : next_sixteens, tile, run * KEYS, thread());
        }
        copy_commit();
    }
    // Keys of a run are copied before those values are that come before its own.
    OCTAVO_INLINE_MEMBER void copy_keys(int run) {
        copy(run, false);
        sixteens = next_sixteens;
        next_sixteens = run + 1 < end() ? sixteens_of<KEYS>(call, tile, (run + 1) * KEYS, thread() % WARP) : 0u;
    }
    OCTAVO_INLINE_MEMBER void begin(int first) {
        next_sixteens = sixteens_of<KEYS>(call, tile, first * KEYS, thread() % WARP);
        copy_keys(first);
        OCTAVO_UNROLL
        for (int i = 1; i < STAGES; i++) {
            copy(first + i - 1, true);
            copy_keys(first + i);
        }
    }
    OCTAVO_INLINE_MEMBER shared_address keys_of(int run) {
        copy_wait<AHEAD>();
        sync();  // the keys are here, and nobody reads the values before any more
        copy(run + STAGES - 1, true);
        return stage(run, false);
    }
    OCTAVO_INLINE_MEMBER shared_address values_of(int run) {
        copy_wait<AHEAD>();
        sync();
        copy_keys(run + STAGES);
        return stage(run, true);
    }
};

template <class C, int D> OCTAVO_INLINE void prefill(const PrefillCall& call) {
    using Shape = PrefillShape<D>;
    using E = typename Stored<C>::Multiplied;
    constexpr int ATOMS = Shape::ATOMS, KEYS = Shape::KEYS, ROWS = 4 * 16 * ATOMS;
    OCTAVO_DYNAMIC_SHARED(shared);
    // In shared memory, which has room where registers have none.
    OCTAVO_SHARED(PrefillTile, place, 1);
    OCTAVO_SHARED(int, positions, ROWS);
    OCTAVO_SHARED(Softmax, weighing, 1);
    if (thread() == 0) {
        place[0] = tile_of<ROWS>(call);
        weighing[0] = Softmax::of(call.scale, call.cap, call.window);
    }
    sync();
    const PrefillTile& tile = place[0];
    if (!tile.any) { return; }
    for (int i = thread(); i < ROWS; i += QUERY_THREADS) { positions[i] = tile.position(tile.first + i, call.group); }
    const int lane = thread() % WARP, local = thread() / WARP * 16 * ATOMS;
    const Softmax& softmax = weighing[0];

    const int first = tile.low / KEYS;
    PrefillRuns<Shape, C> runs = {call, tile, shared + ROWS * D * 2};
    runs.begin(first);
    load_queries<E, Swizzled<D>, D, ROWS>(shared, call, tile, tile.first, thread());  // the barrier of the first run comes before they are read

    float o[ATOMS][D / 8][4];
    SoftmaxRows rows[ATOMS];
    OCTAVO_UNROLL
    for (int a = 0; a < ATOMS; a++) {
        rows[a].begin();
        OCTAVO_UNROLL
        for (int j = 0; j < D / 8; j++) { o[a][j][0] = o[a][j][1] = o[a][j][2] = o[a][j][3] = 0.0f; }
    }
    const u32 query_row = shared_address_of(shared) + swizzled<D>(local + lane % 16, lane / 16);
    const u32 key_row = swizzled<D>((lane & 7) + (lane >> 4) * 8, lane >> 3 & 1), value_row = swizzled<D>(lane % 16, lane / 16);

    if (first >= runs.end()) { sync(); }  // the place of its queries is another warp's to fill until then
    for (int run = first; run < runs.end(); run++) {
        const int key = run * KEYS;
        u32 p[ATOMS][KEYS / 16][4];  // probabilities, as the second product takes them
        const shared_address keys = runs.keys_of(run);
        const int from = positions[local], to = positions[local + 16 * ATOMS - 1];
        const bool outside = softmax.is_outside(key, KEYS, from, to);
        if (!outside) {
            float s[ATOMS][KEYS / 8][4];
            OCTAVO_UNROLL
            for (int a = 0; a < ATOMS; a++) {
                OCTAVO_UNROLL
                for (int j = 0; j < KEYS / 8; j++) { s[a][j][0] = s[a][j][1] = s[a][j][2] = s[a][j][3] = 0.0f; }
            }
            const u32 q_row = renewed(query_row), k_row = renewed(key_row);
            OCTAVO_UNROLL
            for (int k = 0; k < D / 16; k++) {
                u32 q[ATOMS][4];
                OCTAVO_UNROLL
                for (int a = 0; a < ATOMS; a++) { load_matrices(q[a], along<D>(q_row, k) + 16 * a * D * 2); }
                OCTAVO_UNROLL
                for (int n = 0; n < KEYS / 16; n++) {
                    u32 b[4];  // keys 0-7 and 8-15, of each the first and the second eight elements
                    load_matrices(b, keys + along<D>(k_row, k) + 16 * n * D * 2);
                    OCTAVO_UNROLL
                    for (int a = 0; a < ATOMS; a++) {
                        Halves<E>::multiply(s[a][2 * n], q[a], b[0], b[1]);
                        Halves<E>::multiply(s[a][2 * n + 1], q[a], b[2], b[3]);
                    }
                }
            }
            const bool edge = softmax.is_edge(key, KEYS, from, to);
            OCTAVO_UNROLL
            for (int a = 0; a < ATOMS; a++) {
                const int own_lane = (int)renewed((u32)lane);  // places are made anew for every 16 rows, and scales read anew
                if constexpr (Stored<C>::SCALED) { scale_keys(s[a], runs.scales(run, false), own_lane); }
                float rescale[2];
                softmax.step(s[a], rows[a], rescale, key, edge ? &positions[local + 16 * a] : nullptr, own_lane);
                rescale_results(o[a], rescale);
                if constexpr (Stored<C>::SCALED) { scale_values(s[a], runs.scales(run, true), own_lane); }
                pack<E>(p[a], s[a]);
            }
        }

        const shared_address values = runs.values_of(run);
        if (!outside) {
            const u32 v_row = renewed(value_row);
            OCTAVO_UNROLL
            for (int k = 0; k < KEYS / 16; k++) {
                OCTAVO_UNROLL
                for (int n = 0; n < D / 16; n++) {
                    u32 b[4];  // elements 0-7 and 8-15, of each the first and the second eight keys
                    load_matrices_transposed(b, values + along<D>(v_row, n) + 16 * k * D * 2);
                    OCTAVO_UNROLL
                    for (int a = 0; a < ATOMS; a++) {
                        Halves<E>::multiply(o[a][2 * n], p[a][k], b[0], b[1]);
                        Halves<E>::multiply(o[a][2 * n + 1], p[a][k], b[2], b[3]);
                    }
                }
            }
        }
    }

    // A warp's queries are read by no other: their place serves its results.
    OCTAVO_UNROLL
    for (int a = 0; a < ATOMS; a++) { store_rows<D>(shared + (local + 16 * a) * D * 2, o[a], softmax, rows[a], call, tile, tile.first + local + 16 * a, lane); }
}
}  // namespace octavo

#define OCTAVO_PREFILL(name, C, D) \
    OCTAVO_KERNEL(name, octavo::QUERY_THREADS, OCTAVO_PREFILL_PARAMETERS) { octavo::prefill<C, D>(OCTAVO_PREFILL_CALL); }
