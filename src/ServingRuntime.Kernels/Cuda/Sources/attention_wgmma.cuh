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
    // Registers of a thread that fetches and of one that computes: together no more than the launch gives, which is what 64 Ki are for THREADS, rounded down to a multiple of 8.
    static constexpr int FETCHING = 56, COMPUTING = 224, LAUNCHED = 65536 / THREADS / 8 * 8;
    static_assert(FETCHING + GROUPS * COMPUTING <= (1 + GROUPS) * LAUNCHED, "warps would wait for registers for ever");
};
template <int D> struct WarpgroupShape;
template <> struct WarpgroupShape<64> : WarpgroupSizes<64, 128> {};
template <> struct WarpgroupShape<128> : WarpgroupSizes<128, 128> {};
template <> struct WarpgroupShape<256> : WarpgroupSizes<256, 64> {};

// Shared memory from a multiple of 1,024 bytes on: queries of each group, stages of keys, stages of values. Runs of keys are counted from the first that the tile sees.
template <class SHAPE> struct WarpgroupStages {
    shared_address memory, barriers;  // barriers of each stage: keys are there, values are there, room for keys, room for values
    int first, count;                 // runs

    OCTAVO_INLINE_MEMBER int key(int run) const { return (first + run) * SHAPE::KEYS; }
    OCTAVO_INLINE_MEMBER shared_address queries(int group) const { return memory + (u32)(group * SHAPE::QUERIES); }
    OCTAVO_INLINE_MEMBER shared_address stage(int run, bool values) const { return memory + (u32)(SHAPE::GROUPS * SHAPE::QUERIES) + ((values ? SHAPE::STAGES : 0) + (u32)run % SHAPE::STAGES) * SHAPE::TILE; }
    OCTAVO_INLINE_MEMBER shared_address full(int run, bool values) const { return barriers + ((u32)run % SHAPE::STAGES * 4 + values) * 8; }
    OCTAVO_INLINE_MEMBER shared_address room(int run, bool values) const { return full(run, values) + 16; }
    // Of the run's use of its stage: the first, third ... is 0.
    OCTAVO_INLINE_MEMBER u32 parity(int run) const { return (u32)run / SHAPE::STAGES & 1; }
};

// The warps that fetch. A copy is told of when the next has begun, so that two are always on their way.
template <class SHAPE> struct Fetching {
    const PrefillCall& call;
    const WarpgroupStages<SHAPE>& stages;
    const PrefillTile tile;

    // In loops, for few registers: those that compute have them.
    OCTAVO_INLINE_MEMBER void copy(int run, bool values, u32 sixteens) const {
        barrier_wait(stages.room(run, values), stages.parity(run) ^ 1);
        const shared_address to = stages.stage(run, values);
        const u32 before = (u32)(stages.key(run) - tile.low), seen = (u32)(tile.high - tile.low);
        OCTAVO_ROLLED
        for (int g = 0; g < SHAPE::KEYS / 16; g++) {
            copy_sixteen<Panels<SHAPE::KEYS>, SHAPE::D / 8, WARPGROUP>(
                to + g * Panels<SHAPE::KEYS>::SIXTEEN, values ? call.values : call.keys, shuffle(sixteens, g), before + 16 * g, seen, thread() % WARPGROUP);
        }
        copy_commit();
    }
    template <int PENDING> OCTAVO_INLINE_MEMBER void tell(int run, bool values) const {
        copy_wait<PENDING>();
        fence_for_products();
        barrier_arrive(stages.full(run, values));
    }
    OCTAVO_INLINE_MEMBER u32 sixteens(int run) const { return sixteens_of<SHAPE::KEYS>(call, tile, stages.key(run), thread() % WARP); }
    OCTAVO_INLINE_MEMBER void all() const {
        u32 now = sixteens(0);
        for (int run = 0; run < stages.count; run++) {
            u32 next = sixteens(run + 1);
            copy(run, false, now);
            if (run > 0) { tell<1>(run - 1, true); }
            copy(run, true, now);
            tell<1>(run, false);
            now = next;
        }
        if (stages.count > 0) { tell<0>(stages.count - 1, true); }
    }
};

// Scores of a group's 64 rows with the keys of a run, once they are there; done when the products are waited for.
template <class E, class SHAPE> OCTAVO_INLINE void begin_scores(float (&s)[SHAPE::KEYS / 8][4], const WarpgroupStages<SHAPE>& stages, shared_address queries, int run) {
    barrier_wait(stages.full(run, false), stages.parity(run));
    const shared_address keys = stages.stage(run, false);
    stay(s);
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
    stay(o);
    products_begin();
    OCTAVO_UNROLL
    for (int k = 0; k < SHAPE::KEYS / 16; k++) { GroupProduct<E, SHAPE::D / 8>::of_registers(o, p[k], operand_of(values + (u32)(k * 2048), SHAPE::KEYS * 128, 1024), true); }
    products_commit();
}

