// Products of bfloat16 activations with numbers of 4 bits.
#include "quantized.cuh"
#include "tiles.cuh"
using namespace octavo;

#define OCTAVO_QUANTIZED_ROWS(name, T, R) \
    OCTAVO_KERNEL(name, 256, (const u8* values, const void* parameters, const float* bias, const void* x, i64 x_stride, int x_type, void* y, i64 y_stride, int y_type, int rows, int inputs, int outputs, int quads, int group_steps, int groups, int pitch)) { \
        quantized_rows<bfloat16, 4, T, R>(values, parameters, bias, x, x_stride, x_type, y, y_stride, y_type, rows, inputs, outputs, quads, group_steps, groups, pitch); \
    }
OCTAVO_QUANTIZED_ROWS(octavo_quantized_rows_8_4_bf16, 1, 1)
OCTAVO_QUANTIZED_ROWS(octavo_quantized_rows_16_4_bf16, 2, 2)

typedef PackedTile<bfloat16, 4> Tile;
OCTAVO_TILE_PRODUCTS(octavo_tiles_16_4_bf16, bfloat16, Tile, 2)
OCTAVO_TILE_PRODUCTS(octavo_tiles_64_4_bf16, bfloat16, Tile, 8)
