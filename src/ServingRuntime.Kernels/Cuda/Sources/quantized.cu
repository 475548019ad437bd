// What products with packed weights need around them: activations made ready, sums of slices, weights widened for many rows, and the exact product of float32 activations.
#include "fragments.cuh"
#include "reduce.cuh"
using namespace octavo;

// Blocks (row, 8 groups), a warp a group: to [rows, positions] = x in the order of the weights' positions (map [positions]: the input of each, -1: none; null: position p has input p), rounded to to_type; and
// sums [groups, sum_rows] of the rounded activations of each group. sums may be null.
OCTAVO_KERNEL(octavo_quantized_inputs, 256, (const void* x, i64 x_stride, int x_type, int inputs, const int* map, void* to, int to_type, int positions, float* sums, i64 sum_rows, int group_inputs)) {
    int group = block_y() * (threads() / WARP) + thread() / WARP, lane = thread() % WARP;
    i64 row = block_x();
    float sum = 0.0f;
    for (int i = lane; i < group_inputs; i += WARP) {
        int at = group * group_inputs + i;
        if (at >= positions) { break; }
        int input = map ? map[at] : at < inputs ? at : -1;
        float value = input < 0 ? 0.0f : rounded_as(to_type, load_as(x, x_type, row * x_stride + input));
        store_as(to, to_type, row * positions + at, value);
        sum = add_exact(sum, value);
    }
    sum = warp_reduce<Sum>(sum);
    if (sums && lane == 0 && group * group_inputs < positions) { sums[group * sum_rows + row] = sum; }
}

// Blocks (part of the outputs, row): y = the slices' sums, in their order, and the bias.
OCTAVO_KERNEL(octavo_sum_slices, 256, (const float* partial, int slices, i64 slice_rows, const float* bias, void* y, i64 y_stride, int y_type, int outputs)) {
    int output = block_x() * threads() + thread();
    if (output >= outputs) { return; }
    float sum = bias ? bias[output] : 0.0f;
    for (int s = 0; s < slices; s++) { sum = add_exact(sum, partial[(s * slice_rows + block_y()) * outputs + output]); }
    store_as(y, y_type, block_y() * y_stride + output, sum);
}

// Blocks (4 quads, tile), a warp a quad: the weights in E, [outputs, positions].
template <class E, int BITS> OCTAVO_INLINE void widen(const u8* values, const u8* parameters, E* to, int outputs, int quads, int group_steps, int groups, int pitch) {
    typedef PackedTile<E, BITS> Tile;
    int quad = block_x() * (threads() / WARP) + thread() / WARP, lane = thread() % WARP;
    if (quad >= quads) { return; }
    Tile tile;
    tile.open(values, block_y(), quads, 0, 0);
    u32 w[Tile::QUADS][4];
    tile.load(quad, w);
    for (int step = 0; step < 2; step++) {
        Parameters scales;
        scales.load((const u8*)parameters + ((i64)block_y() * groups + (2 * quad + step) / group_steps) * pitch, pitch);
        OCTAVO_UNROLL
        for (int half = 0; half < 2; half++) {
            float v[8];
            Tile::numbers(w, step, half, v);
            OCTAVO_UNROLL
            for (int k = 0; k < 8; k++) { v[k] = scales.weight(half, v[k]); }
            int output = block_y() * TILE_OUTPUTS + lane / 4 + half * 8;
            if (output < outputs) { store_pack(to + ((i64)output * quads + quad) * QUAD + step * STEP + lane % 4 * 8, v); }
        }
    }
}
#define OCTAVO_WIDEN(name, E, BITS) \
    OCTAVO_KERNEL(name, 128, (const u8* values, const u8* parameters, E* to, int outputs, int quads, int group_steps, int groups, int pitch)) { widen<E, BITS>(values, parameters, to, outputs, quads, group_steps, groups, pitch); }
OCTAVO_WIDEN(octavo_quantized_widen_4_bf16, bfloat16, 4)
OCTAVO_WIDEN(octavo_quantized_widen_8_bf16, bfloat16, 8)
OCTAVO_WIDEN(octavo_quantized_widen_4_f16, float16, 4)
OCTAVO_WIDEN(octavo_quantized_widen_8_f16, float16, 8)
