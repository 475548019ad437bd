#include "attention_decode.cuh"
using namespace octavo;

OCTAVO_DECODE(octavo_attention_decode_f8_256, float8_code, 256)
