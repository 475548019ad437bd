// What products with packed weights need around them: activations made ready, sums of slices, and weights widened for many rows.
#include "inputs.cuh"
using namespace octavo;

OCTAVO_PREPARE(octavo_quantized_inputs, Plain)

// Blocks (part of the outputs, row): y = the slices' sums, in their order, and the bias.
OCTAVO_KERNEL(octavo_sum_slices, 256, (const float* partial, int slices, i64 slice_rows, const float* bias, Rows y, int outputs)) {
    int output = block_x() * threads() + thread();
    if (output >= outputs) { return; }
    float sum = bias ? bias[output] : 0.0f;
    for (int s = 0; s < slices; s++) { sum = add_exact(sum, partial[(s * slice_rows + block_y()) * outputs + output]); }
    store_as(y.data, y.type, block_y() * y.stride + output, sum);
}

// Blocks (4 quads, tile), a warp a quad: the weights in E, [outputs, positions].
template <class E, int BITS> OCTAVO_INLINE void widen(const u8* values, const u8* parameters, E* to, const MatrixShape& shape) {
    typedef PackedTile<E, BITS> Tile;
    int quad = block_x() * (threads() / WARP) + thread() / WARP, lane = thread() % WARP;
    if (quad >= shape.quads) { return; }
    Tile tile;
    tile.open(values, block_y(), shape);
    u32 w[Tile::QUADS][4];
    tile.load(quad, w);
    for (int step = 0; step < 2; step++) {
        Parameters scales;
        scales.load(parameters + ((i64)block_y() * shape.groups + (2 * quad + step) / shape.group_steps) * shape.pitch, shape.pitch, 0.0f);
        OCTAVO_UNROLL
        for (int half = 0; half < 2; half++) {
            float v[8];
            Tile::numbers(w, step, half, v);
            OCTAVO_UNROLL
            for (int k = 0; k < 8; k++) { v[k] = scales.weight(half, v[k]); }
            int output = block_y() * TILE_OUTPUTS + lane / 4 + half * 8;
            if (output < shape.outputs) { store_pack(to + ((i64)output * shape.quads + quad) * QUAD + step * STEP + lane % 4 * 8, v); }
        }
    }
}
#define OCTAVO_WIDEN(name, E, BITS) \
    OCTAVO_KERNEL(name, 128, (const u8* values, const u8* parameters, E* to, MatrixShape shape)) { widen<E, BITS>(values, parameters, to, shape); }
OCTAVO_WIDEN(octavo_quantized_widen_4_bf16, bfloat16, 4)
OCTAVO_WIDEN(octavo_quantized_widen_8_bf16, bfloat16, 8)
OCTAVO_WIDEN(octavo_quantized_widen_4_f16, float16, 4)
OCTAVO_WIDEN(octavo_quantized_widen_8_f16, float16, 8)
