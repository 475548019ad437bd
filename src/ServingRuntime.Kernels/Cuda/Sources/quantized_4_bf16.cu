// Products of bfloat16 activations with numbers of 4 bits.
#include "quantized.cuh"
#include "tiles.cuh"
using namespace octavo;

OCTAVO_QUANTIZED_ROWS(octavo_quantized_rows_8_4_bf16, bfloat16, 4, 1, 1)
OCTAVO_QUANTIZED_ROWS(octavo_quantized_rows_16_4_bf16, bfloat16, 4, 2, 2)

typedef PackedTile<bfloat16, 4> Tile;
OCTAVO_TILES_OF_16(octavo_tiles_16_4_bf16, bfloat16, Tile)
OCTAVO_TILES_OF_64(octavo_tiles_64_4_bf16, bfloat16, Tile)
