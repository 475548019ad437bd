// y [rows, outputs] = x · weightᵀ (+ bias) with packed weights, for few rows: what there is to do is to read the weights once, as fast as memory gives them.
#pragma once
#include "fragments.cuh"

namespace octavo {
// A block has R tiles of 16 outputs and all inputs, its 8 warps equal runs of quads; so sums depend on the shape alone. Up to 8 T rows. Each warp has 8 KiB / R of weights on their way (the host's
// QuantizedRowsStages says how many quads that is), which no other warp waits for. The sum of each group's activations, which the numbers' constants and zero points are taken off with, comes from the tensor
// cores, too: a product with ones. No other warp of the block needs a warp's activations, so they go from the cache to registers, converted on the way.
template <class E, int BITS, int T, int R>
OCTAVO_INLINE void quantized_rows(const u8* values, const void* parameters, const float* bias, const void* x, i64 x_stride, int x_type, void* y, i64 y_stride, int y_type, int rows, int inputs, int outputs, int quads, int group_steps, int groups, int pitch) {
    typedef PackedTile<E, BITS> Tile;
    typedef Stages<Tile> TileStages;
    constexpr int WARPS = 8, DEPTH = 8 / (R * Tile::QUADS), PITCH = R * TILE_OUTPUTS + 4, STAGE = R * TileStages::BYTES;
    OCTAVO_DYNAMIC_SHARED(memory);
    int lane = thread() % WARP, warp = thread() / WARP, tiles = (outputs + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
    int each = (quads + WARPS - 1) / WARPS, begin = warp * each < quads ? warp * each : quads, end = begin + each < quads ? begin + each : quads;
    u8* mine = memory + warp * DEPTH * STAGE;
    shared_address mine_address = shared_address_of(mine);
    TileStages stages[R];
    OCTAVO_UNROLL
    for (int r = 0; r < R; r++) {
        int at = block_x() * R + r < tiles ? block_x() * R + r : tiles - 1;  // a tile past the end: the last one again, stored by nobody
        Tile tile;
        tile.open(values, at, quads, inputs, outputs);
        stages[r].open(tile, parameters, at, begin, end, group_steps, groups, pitch);
    }
    auto copy = [&](int quad) {
        if (quad < end) {
            OCTAVO_UNROLL
            for (int r = 0; r < R; r++) { stages[r].copy(mine_address + (u32)((quad - begin) % DEPTH * STAGE + r * TileStages::BYTES), quad); }
        }
        copy_commit();
    };
    OCTAVO_UNROLL
    for (int s = 0; s < DEPTH - 1; s++) { copy(begin + s); }
    const u8* row[T];
    bool valid[T];
    OCTAVO_UNROLL
    for (int t = 0; t < T; t++) {
        int token = t * TOKENS + lane / 4;
        valid[t] = token < rows;
        row[t] = (const u8*)x + (valid[t] ? token : 0) * x_stride * (x_type == FLOAT32 ? 4 : 2);
    }

    float sum[R][T][4] = {}, d[R][T][4] = {}, ones[T][4] = {};
    const u32 one[4] = {Coded<E>::ONES, Coded<E>::ONES, Coded<E>::ONES, Coded<E>::ONES};
    int left = group_steps - 2 * begin % group_steps;
    for (int quad = begin; quad < end; quad++) {
        u32 b[2][T][4];
        OCTAVO_UNROLL
        for (int i = 0; i < 2 * T; i++) {
            int at = quad * QUAD + i / T * STEP + lane % 4 * 8;
            load_inputs<E>(b[i / T][i % T], row[i % T], x_type, at, valid[i % T] && at < inputs);
        }
        copy_wait<DEPTH - 2>();
        warp_sync();  // parameters come by other lanes; and all lanes have read the stage that is filled next
        copy(quad + DEPTH - 1);
        const u8* stage = mine + (quad - begin) % DEPTH * STAGE;
        u32 w[R][Tile::QUADS][4];
        OCTAVO_UNROLL
        for (int r = 0; r < R; r++) { TileStages::read(stage + r * TileStages::BYTES, w[r]); }
        OCTAVO_UNROLL
        for (int step = 0; step < 2; step++) {
            OCTAVO_UNROLL
            for (int t = 0; t < T; t++) {
                Halves<E>::multiply(ones[t], one, b[step][t][0], b[step][t][1]);
                Halves<E>::multiply(ones[t], one, b[step][t][2], b[step][t][3]);
            }
            OCTAVO_UNROLL
            for (int r = 0; r < R; r++) {
                OCTAVO_UNROLL
                for (int j = 0; j < 2 * Tile::PLANES; j++) {
                    u32 a[4];
                    Tile::expand(w[r], 2 * step + j % 2, j / 2, a);
                    OCTAVO_UNROLL
                    for (int t = 0; t < T; t++) { Halves<E>::multiply(d[r][t], a, b[step][t][j % 2 * 2], b[step][t][j % 2 * 2 + 1]); }
                }
            }
            if (--left > 0 && 2 * quad + step + 1 < 2 * end) { continue; }
            left = group_steps;
            OCTAVO_UNROLL
            for (int r = 0; r < R; r++) {
                Parameters scales;
                scales.load(stage + r * TileStages::BYTES + TileStages::VALUE_BYTES + step * Parameters::FLOATS, pitch);
                OCTAVO_UNROLL
                for (int i = 0; i < 4 * T; i++) {
                    sum[r][i / 4][i % 4] = scales.add(i % 4 / 2, d[r][i / 4][i % 4], ones[i / 4][i % 2], Tile::BIAS, sum[r][i / 4][i % 4]);
                    d[r][i / 4][i % 4] = 0.0f;
                }
            }
            OCTAVO_UNROLL
            for (int i = 0; i < 4 * T; i++) { ones[i / 4][i % 4] = 0.0f; }
        }
    }

    // The warps' parts, in their order, where the weights were.
    copy_wait<0>();
    sync();
    float* partial = (float*)memory;
    OCTAVO_UNROLL
    for (int i = 0; i < R * T * 4; i++) {
        partial[(warp * T * TOKENS + i / 4 % T * TOKENS + lane % 4 * 2 + i % 2) * PITCH + i / (4 * T) * TILE_OUTPUTS + lane / 4 + i % 4 / 2 * 8] = sum[i / (4 * T)][i / 4 % T][i % 4];
    }
    sync();
    for (int i = thread(); i < R * TILE_OUTPUTS * T * TOKENS; i += threads()) {
        int token = i / (R * TILE_OUTPUTS), place = i % (R * TILE_OUTPUTS), output = block_x() * R * TILE_OUTPUTS + place;
        if (token >= rows || output >= outputs) { continue; }
        float total = bias ? bias[output] : 0.0f;
        for (int part = 0; part < WARPS; part++) { total = add_exact(total, partial[(part * T * TOKENS + token) * PITCH + place]); }
        store_as(y, y_type, token * y_stride + output, total);
    }
}
}  // namespace octavo
