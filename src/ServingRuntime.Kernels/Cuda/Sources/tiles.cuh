// y [rows, outputs] = x · weightᵀ (+ bias) on tensor cores for more rows, and for the rows of many experts in one launch; weights packed or dense.
#pragma once
#include "fragments.cuh"

namespace octavo {
// Blocks (8 tiles of 16 outputs, tile of 8 T rows, slice of so many quads). Activations are halves in rows of whole quads. Both operands come through shared memory by asynchronous copies, activations for the
// block, weights for the one warp that needs them. Packed weights are multiplied as whole numbers; a group's sum is scaled when it is complete, with the sums of the group's activations; so slices are
// whole groups. Putting slices together is the caller's: with more than one, y is float32 [slices][slice_rows][outputs], without the bias.
template <class E, class TILE, int T>
OCTAVO_INLINE void tile_products(const WeightEntry* weights, const Rows& x, const GroupSums& sums, const Rows& y, int rows, const MatrixShape& shape, int slice_quads, i64 slice_rows, const Choices& choices) {
    typedef Stages<TILE> TileStages;
    constexpr int WARPS = 8, DEPTH = 4, CHUNKS = T * TOKENS * 8, COPIES = (CHUNKS + 255) / 256, STAGE = CHUNKS * 16 + WARPS * TileStages::BYTES;
    OCTAVO_DYNAMIC_SHARED(memory);
    OCTAVO_SHARED(int, row_of, T * TOKENS);
    OCTAVO_SHARED(int, source_of, T * TOKENS);
    int expert = 0, first = block_y() * T * TOKENS, count = rows;
    if (choices.list) {
        expert = choices.places[2 * block_y()];
        first = choices.places[2 * block_y() + 1];
        if (expert < 0) { return; }  // the whole block
        count = choices.counts[expert];
    }
    int lane = thread() % WARP, warp = thread() / WARP, tile_at = block_x() * WARPS + warp;
    if (thread() < T * TOKENS) {
        int slot = first + thread(), row = slot >= count ? -1 : choices.list ? choices.list[expert * choices.pitch + slot] : slot;
        row_of[thread()] = row;
        source_of[thread()] = row < 0 ? -1 : row / choices.divisor;
    }
    sync();

    // Chunk c of token t lies at place c of its 8, the halves of a row exchanged in odd rows: so 8 lanes that read 16 bytes each touch every bank once.
    int from[COPIES];
    OCTAVO_UNROLL
    for (int c = 0; c < COPIES; c++) {
        int chunk = c * 256 + thread(), source = chunk < CHUNKS ? source_of[chunk / 8] : -1;
        from[c] = source < 0 ? -1 : source * (int)(x.stride / 8) + chunk % 8;
    }
    int begin = block_z() * slice_quads, end = begin + slice_quads < shape.quads ? begin + slice_quads : shape.quads;
    bool mine = tile_at * TILE_OUTPUTS < shape.outputs;
    TileStages stages;
    stages.open((const void*)weights[expert].values, (const void*)weights[expert].parameters, mine ? tile_at : 0, begin, end, shape);
    shared_address base = shared_address_of(memory);
    auto copy = [&](int quad) {
        if (quad < end) {
            u32 stage = base + (u32)((quad - begin) % DEPTH * STAGE);
            OCTAVO_UNROLL
            for (int c = 0; c < COPIES; c++) {
                int chunk = c * 256 + thread();
                if (chunk < CHUNKS) { copy_async16(stage + (u32)((chunk ^ (chunk / 8 % 2 * 4)) * 16), (const Quad*)x.data + (from[c] < 0 ? 0 : from[c] + quad * 8), from[c] >= 0); }
            }
            if (mine) { stages.copy(stage + (u32)(CHUNKS * 16 + warp * TileStages::BYTES), quad); }
        }
        copy_commit();
    };
    OCTAVO_UNROLL
    for (int s = 0; s < DEPTH - 1; s++) { copy(begin + s); }

    float sum[T][4] = {}, d[T][4] = {};
    int group = TILE::SCALED ? 2 * begin / shape.group_steps : 0, left = shape.group_steps;
    for (int quad = begin; quad < end; quad++) {
        copy_wait<DEPTH - 2>();
        sync();  // the copies of all threads are there, and all have read the stage that is filled next
        copy(quad + DEPTH - 1);
        if (!mine) { continue; }
        const u8* stage = memory + (quad - begin) % DEPTH * STAGE;
        const u8* of_warp = stage + CHUNKS * 16 + warp * TileStages::BYTES;
        u32 w[TILE::QUADS][4];
        TileStages::read(of_warp, w);
        OCTAVO_UNROLL
        for (int step = 0; step < 2; step++) {
            u32 a[2 * TILE::PLANES][4];
            OCTAVO_UNROLL
            for (int j = 0; j < 2 * TILE::PLANES; j++) { TILE::expand(w, 2 * step + j % 2, j / 2, a[j]); }
            OCTAVO_UNROLL
            for (int t = 0; t < T; t++) {
                int chunk = (t * TOKENS + lane / 4) * 8 + step * 4 + lane % 4;
                u32 b[4];
                to_words(load_quad(stage + (chunk ^ (chunk / 8 % 2 * 4)) * 16), b);
                OCTAVO_UNROLL
                for (int j = 0; j < 2 * TILE::PLANES; j++) { Halves<E>::multiply(TILE::SCALED ? d[t] : sum[t], a[j], b[j % 2 * 2], b[j % 2 * 2 + 1]); }
            }
            if (!TILE::SCALED || (--left > 0 && 2 * quad + step + 1 < 2 * end)) { continue; }
            left = shape.group_steps;
            Parameters scales;
            scales.load(of_warp + TileStages::VALUE_BYTES + step * Parameters::FLOATS, shape.pitch, TILE::BIAS);
            const float* of_group = sums.data + group++ * sums.rows;
            OCTAVO_UNROLL
            for (int i = 0; i < 2 * T; i++) {
                int source = source_of[i / 2 * TOKENS + lane % 4 * 2 + i % 2], t = i / 2;
                float inputs_sum = source >= 0 ? of_group[source] : 0.0f;
                sum[t][i % 2] = scales.add(0, d[t][i % 2], inputs_sum, sum[t][i % 2]);
                sum[t][2 + i % 2] = scales.add(1, d[t][2 + i % 2], inputs_sum, sum[t][2 + i % 2]);
                d[t][i % 2] = d[t][2 + i % 2] = 0.0f;
            }
        }
    }

    const float* bias = blocks_z() == 1 ? (const float*)weights[expert].bias : nullptr;
    OCTAVO_UNROLL
    for (int i = 0; i < 4 * T; i++) {
        int target = row_of[i / 4 * TOKENS + lane % 4 * 2 + i % 2], output = tile_at * TILE_OUTPUTS + lane / 4 + i % 4 / 2 * 8;
        if (target >= 0 && output < shape.outputs) { store_as(y.data, y.type, (block_z() * slice_rows + target) * y.stride + output, add_exact(sum[i / 4][i % 4], bias ? bias[output] : 0.0f)); }
    }
}

#define OCTAVO_TILE_PARAMETERS (const WeightEntry* weights, Rows x, GroupSums sums, Rows y, int rows, MatrixShape shape, int slice_quads, i64 slice_rows, Choices choices)
#define OCTAVO_TILES_OF_16(name, E, TILE) \
    OCTAVO_RESIDENT_KERNEL(name, 256, 3, OCTAVO_TILE_PARAMETERS) { tile_products<E, TILE, 2>(weights, x, sums, y, rows, shape, slice_quads, slice_rows, choices); }
#define OCTAVO_TILES_OF_64(name, E, TILE) \
    OCTAVO_RESIDENT_KERNEL(name, 256, 1, OCTAVO_TILE_PARAMETERS) { tile_products<E, TILE, 8>(weights, x, sums, y, rows, shape, slice_quads, slice_rows, choices); }
}  // namespace octavo
