// Products in float32 with packed weights, and of experts with dense ones.
#include "exact.cuh"
using namespace octavo;

typedef ExactPacked<4> Packed4;
typedef ExactPacked<8> Packed8;
OCTAVO_EXACT_PRODUCTS(octavo_exact_4, Packed4)
OCTAVO_EXACT_PRODUCTS(octavo_exact_8, Packed8)
OCTAVO_EXACT_PRODUCTS(octavo_exact_dense, ExactDense)
