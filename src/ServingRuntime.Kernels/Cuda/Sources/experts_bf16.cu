// Products of bfloat16 activations and the dense weights of many experts.
#include "tiles.cuh"
using namespace octavo;

typedef DenseTile<bfloat16> Tile;
OCTAVO_TILES_OF_16(octavo_tiles_16_dense_bf16, bfloat16, Tile)
OCTAVO_TILES_OF_64(octavo_tiles_64_dense_bf16, bfloat16, Tile)