// One of the groups that compute: rows from tile.first on.
template <class E, class SHAPE> OCTAVO_INLINE void compute_rows(const PrefillCall& call, const WarpgroupStages<SHAPE>& stages, const PrefillTile& tile, const Softmax softmax, u8* own, shared_address queries, int* positions, int group) {
    constexpr int D = SHAPE::D, KEYS = SHAPE::KEYS, ROWS = SHAPE::ROWS;
    const int mine = thread() % WARPGROUP, lane = mine % WARP, warp = mine / WARP, row = tile.first + group * ROWS;
    load_queries<E, Panels<ROWS>, D, ROWS>(own, call, tile, row, mine);
    if (mine < ROWS) { positions[mine] = tile.position(row + mine, call.group); }
    fence_for_products();
    meet(1 + group, WARPGROUP);

    float o[D / 8][4], s[KEYS / 8][4];
    u32 p[KEYS / 16][4];
    SoftmaxRows rows;
    rows.begin();
    OCTAVO_UNROLL
    for (int j = 0; j < D / 8; j++) { o[j][0] = o[j][1] = o[j][2] = o[j][3] = 0.0f; }
    OCTAVO_UNROLL
    for (int j = 0; j < KEYS / 8; j++) { s[j][0] = s[j][1] = s[j][2] = s[j][3] = 0.0f; }
    const int* last = positions + warp * 16;
    const int from = last[0], to = last[15];

    if (stages.count > 0) {
        float rescale[2];
        begin_scores<E>(s, stages, queries, 0);
        products_wait<0>();
        stay(s);
        if (lane == 0) { barrier_arrive(stages.room(0, false)); }
        softmax.step(s, rows, rescale, stages.key(0), softmax.is_edge(stages.key(0), KEYS, from, to) ? last : nullptr, lane);
        pack<E>(p, s);
        stay(p);
        for (int run = 1; run < stages.count; run++) {
            begin_scores<E>(s, stages, queries, run);
            begin_results<E>(o, p, stages, run - 1);
            products_wait<1>();
            stay(s);
            if (lane == 0) { barrier_arrive(stages.room(run, false)); }
            softmax.step(s, rows, rescale, stages.key(run), softmax.is_edge(stages.key(run), KEYS, from, to) ? last : nullptr, lane);
            // All of that is to go on beside the products of values, but the assembler moves their wait up as far as it can. It does not move it over a loop: the one here ends at once, since the values
            // have been there since the products began, and their stage is not filled anew before it has been told of below.
            stay(s);
            barrier_wait(stages.full(run - 1, true), stages.parity(run - 1));
            products_wait<0>();
            stay(o);
            if (lane == 0) { barrier_arrive(stages.room(run - 1, true)); }
            rescale_results(o, rescale);
            pack<E>(p, s);
            stay(p);
        }
        begin_results<E>(o, p, stages, stages.count - 1);
        products_wait<0>();
        stay(o);
    }

    meet(1 + group, WARPGROUP);  // nobody reads the group's queries any more: their place serves its results
    store_rows<D>(own + warp * 16 * D * 2, o, softmax, rows, call, tile, row + warp * 16, lane);
}

template <class E, int D> OCTAVO_INLINE void prefill_warpgroups(const PrefillCall& call) {
    using Shape = WarpgroupShape<D>;
    OCTAVO_DYNAMIC_SHARED(shared);
    OCTAVO_SHARED(PrefillTile, place, 1);
    OCTAVO_SHARED(int, positions, Shape::GROUPS * Shape::ROWS);
    OCTAVO_SHARED(u64, barriers, 4 * Shape::STAGES);
    const u32 waste = (0u - shared_address_of(shared)) & 1023u;
    const shared_address first_barrier = shared_address_of(barriers);
    if (thread() == 0) {
        place[0] = tile_of<Shape::GROUPS * Shape::ROWS>(call);
        OCTAVO_UNROLL
        for (int i = 0; i < 4 * Shape::STAGES; i++) { barrier_begin(first_barrier + (u32)i * 8, i % 4 < 2 ? WARPGROUP : Shape::GROUPS * WARPGROUP / WARP); }
    }
    sync();
    const PrefillTile& tile = place[0];
    if (!tile.any) { return; }
    const int first = tile.low / Shape::KEYS, end = (tile.high + Shape::KEYS - 1) / Shape::KEYS;
    const WarpgroupStages<Shape> stages = {shared_address_of(shared) + waste, first_barrier, first, end - first};
    if (thread() < WARPGROUP) {
        shrink_registers<Shape::FETCHING>();
        Fetching<Shape>{call, stages, tile}.all();
    } else {
        grow_registers<Shape::COMPUTING>();
        const int group = (int)shuffle((u32)thread() / WARPGROUP, 0) - 1;  // of the warp's first lane, so that the compiler sees that all have the same
        compute_rows<E, Shape>(call, stages, tile, Softmax::of(call.scale, call.cap, call.window), shared + waste + group * Shape::QUERIES, stages.queries(group), &positions[group * Shape::ROWS], group);
    }
}
}  // namespace octavo

#define OCTAVO_PREFILL_WARPGROUPS(name, E, D) \
    OCTAVO_KERNEL_ALONE(name, octavo::WarpgroupShape<D>::THREADS, OCTAVO_PREFILL_PARAMETERS) { octavo::prefill_warpgroups<E, D>(OCTAVO_PREFILL_CALL); }
