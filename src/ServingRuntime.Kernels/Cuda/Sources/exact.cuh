// The exact twin of tiles.cuh: float32 activations, weights and sums, no tensor cores. For --dtype float32, which is there to compare with, not to be quick.
#pragma once
#include "fragments.cuh"

namespace octavo {
// A tile's weights as float32: 8 inputs of step `step` of a quad, of output l / 4 (half 1: + 8).
template <int BITS> struct ExactPacked {
    typedef PackedTile<bfloat16, BITS> Tile;
    Tile tile;
    const u8* parameters;
    int group_steps, pitch;
    OCTAVO_INLINE_MEMBER void open(const WeightEntry& weight, int at, const MatrixShape& shape) {
        tile.open((const void*)weight.values, at, shape);
        parameters = (const u8*)weight.parameters + (i64)at * shape.groups * shape.pitch;
        group_steps = shape.group_steps;
        pitch = shape.pitch;
    }
    OCTAVO_INLINE_MEMBER void weights(int quad, int step, float (&v)[2][8]) const {
        u32 w[Tile::QUADS][4];
        tile.load(quad, w);
        Parameters scales;
        scales.load(parameters + (i64)((2 * quad + step) / group_steps) * pitch, pitch, 0.0f);
        OCTAVO_UNROLL
        for (int half = 0; half < 2; half++) {
            Tile::numbers(w, step, half, v[half]);
            OCTAVO_UNROLL
            for (int k = 0; k < 8; k++) { v[half][k] = scales.weight(half, v[half][k]); }
        }
    }
};
struct ExactDense {
    const float* rows;
    int inputs, left;
    OCTAVO_INLINE_MEMBER void open(const WeightEntry& weight, int at, const MatrixShape& shape) {
        int row = at * TILE_OUTPUTS + thread() % WARP / 4;
        inputs = shape.inputs;
        left = shape.outputs - row;
        rows = (const float*)weight.values + (i64)row * inputs;
    }
    OCTAVO_INLINE_MEMBER void weights(int quad, int step, float (&v)[2][8]) const {
        OCTAVO_UNROLL
        for (int i = 0; i < 16; i++) {
            int at = quad * QUAD + step * STEP + thread() % 4 * 8 + i % 8;
            v[i / 8][i % 8] = at < inputs && i / 8 * 8 < left ? rows[(i64)(i / 8 * 8) * inputs + at] : 0.0f;
        }
    }
};

constexpr int EXACT_ROWS = 4;

// As tile_products, with 4 tiles of outputs and 4 rows a block; x is float32 in rows of whole quads.
template <class WEIGHTS> OCTAVO_INLINE void exact_products(const WeightEntry* weights, const Rows& x, const Rows& y, int rows, const MatrixShape& shape, const Choices& choices) {
    int expert = 0, first = block_y() * EXACT_ROWS, count = rows;
    if (choices.list) {
        expert = choices.places[2 * block_y()];
        first = choices.places[2 * block_y() + 1];
        if (expert < 0) { return; }
        count = choices.counts[expert];
    }
    int lane = thread() % WARP, tile_at = block_x() * 4 + thread() / WARP;
    if (tile_at * TILE_OUTPUTS >= shape.outputs) { return; }  // the whole warp
    int row_of[EXACT_ROWS];
    OCTAVO_UNROLL
    for (int t = 0; t < EXACT_ROWS; t++) { row_of[t] = first + t >= count ? -1 : choices.list ? choices.list[expert * choices.pitch + first + t] : first + t; }
    WEIGHTS tile;
    tile.open(weights[expert], tile_at, shape);
    float sum[2][EXACT_ROWS] = {};
    for (int quad = 0; quad < shape.quads; quad++) {
        for (int step = 0; step < 2; step++) {
            float w[2][8];
            tile.weights(quad, step, w);
            OCTAVO_UNROLL
            for (int t = 0; t < EXACT_ROWS; t++) {
                if (row_of[t] < 0) { continue; }
                const float* from = (const float*)x.data + row_of[t] / choices.divisor * x.stride + quad * QUAD + step * STEP + lane % 4 * 8;
                float v[4];
                OCTAVO_UNROLL
                for (int part = 0; part < 2; part++) {
                    load_pack(from + 4 * part, v);
                    OCTAVO_UNROLL
                    for (int k = 0; k < 4; k++) {
                        sum[0][t] = multiply_add(w[0][4 * part + k], v[k], sum[0][t]);
                        sum[1][t] = multiply_add(w[1][4 * part + k], v[k], sum[1][t]);
                    }
                }
            }
        }
    }
    const float* bias = (const float*)weights[expert].bias;
    OCTAVO_UNROLL
    for (int i = 0; i < 2 * EXACT_ROWS; i++) {
        float total = sum[i / EXACT_ROWS][i % EXACT_ROWS];
        OCTAVO_UNROLL
        for (int mask = 1; mask < 4; mask *= 2) { total = add_exact(total, float_of(shuffle_xor(bits_of(total), mask))); }
        int output = tile_at * TILE_OUTPUTS + lane / 4 + i / EXACT_ROWS * 8;
        if (lane % 4 == 0 && row_of[i % EXACT_ROWS] >= 0 && output < shape.outputs) { store_as(y.data, y.type, row_of[i % EXACT_ROWS] * y.stride + output, add_exact(total, bias ? bias[output] : 0.0f)); }
    }
}

#define OCTAVO_EXACT_PRODUCTS(name, WEIGHTS) \
    OCTAVO_KERNEL(name, 128, (const WeightEntry* weights, Rows x, Rows y, int rows, MatrixShape shape, Choices choices)) { exact_products<WEIGHTS>(weights, x, y, rows, shape, choices); }
}  // namespace octavo
