// y [rows, outputs] = x · weightᵀ (+ bias) with packed weights, for few rows: what there is to do is to read the weights once, as fast as memory gives them. A multiprocessor of an H200 gets 20 bytes a cycle and
// issues 4 instructions, so what is not a load, an unpacking or a product is kept out of the loop.
#pragma once
#include "fragments.cuh"

namespace octavo {
// The parameters of a tile's groups, each a group ahead of its use.
struct GroupParameters {
    const u8* next;
    Quad words;
    int pitch;
    OCTAVO_INLINE_MEMBER void open(const void* parameters, int tile, int group, const MatrixShape& shape) {
        pitch = shape.pitch;
        next = (const u8*)parameters + ((i64)tile * shape.groups + group) * pitch + Parameters::of_lane(pitch);
    }
    OCTAVO_INLINE_MEMBER void fetch() {
        if (pitch == Parameters::FLOATS) { words = load_quad_ahead(next); }
        else { load_pair_ahead(next, words.x, words.y); }
        next += pitch;
    }
};

// Up to 8 T rows of halves, whole quads, aligned to 16 bytes. A block has R tiles of 16 outputs and all inputs, its 8 warps equal runs of quads; so sums depend on the shape alone. Nothing that a warp reads is
// needed by another one of its block, so all goes from memory to registers: weights in two batches in turn, 2 KiB a warp each, one on its way while the other is multiplied; activations, which the cache has, a
// quad ahead. The sum of each group's activations, which the numbers' constants and zero points are taken off with, comes from the tensor cores, too: a product with ones.
template <class E, int BITS, int T, int R>
OCTAVO_INLINE void quantized_rows(const u8* values, const void* parameters, const float* bias, const Rows& x, const Rows& y, int rows, const MatrixShape& shape) {
    typedef PackedTile<E, BITS> Tile;
    constexpr int WARPS = 8, BATCH = 4 / (R * Tile::QUADS), PITCH = R * TILE_OUTPUTS + 4;
    OCTAVO_SHARED(float, partial, WARPS * T * TOKENS * PITCH);
    int lane = thread() % WARP, warp = thread() / WARP, tiles = (shape.outputs + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
    int each = (shape.quads + WARPS - 1) / WARPS, begin = warp * each < shape.quads ? warp * each : shape.quads, end = begin + each < shape.quads ? begin + each : shape.quads;
    Tile tile[R];
    GroupParameters groups[R];
    OCTAVO_UNROLL
    for (int r = 0; r < R; r++) {
        int at = block_x() * R + r < tiles ? block_x() * R + r : tiles - 1;  // a tile past the end: the last one again, stored by nobody
        tile[r].open(values, at, shape);
        tile[r].advance(begin);
        groups[r].open(parameters, at, 2 * begin / shape.group_steps, shape);
    }
    // Batch after batch, the first two being of the quads from the tiles' place on.
    u32 w[2][BATCH][R][Tile::QUADS][4];
    auto fetch = [&](int batch, int quads, int left) {
        OCTAVO_UNROLL
        for (int q = 0; q < BATCH; q++) {
            if (q >= left) { continue; }
            OCTAVO_UNROLL
            for (int r = 0; r < R; r++) { tile[r].load(quads + q, w[batch][q][r]); }
        }
    };
    fetch(0, 0, end - begin);
    fetch(1, BATCH, end - begin - BATCH);

    // A row past the end: the last one again, stored by nobody.
    const E* row[T];
    u32 b[2][T][4];
    OCTAVO_UNROLL
    for (int t = 0; t < T; t++) {
        int token = t * TOKENS + lane / 4;
        row[t] = (const E*)x.data + (token < rows ? token : rows - 1) * x.stride + begin * QUAD + lane % 4 * 8;
    }
    auto load = [&](int step) {
        OCTAVO_UNROLL
        for (int t = 0; t < T; t++) { to_words(load_quad_ahead(row[t] + step * STEP), b[step % 2][t]); }
    };
    if (begin < end) {
        OCTAVO_UNROLL
        for (int r = 0; r < R; r++) { groups[r].fetch(); }
        load(0);
        load(1);
    }

    float sum[R][T][4] = {}, d[R][T][4] = {}, ones[T][4] = {};
    u32 one = rows > 0 ? Coded<E>::ONES : 0;  // nothing that the compiler knows, or it would make four registers of it again for every product
    const u32 all_ones[4] = {one, one, one, one};
    int left = shape.group_steps - 2 * begin % shape.group_steps;
    auto multiply = [&](const u32 (&weights)[R][Tile::QUADS][4], bool last) {
        OCTAVO_UNROLL
        for (int step = 0; step < 2; step++) {
            OCTAVO_UNROLL
            for (int t = 0; t < T; t++) {
                Halves<E>::multiply(ones[t], all_ones, b[step][t][0], b[step][t][1]);
                Halves<E>::multiply(ones[t], all_ones, b[step][t][2], b[step][t][3]);
            }
            OCTAVO_UNROLL
            for (int r = 0; r < R; r++) {
                OCTAVO_UNROLL
                for (int j = 0; j < 2 * Tile::PLANES; j++) {
                    u32 a[4];
                    Tile::expand(weights[r], 2 * step + j % 2, j / 2, a);
                    OCTAVO_UNROLL
                    for (int t = 0; t < T; t++) { Halves<E>::multiply(d[r][t], a, b[step][t][j % 2 * 2], b[step][t][j % 2 * 2 + 1]); }
                }
            }
            if (!last) { load(2 + step); }
            bool done = step == 1 && last;
            if (--left > 0 && !done) { continue; }
            left = shape.group_steps;
            OCTAVO_UNROLL
            for (int r = 0; r < R; r++) {
                Parameters of;
                of.unpack(groups[r].words, groups[r].pitch, Tile::BIAS);
                if (!done) { groups[r].fetch(); }
                OCTAVO_UNROLL
                for (int i = 0; i < 4 * T; i++) {
                    sum[r][i / 4][i % 4] = of.add(i % 4 / 2, d[r][i / 4][i % 4], ones[i / 4][i % 2], sum[r][i / 4][i % 4]);
                    d[r][i / 4][i % 4] = 0.0f;
                }
            }
            OCTAVO_UNROLL
            for (int i = 0; i < 4 * T; i++) { ones[i / 4][i % 4] = 0.0f; }
        }
        OCTAVO_UNROLL
        for (int t = 0; t < T; t++) { row[t] += QUAD; }
    };
    for (int quad = begin; quad < end; quad += 2 * BATCH) {
        OCTAVO_UNROLL
        for (int i = 0; i < 2 * BATCH; i++) {
            if (quad + i < end) { multiply(w[i / BATCH][i % BATCH], quad + i + 1 == end); }
            if (i % BATCH == BATCH - 1) { fetch(i / BATCH, i + 1 + BATCH, end - quad - (i + 1 + BATCH)); }
        }
        OCTAVO_UNROLL
        for (int r = 0; r < R; r++) { tile[r].advance(2 * BATCH); }
    }

    // The warps' parts, in their order.
    OCTAVO_UNROLL
    for (int i = 0; i < R * T * 4; i++) {
        partial[(warp * T * TOKENS + i / 4 % T * TOKENS + lane % 4 * 2 + i % 2) * PITCH + i / (4 * T) * TILE_OUTPUTS + lane / 4 + i % 4 / 2 * 8] = sum[i / (4 * T)][i / 4 % T][i % 4];
    }
    sync();
    for (int i = thread(); i < R * TILE_OUTPUTS * T * TOKENS; i += threads()) {
        int token = i / (R * TILE_OUTPUTS), place = i % (R * TILE_OUTPUTS), output = block_x() * R * TILE_OUTPUTS + place;
        if (token >= rows || output >= shape.outputs) { continue; }
        float total = bias ? bias[output] : 0.0f;
        for (int part = 0; part < WARPS; part++) { total = add_exact(total, partial[(part * T * TOKENS + token) * PITCH + place]); }
        store_as(y.data, y.type, token * y.stride + output, total);
    }
}

#define OCTAVO_QUANTIZED_ROWS(name, E, BITS, T, R) \
    OCTAVO_RESIDENT_KERNEL(name, 256, T > 1 ? 2 : 3, (const u8* values, const void* parameters, const float* bias, Rows x, Rows y, int rows, MatrixShape shape)) { \
        quantized_rows<E, BITS, T, R>(values, parameters, bias, x, y, rows, shape); \
    }
}  // namespace octavo
