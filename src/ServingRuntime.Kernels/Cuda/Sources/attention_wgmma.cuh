// Prefill attention for Hopper: what attention_prefill.cuh computes, with products that run on their own (arXiv 2407.08608).
//
// Four warps fetch: they copy keys and values of run after run into stages of shared memory as soon as those are free. Eight warps, two groups of 64 rows each, compute: queries and keys from shared
// memory, probabilities from registers, values from shared memory as they lie. While the scores of a run are made, the values of the run before are multiplied; while its softmax is computed, those
// products go on. Barriers in shared memory tell when a stage is full (all who copy have arrived) and when it is free (one lane of each warp that computes has).
#pragma once
#include "hopper.cuh"
#include "prefill.cuh"

namespace octavo {
template <int SIZE, int KEYS_> struct WarpgroupSizes {
    static constexpr int D = SIZE, KEYS = KEYS_, STAGES = 2, ROWS = 64, GROUPS = 2, THREADS = (1 + GROUPS) * WARPGROUP;
    static constexpr int QUERIES = ROWS * D * 2, TILE = KEYS * D * 2;
};
template <int D> struct WarpgroupShape;
template <> struct WarpgroupShape<64> : WarpgroupSizes<64, 128> {};
template <> struct WarpgroupShape<128> : WarpgroupSizes<128, 128> {};
template <> struct WarpgroupShape<256> : WarpgroupSizes<256, 64> {};

// Shared memory from a multiple of 1,024 bytes on: queries of each group, stages of keys, stages of values.
template <class SHAPE> struct WarpgroupStages {
    const PrefillTile& tile;
    shared_address memory, barriers;  // barriers of each stage: keys are there, values are there, room for keys, room for values

    OCTAVO_INLINE_MEMBER int first() const { return tile.low / SHAPE::KEYS; }
    OCTAVO_INLINE_MEMBER int end() const { return (tile.high + SHAPE::KEYS - 1) / SHAPE::KEYS; }
    OCTAVO_INLINE_MEMBER shared_address queries(int group) const { return memory + (u32)(group * SHAPE::QUERIES); }
    OCTAVO_INLINE_MEMBER shared_address stage(int run, bool values) const {
        return memory + (u32)(SHAPE::GROUPS * SHAPE::QUERIES + ((values ? SHAPE::STAGES : 0) + (run - first()) % SHAPE::STAGES) * SHAPE::TILE);
    }
    OCTAVO_INLINE_MEMBER shared_address full(int run, bool values) const { return barriers + (u32)((run - first()) % SHAPE::STAGES * 4 + values) * 8; }
    OCTAVO_INLINE_MEMBER shared_address room(int run, bool values) const { return barriers + (u32)((run - first()) % SHAPE::STAGES * 4 + 2 + values) * 8; }
    // Of the run's use of its stage: the first, third ... is 0.
    OCTAVO_INLINE_MEMBER u32 parity(int run) const { return (u32)((run - first()) / SHAPE::STAGES) & 1; }
};

// In loops, for few registers: those that compute have them.
template <class SHAPE> OCTAVO_INLINE void fetch(shared_address to, const void* from, u32 pages, const PrefillCall& call, const PrefillTile& tile, int key, int thread) {
    constexpr int PIECES = SHAPE::D / 8, EACH = 16 * PIECES / WARPGROUP;
    OCTAVO_ROLLED
    for (int g = 0; g < SHAPE::KEYS / 16; g++) {
        const u8* sixteen = sixteen_of<PIECES>(from, shuffle(pages, g), call, tile, key + 16 * g);
        if constexpr (EACH <= 2) {
            OCTAVO_UNROLL
            for (int j = 0; j < EACH; j++) { copy_piece<Panels<SHAPE::KEYS>, PIECES>(to, sixteen, tile, key, g, thread + j * WARPGROUP); }
        } else {
            OCTAVO_ROLLED
            for (int j = 0; j < EACH; j++) { copy_piece<Panels<SHAPE::KEYS>, PIECES>(to, sixteen, tile, key, g, thread + j * WARPGROUP); }
        }
    }
    copy_commit();
}

// The warps that fetch. A copy is told of when the next has begun, so that two are always on their way.
template <class SHAPE> OCTAVO_INLINE void fetch_runs(const PrefillCall& call, const WarpgroupStages<SHAPE>& stages) {
    constexpr int KEYS = SHAPE::KEYS;
    const int first = stages.first(), end = stages.end(), mine = thread() % WARPGROUP;
    u32 pages = pages_of<KEYS>(call, stages.tile, first * KEYS, mine % WARP);
    for (int run = first; run < end; run++) {
        barrier_wait(stages.room(run, false), stages.parity(run) ^ 1);
        fetch<SHAPE>(stages.stage(run, false), call.keys, pages, call, stages.tile, run * KEYS, mine);
        if (run > first) {
            copy_wait<1>();
            fence_for_products();
            barrier_arrive(stages.full(run - 1, true));
        }
        u32 next = pages_of<KEYS>(call, stages.tile, (run + 1) * KEYS, mine % WARP);
        barrier_wait(stages.room(run, true), stages.parity(run) ^ 1);
        fetch<SHAPE>(stages.stage(run, true), call.values, pages, call, stages.tile, run * KEYS, mine);
        copy_wait<1>();
        fence_for_products();
        barrier_arrive(stages.full(run, false));
        pages = next;
    }
    copy_wait<0>();
    fence_for_products();
    if (first < end) { barrier_arrive(stages.full(end - 1, true)); }
}

// Scores of a group's 64 rows with the keys of a run, once they are there; done when the products are waited for.
template <class E, class SHAPE> OCTAVO_INLINE void begin_scores(float (&s)[SHAPE::KEYS / 8][4], const WarpgroupStages<SHAPE>& stages, shared_address queries, int run) {
    barrier_wait(stages.full(run, false), stages.parity(run));
    const shared_address keys = stages.stage(run, false);
    products_begin();
    OCTAVO_UNROLL
    for (int k = 0; k < SHAPE::D / 16; k++) {
        GroupProduct<E, SHAPE::KEYS / 8>::of_shared(
            s, operand_of(queries + (u32)(k / 4 * SHAPE::ROWS * 128 + k % 4 * 32), 0, 1024), operand_of(keys + (u32)(k / 4 * SHAPE::KEYS * 128 + k % 4 * 32), 0, 1024), k > 0);
    }
    products_commit();
}

// Probabilities times the values of a run, added to the results. Sixteen keys are sixteen lines; the next 64 elements of a value are a panel further.
template <class E, class SHAPE> OCTAVO_INLINE void begin_results(float (&o)[SHAPE::D / 8][4], const u32 (&p)[SHAPE::KEYS / 16][4], const WarpgroupStages<SHAPE>& stages, int run) {
    barrier_wait(stages.full(run, true), stages.parity(run));
    const shared_address values = stages.stage(run, true);
    products_begin();
    OCTAVO_UNROLL
    for (int k = 0; k < SHAPE::KEYS / 16; k++) { GroupProduct<E, SHAPE::D / 8>::of_registers(o, p[k], operand_of(values + (u32)(k * 2048), SHAPE::KEYS * 128, 1024), true); }
    products_commit();
}

template <class E, int KEYS> OCTAVO_INLINE void pack(u32 (&p)[KEYS / 16][4], const float (&s)[KEYS / 8][4]) {
    OCTAVO_UNROLL
    for (int k = 0; k < KEYS / 16; k++) {
        OCTAVO_UNROLL
        for (int i = 0; i < 4; i++) { p[k][i] = Halves<E>::pair(s[2 * k + i / 2][2 * (i & 1)], s[2 * k + i / 2][2 * (i & 1) + 1]); }
    }
}

// One of the groups that compute.
template <class E, class SHAPE> OCTAVO_INLINE void compute_rows(const PrefillCall& call, const WarpgroupStages<SHAPE>& stages, const Softmax& softmax, u8* memory, int* positions, int group) {
    constexpr int D = SHAPE::D, KEYS = SHAPE::KEYS, ROWS = SHAPE::ROWS;
    const int mine = thread() % WARPGROUP, lane = mine % WARP, warp = mine / WARP;
    u8* own = memory + group * SHAPE::QUERIES;
    {
        PrefillTile tile = stages.tile;
        tile.first += group * ROWS;
        load_queries<E, Panels<ROWS>, D, ROWS>(own, call, tile, mine, WARPGROUP);
        if (mine < ROWS) { positions[mine] = tile.position(tile.first + mine, call.group); }
    }
    fence_for_products();
    meet(1 + group, WARPGROUP);

    float o[D / 8][4], s[KEYS / 8][4];
    u32 p[KEYS / 16][4];
    SoftmaxRows rows;
    rows.begin();
    OCTAVO_UNROLL
    for (int j = 0; j < D / 8; j++) { o[j][0] = o[j][1] = o[j][2] = o[j][3] = 0.0f; }
    const shared_address queries = stages.queries(group);
    const int* last = positions + warp * 16;
    const int first = stages.first(), end = stages.end();

    if (first < end) {
        float rescale[2];
        begin_scores<E>(s, stages, queries, first);
        products_wait<0>();
        if (lane == 0) { barrier_arrive(stages.room(first, false)); }
        softmax.step(s, rows, rescale, first * KEYS, softmax.is_edge(first * KEYS, KEYS, last[0], last[15]) ? last : nullptr, lane);
        pack<E, KEYS>(p, s);
        for (int run = first + 1; run < end; run++) {
            begin_scores<E>(s, stages, queries, run);
            begin_results<E>(o, p, stages, run - 1);
            products_wait<1>();
            if (lane == 0) { barrier_arrive(stages.room(run, false)); }
            softmax.step(s, rows, rescale, run * KEYS, softmax.is_edge(run * KEYS, KEYS, last[0], last[15]) ? last : nullptr, lane);
            products_wait<0>();
            if (lane == 0) { barrier_arrive(stages.room(run - 1, true)); }
            if (vote(rescale[0] != 1.0f || rescale[1] != 1.0f)) {
                OCTAVO_UNROLL
                for (int j = 0; j < D / 8; j++) {
                    OCTAVO_UNROLL
                    for (int e = 0; e < 4; e++) { o[j][e] *= rescale[e >> 1]; }
                }
            }
            pack<E, KEYS>(p, s);
        }
        begin_results<E>(o, p, stages, end - 1);
        products_wait<0>();
    }

    meet(1 + group, WARPGROUP);  // nobody reads the group's queries any more: their place serves its results
    store_rows<D>(own + warp * 16 * D * 2, o, softmax, rows, call, stages.tile, stages.tile.first + group * ROWS + warp * 16, lane);
}

template <class E, int D> OCTAVO_INLINE void prefill_warpgroups(const PrefillCall& call) {
    using Shape = WarpgroupShape<D>;
    OCTAVO_DYNAMIC_SHARED(shared);
    OCTAVO_SHARED(PrefillTile, place, 1);
    OCTAVO_SHARED(Softmax, weighing, 1);
    OCTAVO_SHARED(int, positions, Shape::GROUPS * Shape::ROWS);
    OCTAVO_SHARED(u64, barriers, 4 * Shape::STAGES);
    const u32 waste = (0u - shared_address_of(shared)) & 1023u;
    const shared_address first_barrier = shared_address_of(barriers);
    if (thread() == 0) {
        place[0] = tile_of<Shape::GROUPS * Shape::ROWS>(call);
        weighing[0] = Softmax::of(call);
        OCTAVO_UNROLL
        for (int i = 0; i < 4 * Shape::STAGES; i++) { barrier_begin(first_barrier + (u32)i * 8, i % 4 < 2 ? WARPGROUP : Shape::GROUPS * WARPGROUP / WARP); }
    }
    sync();
    if (!place[0].any) { return; }
    const WarpgroupStages<Shape> stages = {place[0], shared_address_of(shared) + waste, first_barrier};
    if (thread() < WARPGROUP) {
        shrink_registers<40>();
        fetch_runs<Shape>(call, stages);
    } else {
        grow_registers<232>();
        const int group = thread() / WARPGROUP - 1;
        compute_rows<E, Shape>(call, stages, weighing[0], shared + waste, &positions[group * Shape::ROWS], group);
    }
}
}  // namespace octavo

#define OCTAVO_PREFILL_WARPGROUPS(name, E, D) \
    OCTAVO_KERNEL_ALONE(name, octavo::WarpgroupShape<D>::THREADS, OCTAVO_PREFILL_PARAMETERS) { octavo::prefill_warpgroups<E, D>(OCTAVO_PREFILL_CALL); }
