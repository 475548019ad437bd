// Products of float16 activations and the dense weights of many experts.
#include "tiles.cuh"
using namespace octavo;

typedef DenseTile<float16> Tile;
OCTAVO_TILES_OF_16(octavo_tiles_16_dense_f16, float16, Tile)
OCTAVO_TILES_OF_64(octavo_tiles_64_dense_f16, float16, Tile)
